/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the offer program and user space share: to whom a steered pod offers SMC. Included by both:
 * fixed-width types only.
 *
 * Pins below <bpffsDir>/v<STEER_LAYOUT>/ (bpf/steer.h): maps `offer_pods`, `offer_rules`,
 * `offer_node` and `offer_counts`.
 *
 * `offer_pods` is a hash by netns cookie (__u64, host byte order). A namespace without an entry is
 * let alone: an interface that has left its pod may still have the programs. The pod's rules are
 * those of `offer_rules`, a trie by longest prefix, of the generation that the entry names: a new
 * set is written under the next generation, the entry is switched over, and the old set goes. So no
 * SYN sees half of a change.
 *
 * Only the longest prefix that has the peer's address is looked at. User space therefore writes
 * into each prefix what all shorter ones allow that contain it (node-agent/model/peers.c). IPv4 is
 * looked up below ::ffff:0:0/96: where an IPv6 prefix contains that, user space writes 0.0.0.0/0,
 * too, if need be without a range, so that IPv4 never gets what was meant for IPv6.
 *
 * A range of a rule may count for some of its addresses only: those of this node's pods, which are
 * the ones that are found under OFFER_NODE_COOKIE, and the pod itself over loopback. That is what
 * remains of a network that was narrowed by "this node's pods".
 */
#ifndef SMC_BPF_OFFER_H
#define SMC_BPF_OFFER_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define OFFER_RULES_MAX 262144 /* of all pods; the trie is not preallocated */
#define OFFER_RANGES_MAX 8 /* port ranges of one prefix */

/* Cookie 0 is no namespace's: its addresses are those of this node's pods. */
#define OFFER_NODE_COOKIE 0

struct offer_key {
	__u32 prefixlen; /* of what follows, in bits: 96 + that of the address, as IPv6 */
	__u32 cookie[2]; /* low and high half of the pod's netns cookie */
	__u32 generation;
	__u8 address[16]; /* IPv4 as ::ffff:a.b.c.d */
};

#define OFFER_KEY_BITS 96 /* before the address */

struct offer_range {
	__u16 from, to; /* both included, host byte order */
};

/* Ports of the service: the SYN's destination port, at the client as at the server. A port is in
 * them if any range has it. */
struct offer_ports {
	__u32 n;
	/* Bit i: range[i] counts only if the peer is one of this node's pods, or the pod itself
	 * over loopback. Of a rule; 0 in offer_pod.node, where all ranges are of that kind. */
	__u32 node_only;
	struct offer_range range[OFFER_RANGES_MAX];
};

#define OFFER_OPEN 1u /* else nothing is offered, whatever the rules say */

struct offer_pod {
	__u32 flags; /* OFFER_OPEN */
	__u32 generation;
	/* To this node's pods (cookie 0, generation 0), and to itself over loopback. */
	struct offer_ports node;
};

/* `offer_counts` is a hash by netns cookie: SYNs that had the option, retransmitted ones included.
 * One over the pod's own loopback that is kept passes both directions, and counts in both. */
struct offer_counts {
	__u64 kept;
	__u64 blanked;
};

/* The one element of the array `offer_node`. */
struct offer_node {
	__u32 closed; /* the switch (smc-cni.io/pause): no pod offers anything */
};

_Static_assert(sizeof(struct offer_key) == 32, "layout");
_Static_assert(sizeof(struct offer_ports) == 40, "layout");
_Static_assert(sizeof(struct offer_pod) == 48, "layout");
_Static_assert(sizeof(struct offer_counts) == 16, "layout");

#endif
