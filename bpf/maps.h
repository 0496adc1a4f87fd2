/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of bpf/steer.h and how programs count in them. Both objects declare the same maps;
 * the loader gives them the same pins. Included by *.bpf.c only. */
#ifndef SMC_BPF_MAPS_H
#define SMC_BPF_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/bounds.h"
#include "bpf/steer.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_MAX_PODS);
	__type(key, __u64);
	__type(value, struct steer_pod);
} pods SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_MAX_PODS);
	__type(key, __u64);
	__type(value, struct steer_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, STEER_MAX_PODS + 1); /* and the node's */
	__type(key, __u64);
	__type(value, struct pending);
} pending SEC(".maps");

/* Adds one to a field of the pod's counters; a pod without counters is not counted. */
#define COUNT(cookie, field)                                                           \
	do {                                                                           \
		struct steer_counters *_c = bpf_map_lookup_elem(&counters, &(cookie)); \
                                                                                       \
		if (_c)                                                                \
			__sync_fetch_and_add(&_c->field, 1);                           \
	} while (0)

#endif
