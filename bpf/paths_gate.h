/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* May a SYN that arrives keep its option, as far as the path to its peer goes? Included by
 * offer.bpf.c only. */
#ifndef SMC_BPF_PATHS_GATE_H
#define SMC_BPF_PATHS_GATE_H

#include "bpf/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/packet.h"
#include "bpf/paths_maps.h"

/* Does anybody listen who speaks SMC? (af_smc.c: the TCP socket inside has it from listen(2) on.)
 * What ends at a closed port or at plain TCP proves nothing, and must not take the turn. */
static __always_inline bool is_heard(struct __sk_buff *ctx, const struct segment *s)
{
	bool ipv4 = address_is_ipv4(&s->dst), heard = false;
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk;
	struct tcp_sock *tcp;

	if (ipv4) {
		tuple.ipv4.saddr = s->src.word[3];
		tuple.ipv4.daddr = s->dst.word[3];
		tuple.ipv4.sport = s->source;
		tuple.ipv4.dport = bpf_htons(s->port);
	} else {
		__builtin_memcpy(tuple.ipv6.saddr, &s->src, sizeof(tuple.ipv6.saddr));
		__builtin_memcpy(tuple.ipv6.daddr, &s->dst, sizeof(tuple.ipv6.daddr));
		tuple.ipv6.sport = s->source;
		tuple.ipv6.dport = bpf_htons(s->port);
	}
	sk = bpf_skc_lookup_tcp(ctx, &tuple, ipv4 ? sizeof(tuple.ipv4) : sizeof(tuple.ipv6),
				BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return false;
	tcp = bpf_skc_to_tcp_sock(sk);
	heard = tcp && (!bpf_core_field_exists(tcp->syn_smc) ||
			BPF_CORE_READ_BITFIELD_PROBED(tcp, syn_smc));
	bpf_sk_release(sk);
	return heard;
}

/* One unproven path is tried at a time on the whole node: its locks are the node's. */
static __always_inline bool take_turn(__u64 now_ns)
{
	__u32 zero = 0;
	__u64 *turn = bpf_map_lookup_elem(&path_turn, &zero);
	__u64 until_ns;

	if (!turn)
		return false;
	until_ns = *turn;
	return until_ns <= now_ns &&
	       __sync_val_compare_and_swap(turn, until_ns, now_ns + PATHS_SYN_NS) == until_ns;
}

static __always_inline bool try_path(struct path *path, const struct path_key *key, __u64 now_ns)
{
	if (!take_turn(now_ns))
		return false;
	if (!path)
		path = path_add(key);
	if (!path) {
		path_turn_until(0);
		return false;
	}
	path->flags &= ~PATH_AGREED;
	path->seen_ns = now_ns;
	path->until_ns = now_ns + PATHS_SYN_NS;
	path->state = PATH_TRYING;
	return true;
}

__noinline int path_is_open(struct __sk_buff *ctx, const struct segment *s, __u64 cookie)
{
	const struct path_node *node;
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct path_key key;
	struct path *path;
	__u32 zero = 0;

	node = bpf_map_lookup_elem(&path_node, &zero);
	if (!s || !node || !node->gate)
		return true;
	path = path_find(&s->src, &key);
	if (node->smcd && key.bits == PATHS_BITS_NODE)
		return true;
	if (path) {
		path->seen_ns = now_ns;
		if (path->state == PATH_PROVEN)
			return true;
		if (path->state == PATH_TRYING && path->until_ns <= now_ns &&
		    path->flags & PATH_AGREED)
			path_close(path, now_ns, 0, cookie);
		if (path->state != PATH_UNPROVEN && path->until_ns > now_ns)
			return false;
	}
	if (node->watched_until_ns <= now_ns || !is_heard(ctx, s))
		return false;
	return try_path(path, &key, now_ns);
}

#endif
