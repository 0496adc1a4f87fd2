/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many connects of a pod, and of the node, may wait for an answer before its new sockets are
 * TCP. What the programs and user space share: fixed-width types only.
 *
 * A connect that does not block keeps one worker of the kernel's one queue for handshakes until TCP
 * has connected (smc_connect_work), and each accept of a steered listener goes through the same
 * queue. It runs 256 works a processor at a time (1,024 in 7.3), so a flood of connects to a dead
 * address in one pod keeps the servers of all others from accepting (docs/kernel-notes.md).
 *
 * Pins below <bpffsDir>/v<STEER_LAYOUT>/ (bpf/steer.h): maps `pending`, which the hook reads, and
 * `connecting`. The programs that write them are not pinned: see bpf/flows.h.
 */
#ifndef SMC_BPF_BOUNDS_H
#define SMC_BPF_BOUNDS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define BOUNDS_POD 128 /* connects that wait; half of what the queue runs at a time before 7.x */
#define BOUNDS_NODE 192
#define BOUNDS_CONNECTS_MAX 16384 /* beyond that they are not counted */
/* A count that has not moved for so long is of programs that are gone: a connect is given up after
 * 127 s (net.ipv4.tcp_syn_retries 6). */
#define BOUNDS_STALE_NS 180000000000ull

#define BOUNDS_NODE_COOKIE 0 /* no namespace's: the key of all pods together */

/* `pending`, by netns cookie. `connecting` is by the kernel's struct smc_sock, its value the
 * cookie: a connect ends once, whoever says so first. */
struct pending {
	__s32 n;
	__u32 unused; /* 0 */
	__u64 changed_ns; /* CLOCK_BOOTTIME */
};

_Static_assert(sizeof(struct pending) == 16, "layout");

#endif
