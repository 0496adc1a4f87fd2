/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of one container, found below the pod's by the container's id. */
#ifndef SMC_AGENT_CONTAINER_CGROUP_H
#define SMC_AGENT_CONTAINER_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* Is a folder of this name, directly below the pod's, the cgroup of the container with that id?
 * Runtimes call it by the id (cgroupfs driver), or "cri-containerd-ID.scope", "crio-ID.scope",
 * "docker-ID.scope" (systemd driver) and "crio-ID". CRI-O's "crio-conmon-ID.scope" is that of the
 * container's monitor, and not the container's. */
bool cgroup_is_of_container(const char *name, const char *id);

/* *ret is the cgroup's id. Only what is directly below the pod's folder is looked at: what is
 * deeper was made by containers. -ENOENT: there is none; -ENOTUNIQ: there are several. */
int cgroup_find_container(int pod_fd, const char *id, uint64_t *ret, struct err *err);

#endif
