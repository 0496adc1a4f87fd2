/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs that watch SMC's handshakes and user space share: who of a pod's peers got SMC,
 * who TCP, and why. Included by both: fixed-width types only.
 *
 * Pins below <bpffsDir>/v<STEER_LAYOUT>/ (bpf/steer.h): maps `flows`, `fallbacks` and `agreed`. The
 * programs are not pinned: a program on a tracepoint of the module smc keeps the module in the
 * kernel.
 *
 * Only pods with an entry in `counters` (bpf/steer.h) are watched. `flows` forgets what was not
 * seen for longest (BPF_MAP_TYPE_LRU_HASH). `fallbacks` forgets nothing; while it is full, new
 * reasons are not counted in it.
 */
#ifndef SMC_BPF_FLOWS_H
#define SMC_BPF_FLOWS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define FLOWS_MAX 4096 /* of all pods */
#define FLOWS_FALLBACKS_MAX 16384 /* of all pods; not preallocated */

/* Where net/smc/smc_clc.h says SMC_CLC_DECL_PEERNOSMC: the peer speaks plain TCP. */
#define FLOWS_PEER_NO_SMC 0x03010000

enum flow_kind {
	FLOW_TCP = 0,
	FLOW_SMCR = 1,
	FLOW_SMCD = 2,
};

struct flow_key {
	__u64 cookie; /* netns cookie of the pod, host byte order */
	/* The peer's, IPv4 as ::ffff:a.b.c.d. All 0: not known (nothing was connected), or, of a
	 * server, any peer that speaks plain TCP: a probe a second from everywhere must not push
	 * out what one wants to know. */
	__u8 address[16];
	__u32 reason; /* FLOW_TCP: SMC_CLC_DECL_* of net/smc/smc_clc.h; else 0 */
	__u32 diagnosis; /* what the peer gave as its reason, 0: it gave none */
	__u16 port; /* of the service, host byte order: the server's own, or the client's peer's */
	__u8 server; /* the pod's role; 0: client */
	__u8 kind; /* enum flow_kind */
	__u32 unused; /* 0 */
};

struct flow {
	__u64 n; /* connections */
	__u64 last_ns; /* CLOCK_BOOTTIME of the last one */
};

/* Key of `fallbacks`; its value is a __u64. */
struct flow_fallback {
	__u64 cookie;
	__u32 reason;
	__u32 server;
};

_Static_assert(sizeof(struct flow_key) == 40, "layout");
_Static_assert(sizeof(struct flow) == 16, "layout");
_Static_assert(sizeof(struct flow_fallback) == 16, "layout");

#endif
