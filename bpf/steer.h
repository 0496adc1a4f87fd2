/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the BPF programs and user space share. Included by both: fixed-width types only.
 *
 * Pins below <bpffsDir>/v<STEER_LAYOUT>/: maps `pods`, `counters`, `cgroups` and `containers`, link
 * `steer_link`. A change of any struct or map here is a new layout: a new folder, so that two
 * versions of the agent never misread each other. A map more, which an older version does not look
 * at, is none; nor is a flag with which an older program steers nobody.
 * Layout 1 had no second gate: steer_pod was `flags` and `ulp`.
 */
#ifndef SMC_BPF_STEER_H
#define SMC_BPF_STEER_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define STEER_LAYOUT 2
#define STEER_MAX_PODS 4096 /* kubelet's default is 110 a node; maps are not preallocated */
#define STEER_MAX_CONTAINERS 8192 /* that are named; of all pods */

/* `pods` and `counters` are keyed by the netns cookie of the pod (__u64, host byte order;
 * SO_NETNS_COOKIE). `cgroups` is the storage of the pods' cgroups that have our programs, keyed by
 * the cgroup's id (__u64): the pod's netns cookie, 0 until it is written. It dies with the cgroup,
 * and is the same for a program that takes the place of another one.
 * `containers` is keyed by the id of a container's cgroup (__u64), which is used once only, and has
 * the netns cookie of its pod: the named containers of pods with STEER_NAMED. */

/* What setsockopt(TCP_ULP, "smc") gets. */
enum steer_ulp {
	STEER_ULP_IGNORE = 0, /* the kernel decides */
	STEER_ULP_DENY = 1, /* EPERM */
	STEER_ULP_EMULATE = 2, /* success on an SMC socket; ENOENT, as from 7.0 on, on TCP */
};

/* Of whom new TCP sockets become SMC sockets: STEER_ON, of every task of the pod; STEER_NAMED, of
 * the pod's containers that are in `containers`; neither, of nobody. Never both: a program that
 * does not know STEER_NAMED, of an older agent that has come back, then steers nobody, and not
 * everybody. */
#define STEER_ON 1u
#define STEER_NAMED 2u

struct steer_pod {
	__u32 flags; /* STEER_ON, STEER_NAMED or 0 */
	__u32 ulp; /* enum steer_ulp */
	/* The second gate: only tasks in this cgroup and below are steered, and nobody who entered
	 * the pod's namespace from elsewhere. 0: not known, the namespace alone counts; with
	 * STEER_NAMED nobody is steered then. */
	__u64 cgroup_id;
	__u32 cgroup_level; /* from the root of the hierarchy, whatever cgroup namespace shows */
	__u32 unused; /* 0 */
};

/* Where a cgroup is, as smc_place() (bpf/cgroup.bpf.c) writes it. */
struct steer_place {
	__u64 id;
	__u32 level;
	__u32 unused; /* 0 */
};

struct steer_counters {
	__u64 steered; /* sockets asked for as TCP that became SMC */
	__u64 unsteered; /* TCP sockets of a steered pod all the same (io_uring, target missing) */
	/* Times SMC was not registered in the kernel when a socket was asked for. */
	__u64 target_missing;
	__u64 ulp_ignored;
	__u64 ulp_denied; /* EPERM, or ENOENT where emulated */
	__u64 ulp_emulated;
	__u64 landlocked; /* TCP sockets, since the task has a Landlock domain */
	__u64 bounded; /* TCP sockets, since too many connects wait for an answer (bpf/bounds.h) */
};

_Static_assert(sizeof(struct steer_pod) == 24, "layout");
_Static_assert(sizeof(struct steer_counters) == 64, "layout");

#endif
