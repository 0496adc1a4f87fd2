/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The offer: takes the SMC option out of a SYN whose peer the pod's rules do not allow.
 *
 * One body for both directions, on each interface of a steered pod and its lo: what leaves at the
 * client (the peer is the destination) and what arrives at the server (the peer is the source).
 * Only a SYN without ACK is ever touched: what it says decides for both ends, and with a SYN-ACK
 * blanked alone the server would believe in SMC and the client not (docs/kernel-notes.md).
 *
 * No verdict is ours: each packet goes on to the next program. Every packet of the pod comes here,
 * so all but SYNs leave after a few comparisons. Names end with the layout, so that agents of two
 * versions tell their own apart (node-agent/offer/prog.c).
 */
#include "bpf/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>

#include "bpf/offer.h"
#include "bpf/packet.h"
#include "bpf/paths_gate.h"
#include "bpf/rules.h"
#include "bpf/steer.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* <net/tcp.h>: on the wire. */
#define TCPOPT_EOL 0
#define TCPOPT_NOP 1
#define TCPOPT_AO 29
#define TCPOPT_EXP 254
#define SMC_MIN_BYTES 6 /* TCPOLEN_EXP_SMC_BASE */

#define TC_NEXT (-1) /* TCX_NEXT, TC_ACT_UNSPEC */
#define OPTIONS_MAX 40 /* bytes: a TCP header is 60 at most */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_MAX_PODS);
	__type(key, __u64);
	__type(value, struct offer_pod);
} offer_pods SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct offer_node);
} offer_node SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_MAX_PODS);
	__type(key, __u64);
	__type(value, struct offer_counts);
} offer_counts SEC(".maps");

/* ---- may it? ---- */

static __always_inline bool has_port(const struct offer_ports *p, __u16 port, bool local)
{
	for (__u32 i = 0; i < OFFER_RANGES_MAX && i < p->n; i++)
		if (port >= p->range[i].from && port <= p->range[i].to &&
		    (local || !(p->node_only & 1u << i)))
			return true;
	return false;
}

static __always_inline bool is_allowed(const struct offer_pod *pod, __u64 cookie,
				       const struct segment *s, bool leaves)
{
	const struct address *peer = leaves ? &s->dst : &s->src;
	const struct offer_ports *rule;
	const struct offer_node *node;
	__u32 zero = 0;
	bool local;

	node = bpf_map_lookup_elem(&offer_node, &zero);
	if (!node || node->closed || !(pod->flags & OFFER_OPEN))
		return false;
	rule = rule_of(cookie, pod->generation, peer);
	local = address_equal(&s->src, &s->dst) || is_of_node(peer);
	if (rule && has_port(rule, s->port, local))
		return true;
	return local && has_port(&pod->node, s->port, true);
}

static __always_inline void count(__u64 cookie, bool kept)
{
	struct offer_counts *c = bpf_map_lookup_elem(&offer_counts, &cookie);

	if (c)
		__sync_fetch_and_add(kept ? &c->kept : &c->blanked, 1);
}

/* ---- the option ---- */

#define WALK_BYTES 64 /* so that a mask keeps each access inside */
#define WITHIN(i) ((i) & (WALK_BYTES - 1))

struct walk {
	__u32 len; /* of the options, in bytes */
	__u32 next; /* where the next option begins */
	bool smc; /* what is passed now is one of SMC */
	bool found;
	bool signed_; /* by TCP-AO */
	__u8 option[WALK_BYTES];
};

static __always_inline __u8 byte_at(const struct walk *w, __u32 i)
{
	i = WITHIN(i);
	asm volatile("" : "+r"(i)); /* clang would mask 8 bits of it, which the verifier forgets */
	i = WITHIN(i);
	return w->option[i];
}

static __always_inline bool is_smc(const struct walk *w, __u32 i, __u32 size)
{
	return size >= SMC_MIN_BYTES && !(size & 1) && byte_at(w, i) == TCPOPT_EXP &&
	       byte_at(w, i + 2) == 0xe2 && byte_at(w, i + 3) == 0xd4 &&
	       byte_at(w, i + 4) == 0xc3 && byte_at(w, i + 5) == 0xd9;
}

/* One byte of the options; 1 ends the walk. */
static long pass_byte(__u32 i, struct walk *w)
{
	if (i >= w->len)
		return 1;
	if (i >= w->next) {
		__u32 kind = byte_at(w, i), size = byte_at(w, i + 1);

		w->smc = false;
		if (kind == TCPOPT_EOL)
			return 1;
		if (kind == TCPOPT_NOP)
			return 0;
		if (i + 1 >= w->len || size < 2 || size > w->len - i)
			return 1;
		w->signed_ |= kind == TCPOPT_AO;
		w->smc = is_smc(w, i, size);
		w->found |= w->smc;
		w->next = i + size;
	}
	if (w->smc) {
		i = WITHIN(i);
		asm volatile("" : "+r"(i));
		w->option[WITHIN(i)] = TCPOPT_NOP;
	}
	return 0;
}

/* Blanks each SMC option as tcp_parse_options() and smc_parse_options() find them: any even length
 * from 6 on, up to EOL, a length below 2, or one beyond the end. False: there is none, or TCP-AO's
 * signature covers the options. (That of MD5, RFC 2385, leaves them out.) */
static __always_inline bool blank(struct walk *w)
{
	(void)bpf_loop(OPTIONS_MAX, pass_byte, w, 0);
	return w->found && !w->signed_;
}

__noinline int on_syn(struct __sk_buff *ctx, const struct segment *s, __u32 len, bool leaves)
{
	const struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);
	const struct offer_pod *pod;
	struct walk w = { .len = len };
	__u8 then[OPTIONS_MAX];
	__u64 cookie;
	bool kept;
	__s64 sum;
	__u32 at;

	if (!s || len > OPTIONS_MAX)
		return 0;
	asm volatile(""
		     : "+r"(len)); /* two comparisons: the verifier of 6.12 sees no more in one */
	if (len < 4)
		return 0;
	at = s->tcp + 20;
	if (bpf_skb_load_bytes(ctx, at, w.option, len) < 0)
		return 0;
	__builtin_memcpy(then, w.option, sizeof(then));
	if (!blank(&w))
		return 0;

	cookie = skb->dev->nd_net.net->net_cookie;
	pod = bpf_map_lookup_elem(&offer_pods, &cookie);
	if (!pod) /* not ours: an interface that has left its pod, for the host's namespace say */
		return 0;
	kept = is_allowed(pod, cookie, s, leaves) && (leaves || path_is_open(ctx, s, cookie));
	count(cookie, kept);
	if (kept)
		return 0;
	/* All options are replaced: their number of bytes is a multiple of four, and where they
	 * begin, too, which makes the sum right for an option at an odd offset. */
	sum = bpf_csum_diff((__be32 *)then, OPTIONS_MAX, (__be32 *)w.option, OPTIONS_MAX, 0);
	/* What it takes is writable once it has been written: the sum cannot fail then. */
	if (bpf_skb_store_bytes(ctx, at, w.option, len, 0) == 0)
		(void)bpf_l4_csum_replace(ctx, s->tcp + 16, 0, sum, 0);
	return 0;
}

__noinline int look_closer(struct __sk_buff *ctx, __u32 at, bool leaves)
{
	struct segment s;
	__u8 tcp[14];

	if (!find_tcp(ctx, at, &s) || bpf_skb_load_bytes(ctx, s.tcp, tcp, sizeof(tcp)) < 0)
		return 0;
	if ((tcp[13] & (TCP_SYN | TCP_ACK)) != TCP_SYN || tcp[12] >> 4 <= 5)
		return 0;
	__builtin_memcpy(&s.source, tcp, sizeof(s.source));
	s.port = (__u16)tcp[2] << 8 | tcp[3];
	return on_syn(ctx, &s, (tcp[12] >> 4) * 4 - 20, leaves);
}

static __always_inline int look(struct __sk_buff *ctx, bool leaves)
{
	__u32 at = network_offset(ctx);

	if (!is_no_syn(ctx, at))
		(void)look_closer(ctx, at, leaves);
	return TC_NEXT;
}

_Static_assert(STEER_LAYOUT == 2, "the names of the programs end with the layout");

SEC("tc")
int smc_egress_v2(struct __sk_buff *ctx)
{
	return look(ctx, true);
}

SEC("tc")
int smc_ingress_v2(struct __sk_buff *ctx)
{
	return look(ctx, false);
}
