/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hook of layout 2 before pods could name containers, but for the questions whether SMC is
 * registered and whether the task has confined itself: what an upgrade finds on a node, and what is
 * there again when an older agent comes back. To stay as it is. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct net {
	__u64 net_cookie;
};
struct nsproxy {
	struct net *net_ns;
};
struct task_struct {
	struct nsproxy *nsproxy;
};
#pragma clang attribute pop

struct steer_pod_v2 {
	__u32 flags, ulp;
	__u64 cgroup_id;
	__u32 cgroup_level, unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u64);
	__type(value, struct steer_pod_v2);
} pods SEC(".maps");

SEC("fmod_ret/update_socket_protocol")
int BPF_PROG(smc_steer, int family, int type, int protocol)
{
	struct steer_pod_v2 *pod;
	__u64 cookie;

	if ((family != 2 && family != 10) || (type & 0xf) != 1)
		return 0;
	if (protocol != 0 && protocol != 6 && protocol != 262)
		return 0;
	cookie = bpf_get_current_task_btf()->nsproxy->net_ns->net_cookie;
	pod = bpf_map_lookup_elem(&pods, &cookie);
	if (!pod || !(pod->flags & 1))
		return 0;
	if (pod->cgroup_id &&
	    bpf_get_current_ancestor_cgroup_id((int)pod->cgroup_level) != pod->cgroup_id)
		return 0;
	return 256;
}
