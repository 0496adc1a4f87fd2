/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs and user space share about the RDMA paths to peers: SMC-R is offered where one
 * has carried something. Included by both: fixed-width types only.
 *
 * A connect over a path that carries nothing holds locks of the whole node for 3 to 6 s, and who
 * queues behind it gets ETIMEDOUT (docs/kernel-notes.md), so to learn from failures is too late. A
 * path is unproven until a link over it has become active. Of all SYNs that come over unproven
 * paths one at a time keeps its option, and the others are plain TCP meanwhile. A path that failed
 * is closed for PATHS_CLOSED_NS, twice as long each time it fails again.
 *
 * Pins below <bpffsDir>/v<STEER_LAYOUT>/ (bpf/steer.h): maps `paths`, `path_node` and `path_turn`.
 * `paths` is a hash; what is not in it is unproven, and while it is full stays so. The offer
 * program reads it where a SYN arrives, since behind a Service the client knows no more of its peer
 * than the Service's address. The programs that watch handshakes write it. All times are of
 * CLOCK_BOOTTIME.
 */
#ifndef SMC_BPF_PATHS_H
#define SMC_BPF_PATHS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define PATHS_MAX 4096
/* A peer is the network of this prefix: the pods of a node lie in few of them where each node has a
 * network (/24 or larger) or blocks (Calico: /26). Where pods of several nodes share one it is seen
 * (PATH_MIXED), and addresses count instead. */
#define PATHS_BITS_V4 (96 + 26) /* of the address as IPv6 */
#define PATHS_BITS_V6 64
#define PATHS_BITS_ADDRESS 128
#define PATHS_BITS_NODE 0 /* this node's own pods, all of them */

#define PATHS_SYN_NS                                                                \
	2000000000ull /* from a SYN until the server has agreed, or another may try \
		       */
#define PATHS_PROOF_NS 6000000000ull /* from then on until the link is active */
#define PATHS_CLOSED_NS 60000000000ull /* after the first failure */
#define PATHS_CLOSED_DOUBLINGS 4
#define PATHS_CLOSED_MAX_NS 600000000000ull

enum path_state {
	PATH_UNPROVEN = 0,
	PATH_TRYING = 1, /* one connection, until until_ns */
	PATH_PROVEN = 2, /* a link is active */
	PATH_CLOSED = 3, /* it failed: until until_ns */
};

#define PATH_AGREED                                                                  \
	1u /* TRYING: the handshake has come to the RDMA part; no proof is a failure \
	    */
#define PATH_MIXED 2u /* several nodes have pods here: look at the address */

struct path_key {
	__u8 address[16]; /* network byte order, IPv4 as ::ffff:a.b.c.d; bits behind `bits` are 0 */
	__u32 bits; /* PATHS_BITS_* */
	__u32 unused; /* 0 */
};

struct path {
	__u32 state; /* enum path_state */
	__u32 flags; /* PATH_AGREED, PATH_MIXED */
	__u32 failures; /* since it was proven last */
	__u32 reason; /* of the last one: SMC_CLC_DECL_*; 0: the link died, or nothing came */
	__u64 until_ns; /* TRYING, CLOSED */
	__u64 seen_ns; /* the last SYN with the option, or what was learned last */
	__u64 link; /* the kernel's struct smc_link that proves it or is to; 0: none */
	__u64 cookie; /* netns cookie of the pod whose connection failed last; 0: none did */
	__u64 peer; /* the peer node, as SMC knows it (paths_watch.h); 0: not known */
	__u64 unused; /* 0 */
};

/* The one element of the array `path_node`. */
struct path_node {
	__u32 gate; /* 0: no agent has ever asked for proofs, all paths are open */
	__u32 smcd; /* this node's pods talk SMC-D, which needs no path */
	/* Handshakes are watched until then, the agent renews it: no path is tried unwatched. */
	__u64 watched_until_ns;
};

/* The one element of the array `path_turn` is a __u64: until when some path is tried. */

_Static_assert(sizeof(struct path_key) == 24, "layout");
_Static_assert(sizeof(struct path) == 64, "layout");
_Static_assert(sizeof(struct path_node) == 16, "layout");

#endif
