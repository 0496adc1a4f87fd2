/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs on a pod's cgroup: what escaped the hook, and what TCP_ULP "smc" gets; and one that
 * tells where a cgroup is.
 *
 * The first two live and die with the cgroup. Their names end with the layout, so that agents of
 * two versions tell their own apart (node-agent/steer/cgroup.c). A setsockopt program costs each
 * setsockopt(2) of the pod about 60 ns (6.12).
 */
#include "bpf/kernel_types.h"

#include "bpf/gates.h"

#include <asm/errno.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

_Static_assert(STEER_LAYOUT == 2, "the names of the programs end with the layout");

/* Every socket that user space makes, with the protocol it got: a TCP one in a steered pod went
 * round the hook (IORING_OP_SOCKET does) or found no SMC in the kernel. Of a pod that names
 * containers only theirs are looked at: all others are to be TCP. The TCP socket inside an SMC
 * socket is the kernel's own and does not come here. */
SEC("cgroup/sock_create")
int smc_create_v2(struct bpf_sock *sk)
{
	struct steer_pod *pod;
	__u64 cookie;

	if (sk->type != SOCK_STREAM)
		return 1;
	if (sk->protocol != IPPROTO_TCP && sk->protocol != IPPROTO_MPTCP)
		return 1;

	cookie = bpf_get_netns_cookie(sk);
	pod = bpf_map_lookup_elem(&pods, &cookie);
	if (!pod)
		return 1;
	if ((pod->flags & STEER_ON) || ((pod->flags & STEER_NAMED) && is_of_named(pod, cookie)))
		COUNT(cookie, unsteered);
	return 1;
}

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, __u64);
} cgroups SEC(".maps");

/* Whose call it is: that of the pod in whose cgroup the caller is, in whatever network namespace.
 * With `unshare --user --net` anybody has one of his own, and the unsafe ULP in it. */
static __always_inline __u64 whose(struct bpf_sockopt *ctx)
{
	const __u64 *pod = bpf_get_local_storage(&cgroups, 0);

	return *pod ? *pod : bpf_get_netns_cookie(ctx);
}

/* The name as tcp_setsockopt() reads it: up to optlen bytes, or a NUL before that. */
static __always_inline bool names_smc(const struct bpf_sockopt *ctx)
{
	const char *name = ctx->optval;

	if (ctx->optlen < 3 || name + 4 > (const char *)ctx->optval_end)
		return false; /* the kernel shows at least 16 bytes */
	return name[0] == 's' && name[1] == 'm' && name[2] == 'c' && (ctx->optlen == 3 || !name[3]);
}

/* The call is none of ours. For an option larger than the page that is shown here this says "take
 * the caller's". */
static __always_inline int pass(struct bpf_sockopt *ctx)
{
	if (ctx->optlen > ctx->optval_end - ctx->optval)
		ctx->optlen = 0;
	return 1;
}

/* Answers as if SMC had been asked for in this way. An SMC socket is one already, and nothing is
 * left to do. A TCP socket gets the answer of a kernel that has lost the ULP (7.0), which is safe
 * on older ones too; all others get the kernel's. */
static __always_inline int emulate(struct bpf_sockopt *ctx, __u64 cookie)
{
	switch (ctx->sk->protocol) {
	case IPPROTO_SMC:
		COUNT(cookie, ulp_emulated);
		ctx->optlen = -1; /* the kernel never sees the call */
		return 1;
	case IPPROTO_TCP:
		COUNT(cookie, ulp_denied);
		bpf_set_retval(-ENOENT);
		return 0;
	default:
		return pass(ctx);
	}
}

SEC("cgroup/setsockopt")
int smc_sockopt_v2(struct bpf_sockopt *ctx)
{
	struct steer_pod *pod;
	__u64 cookie;

	if (ctx->level != IPPROTO_TCP || ctx->optname != TCP_ULP || !names_smc(ctx))
		return pass(ctx);

	cookie = whose(ctx);
	pod = bpf_map_lookup_elem(&pods, &cookie);
	if (!pod)
		return pass(ctx);
	switch (pod->ulp) {
	case STEER_ULP_DENY:
		COUNT(cookie, ulp_denied);
		return 0;
	case STEER_ULP_EMULATE:
		return emulate(ctx, cookie);
	default:
		COUNT(cookie, ulp_ignored);
		return pass(ctx);
	}
}

/* Not attached to anything: user space reads with it where a cgroup is. The level that
 * bpf_get_current_ancestor_cgroup_id() takes counts from the root of the hierarchy, which a node
 * that is a container itself does not see. */
SEC("iter/cgroup")
int smc_place(struct bpf_iter__cgroup *ctx)
{
	struct steer_place place = {};
	struct cgroup *cgroup = ctx->cgroup;

	if (!cgroup) /* the end */
		return 0;
	place.id = cgroup->kn->id;
	place.level = cgroup->level;
	bpf_seq_write(ctx->meta->seq, &place, sizeof(place));
	return 0;
}
