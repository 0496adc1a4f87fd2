/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hook: turns the TCP sockets that an opted-in pod asks for into SMC sockets.
 *
 * update_socket_protocol() runs in every socket(2) of the node, so the cheapest questions come
 * first: a pod that did not opt in pays three comparisons and one hash lookup. Two gates must both
 * be open: whose network namespace it is, and whose task; a third one is that of pods which name
 * containers. "Not mine" is
 * `return 0`, never `return protocol`: the first program that returns something else keeps all
 * others on the hook from running. Not sleepable: the kernel refuses that here, and the walk below
 * stands on the read-side RCU section that it brings.
 */
#include "bpf/kernel_types.h"

#include "bpf/gates.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Addresses of the lists of what socket(2) can make, one a socket type: static in
 * net/ipv4/af_inet.c and net/ipv6/af_inet6.c, so the loader finds them in kallsyms
 * (node-agent/steer/facts.c). No weak ksyms: libbpf's search takes ten times as long, and tells
 * hidden addresses from missing symbols no better. 0: unknown, that family is not steered. */
const volatile __u64 inetsw;
const volatile __u64 inetsw6;
/* And of what says where Landlock's part of a task's credentials is (security/landlock/setup.c). 0:
 * the kernel has no Landlock, or does not show it. */
const volatile __u64 landlock_blob_sizes;

#define PROTOCOLS_MAX 16 /* that a list is searched for; kernels know 4 stream protocols */

/* If SMC were not registered, socket(2) would fail where TCP had worked: look first. */
static __always_inline bool smc_registered(__u64 lists)
{
	const struct list_head *head, *pos;

	if (!lists)
		return false;
	head = (const void *)(lists + SOCK_STREAM * bpf_core_type_size(struct list_head));
	pos = BPF_CORE_READ(head, next);
	for (int i = 0; i < PROTOCOLS_MAX && pos && pos != head; i++) {
		const struct inet_protosw *entry =
			(const void *)pos - bpf_core_field_offset(struct inet_protosw, list);

		if (BPF_CORE_READ(entry, protocol) == IPPROTO_SMC)
			return true;
		pos = BPF_CORE_READ(pos, next);
	}
	return false;
}

/* Landlock knows TCP sockets only: as an SMC socket one could do what the program has forbidden
 * itself. */
static __always_inline bool is_landlocked(void)
{
	const struct lsm_blob_sizes *sizes = (const void *)landlock_blob_sizes;
	const struct landlock_cred_security *security;

	if (!sizes)
		return false;
	security = BPF_CORE_READ(bpf_get_current_task_btf(), cred, security) +
		   BPF_CORE_READ(sizes, lbs_cred);
	return BPF_CORE_READ(security, domain);
}

static __always_inline bool exceeds(__u64 cookie, __s32 max)
{
	const struct pending *p = bpf_map_lookup_elem(&pending, &cookie);

	return p && p->n > max && bpf_ktime_get_boot_ns() - p->changed_ns < BOUNDS_STALE_NS;
}

SEC("fmod_ret/update_socket_protocol")
int BPF_PROG(smc_steer, int family, int type, int protocol)
{
	struct steer_pod *pod;
	__u64 cookie;

	if ((type & SOCK_TYPE_MASK) != SOCK_STREAM)
		return 0;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	/* Go >= 1.24 asks for MPTCP by itself, for every listener */
	if (protocol != IPPROTO_IP && protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP)
		return 0;

	cookie = bpf_get_current_task_btf()->nsproxy->net_ns->net_cookie;
	pod = bpf_map_lookup_elem(&pods, &cookie);
	if (!pod || !(pod->flags & (STEER_ON | STEER_NAMED)) || !is_of_pod(pod))
		return 0;
	if ((pod->flags & STEER_NAMED) && !is_of_named(pod, cookie))
		return 0;

	if (is_landlocked()) {
		COUNT(cookie, landlocked);
		return 0;
	}
	if (exceeds(cookie, BOUNDS_POD) || exceeds(BOUNDS_NODE_COOKIE, BOUNDS_NODE)) {
		COUNT(cookie, bounded);
		return 0;
	}
	if (!smc_registered(family == AF_INET ? inetsw : inetsw6)) {
		COUNT(cookie, target_missing);
		return 0;
	}
	COUNT(cookie, steered);
	return IPPROTO_SMC;
}
