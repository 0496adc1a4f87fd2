/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way from a packet to its TCP header. Included by one *.bpf.c only. What is not inline is
 * global, so the verifier looks at it once, and not at each way to it (40,829 instructions became
 * 3,597). */
#ifndef SMC_BPF_PACKET_H
#define SMC_BPF_PACKET_H

#include "bpf/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>

#include "bpf/address.h"

/* <linux/if_ether.h>, <linux/in.h>, <net/ipv6.h>: on the wire. */
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88a8
#define NEXTHDR_HOP 0
#define NEXTHDR_ROUTING 43
#define NEXTHDR_FRAGMENT 44
#define NEXTHDR_DEST 60

#define TCP_SYN 0x02
#define TCP_ACK 0x10

#define TAGS_MAX 2 /* VLAN tags in the packet, beside the one that is kept apart */
#define EXTENSIONS_MAX 8 /* headers between IPv6 and TCP; a packet with more is left alone */

/* <linux/bpf.h> of the kernel, 6.2: the packet as the kernel has it */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

/* A SYN. */
struct segment {
	__u32 tcp; /* offset of its TCP header */
	__u16 port; /* the destination's, host byte order */
	__be16 source; /* the source's */
	struct address src, dst;
};

struct ipv4 {
	__u8 version_ihl, tos;
	__u16 len, id, frag_off;
	__u8 ttl, protocol;
	__u16 check;
	__u32 src, dst;
};

static __always_inline bool find_in_ipv4(struct __sk_buff *ctx, __u32 at, struct segment *s)
{
	struct ipv4 ip;

	if (bpf_skb_load_bytes(ctx, at, &ip, sizeof(ip)) < 0 || ip.version_ihl >> 4 != 4)
		return false;
	if (ip.protocol != IPPROTO_TCP || ip.frag_off & bpf_htons(0x1fff))
		return false; /* of fragments the first one has the header */
	s->tcp = at + (ip.version_ihl & 0xf) * 4;
	s->src = address_of_ipv4(ip.src);
	s->dst = address_of_ipv4(ip.dst);
	return true;
}

struct ipv6 {
	__u32 version_flow;
	__u16 len;
	__u8 next, hops;
	struct address src, dst;
};

struct extension {
	__u8 next, len; /* in 8 bytes, less one; reserved in a fragment's */
	__u16 frag_off;
};

/* Behind the extension headers; 0: TCP does not follow them, or cannot be read. */
__noinline __u32 behind_extensions(struct __sk_buff *ctx, __u32 at, __u8 next)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		struct extension e;

		if (next != NEXTHDR_HOP && next != NEXTHDR_ROUTING && next != NEXTHDR_DEST &&
		    next != NEXTHDR_FRAGMENT)
			return 0;
		if (bpf_skb_load_bytes(ctx, at, &e, sizeof(e)) < 0)
			return 0;
		if (next == NEXTHDR_FRAGMENT && e.frag_off & bpf_htons(0xfff8))
			return 0;
		at += next == NEXTHDR_FRAGMENT ? 8 : (e.len + 1) * 8;
		next = e.next;
		if (next == IPPROTO_TCP)
			return at;
	}
	return 0;
}

static __always_inline bool find_in_ipv6(struct __sk_buff *ctx, __u32 at, struct segment *s)
{
	struct ipv6 ip;

	if (bpf_skb_load_bytes(ctx, at, &ip, sizeof(ip)) < 0 ||
	    (ip.version_flow & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000))
		return false;
	at += sizeof(ip);
	s->tcp = ip.next == IPPROTO_TCP ? at : behind_extensions(ctx, at, ip.next);
	if (!s->tcp)
		return false;
	s->src = ip.src;
	s->dst = ip.dst;
	return true;
}

static __always_inline bool find_in_ip(struct __sk_buff *ctx, __u16 type, __u32 at,
				       struct segment *s)
{
	if (type == bpf_htons(ETH_P_IP))
		return find_in_ipv4(ctx, at, s);
	if (type == bpf_htons(ETH_P_IPV6))
		return find_in_ipv6(ctx, at, s);
	return false;
}

struct tag {
	__u16 tci, type;
};

/* With tags in the packet the network header is the first of them where it arrives, and IP where
 * it leaves (vlan_insert_tag), where the type of what follows is before it. */
__noinline bool find_behind_tags(struct __sk_buff *ctx, __u32 at, struct segment *s)
{
	__u32 ip = at;
	struct tag t;

	if (!s)
		return false; /* cannot be */
	for (int i = 0; i < TAGS_MAX; i++) {
		if (bpf_skb_load_bytes(ctx, ip, &t, sizeof(t)) < 0)
			return false;
		ip += sizeof(t);
		if (t.type != bpf_htons(ETH_P_8021Q) && t.type != bpf_htons(ETH_P_8021AD))
			break;
	}
	if (find_in_ip(ctx, t.type, ip, s))
		return true;
	return at >= 2 && bpf_skb_load_bytes(ctx, at - 2, &t.type, sizeof(t.type)) == 0 &&
	       find_in_ip(ctx, t.type, at, s);
}

/* Where the network header is. */
static __always_inline __u32 network_offset(struct __sk_buff *ctx)
{
	const struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);
	__u64 headroom = skb->data - skb->head;

	/* Of two pointers the verifier takes a difference of 64 bits only. */
	asm volatile("" : "+r"(headroom));
	return skb->network_header - (__u32)headroom;
}

/* What can be seen of most packets at once, without a call: it is no SYN, or no TCP at all. */
static __always_inline bool is_no_syn(struct __sk_buff *ctx, __u32 at)
{
	const __u8 *end = (const void *)(long)ctx->data_end;
	const __u8 *ip = (const void *)(long)ctx->data, *tcp;

	if (at > 255)
		return false;
	ip += at;
	if (ip + sizeof(struct ipv4) > end)
		return false;
	if (ctx->protocol == bpf_htons(ETH_P_IP)) {
		if (ip[9] != IPPROTO_TCP)
			return true;
		tcp = ip + (ip[0] & 0xf) * 4;
	} else if (ctx->protocol == bpf_htons(ETH_P_IPV6)) {
		if (ip[6] != IPPROTO_TCP)
			return false;
		tcp = ip + sizeof(struct ipv6);
	} else {
		return false;
	}
	return tcp + 14 <= end && (tcp[13] & (TCP_SYN | TCP_ACK)) != TCP_SYN;
}

static __always_inline bool find_tcp(struct __sk_buff *ctx, __u32 at, struct segment *s)
{
	if (ctx->protocol == bpf_htons(ETH_P_8021Q) || ctx->protocol == bpf_htons(ETH_P_8021AD))
		return find_behind_tags(ctx, at, s);
	return find_in_ip(ctx, ctx->protocol, at, s);
}

#endif
