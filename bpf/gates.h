/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gates of bpf/steer.h behind the first one, the pod's network namespace: is the current task
 * one whose sockets are to be SMC? Included by *.bpf.c only. */
#ifndef SMC_BPF_GATES_H
#define SMC_BPF_GATES_H

#include <stdbool.h>

#include "bpf/maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, __u64);
} containers SEC(".maps");

/* The second gate. Whoever enters the pod's namespace from outside (a mesh's node agent, a
 * port-forward, a human) stays in his own cgroup. */
static __always_inline bool is_of_pod(const struct steer_pod *pod)
{
	return !pod->cgroup_id ||
	       bpf_get_current_ancestor_cgroup_id((int)pod->cgroup_level) == pod->cgroup_id;
}

/* The third one, of a pod that names containers. A container's cgroup is directly below the pod's;
 * what the container makes below its own (a cgroup namespace, systemd) is the container's. A task
 * that is in the pod's own cgroup, or in that of a container not yet identified, is nobody's. */
static __always_inline bool is_of_named(const struct steer_pod *pod, __u64 cookie)
{
	__u64 id = bpf_get_current_ancestor_cgroup_id((int)pod->cgroup_level + 1);
	const __u64 *owner = bpf_map_lookup_elem(&containers, &id);

	return pod->cgroup_id && owner && *owner == cookie;
}

#endif
