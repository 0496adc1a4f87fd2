/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts the connects that wait for an answer (bpf/bounds.h). Included by flows.bpf.c only, behind
 * bpf/maps.h. */
#ifndef SMC_BPF_BOUNDS_WATCH_H
#define SMC_BPF_BOUNDS_WATCH_H

#include "bpf/smc_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/bounds.h"
#include "bpf/maps.h"

/* <linux/fcntl.h>, <linux/errno.h>: ABI, but that alpha, mips, parisc and sparc, which SMC does not
 * run on, have others. */
#define O_NONBLOCK 04000
#define EINPROGRESS 115
#define EALREADY 114

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BOUNDS_CONNECTS_MAX);
	__type(key, __u64);
	__type(value, __u64);
} connecting SEC(".maps");

static __always_inline void add_pending(__u64 cookie, __s32 n)
{
	struct pending first = { .n = n, .changed_ns = bpf_ktime_get_boot_ns() };
	struct pending *p = bpf_map_lookup_elem(&pending, &cookie);

	if (!p && bpf_map_update_elem(&pending, &cookie, &first, BPF_NOEXIST) == 0)
		return;
	if (!p) /* somebody was quicker */
		p = bpf_map_lookup_elem(&pending, &cookie);
	if (!p)
		return;
	__sync_fetch_and_add(&p->n, n);
	p->changed_ns = first.changed_ns;
}

static __always_inline void connect_begins(const struct smc_sock *smc)
{
	__u64 cookie = BPF_CORE_READ(smc, clcsock, sk, __sk_common.skc_net.net, net_cookie);
	__u64 key = (__u64)smc;

	if (!bpf_map_lookup_elem(&counters, &cookie) ||
	    bpf_map_update_elem(&connecting, &key, &cookie, BPF_NOEXIST) != 0)
		return;
	add_pending(cookie, 1);
	add_pending(BOUNDS_NODE_COOKIE, 1);
}

static __always_inline void connect_ends(const struct smc_sock *smc)
{
	__u64 key = (__u64)smc, *found = bpf_map_lookup_elem(&connecting, &key);
	__u64 cookie;

	if (!found)
		return;
	cookie = *found;
	if (bpf_map_delete_elem(&connecting, &key) != 0)
		return;
	add_pending(cookie, -1);
	add_pending(BOUNDS_NODE_COOKIE, -1);
}

#endif
