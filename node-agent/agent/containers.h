/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the containers of pods whose annotation names some, wherever it comes from: the
 * one place where whoever knows more than the API server says it. Loop thread only.
 *
 * Two voices tell which container has which id. The pod's object (its status, written by kubelet)
 * knows it some time after the container began; the runtime itself before the container's first
 * instruction, and it counts first. From the id on all goes the same way: decide.c makes the
 * wish, an ENSURE job finds the cgroup by the id, directly below the pod's own, and writes the map
 * (node/pod_containers.h).
 */
#ifndef SMC_AGENT_CONTAINERS_H
#define SMC_AGENT_CONTAINERS_H

#include <stdbool.h>

#include "node-agent/agent/agent.h"

/* The runtime says: a container of that pod, called `name`, has this id now; its cgroup is there,
 * and it has not run yet. id NULL: the container of that name is gone. It is to be said of every
 * container, named by an annotation or not, as an annotation may come later. -EINVAL: no name, or
 * no id, of a container; -ENOENT: the pod is not known; -ENOMEM. When the map has it, the
 * listeners' pod_done() of the pod's attachments follows (agent/listen.h), unless it has it
 * already: agent_container_settled(). */
int agent_container_is(struct agent *agent, const struct wire_pod *pod, const char *name,
		       const char *id);
/* True if nothing is to be done any more for the containers of the attachment, as far as they are
 * known: those that are named are in the map. */
bool agent_container_settled(const struct attach *a);

/* Takes over what the pod's object says (NULL: nothing), and keeps what it said last: the object
 * may be gone before the containers are. */
void agent_containers_seen(struct attach *a, struct text *known);
/* Why the containers of the pod cannot be told from each other here; NULL: they can, in time. */
const char *agent_containers_never(const struct agent *agent, const struct attach *a);

#endif
