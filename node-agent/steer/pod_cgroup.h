/* SPDX-License-Identifier: Apache-2.0 */
/* The pod's cgroup, found from what kubelet calls it. */
#ifndef SMC_AGENT_CGROUP_H
#define SMC_AGENT_CGROUP_H

#include <stddef.h>

#include "common/err.h"

/* Opens cgroupRoot; -EOPNOTSUPP and why when it is no cgroup v2 (v1, hybrid). */
int cgroup_open_root(const char *path, struct err *err);

/* "/kubepods/besteffort/pod1-2" stays; "kubepods-besteffort-pod1_2.slice" (systemd driver; also
 * with ":cri-containerd:ID" behind it) becomes
 * "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice". Relative to the
 * root. */
int cgroup_expand(const char *name, char *buf, size_t size, struct err *err);

/* An O_PATH-less descriptor of the pod's folder, never outside of the root, symlinks not followed.
 * -ENOENT: no such. */
int cgroup_open(int root_fd, const char *name, struct err *err);

#endif
