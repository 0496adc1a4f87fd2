/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rules of offers (bpf/offer.h) and how programs look into them. Objects that include this
 * declare the same map; the loader gives them the same pin. Included by *.bpf.c only. */
#ifndef SMC_BPF_RULES_H
#define SMC_BPF_RULES_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/address.h"
#include "bpf/offer.h"

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, OFFER_RULES_MAX);
	__type(key, struct offer_key);
	__type(value, struct offer_ports);
} offer_rules SEC(".maps");

static __always_inline const struct offer_ports *rule_of(__u64 cookie, __u32 generation,
							 const struct address *peer)
{
	struct offer_key key = {
		.prefixlen = OFFER_KEY_BITS + 128,
		.cookie = { (__u32)cookie, (__u32)(cookie >> 32) },
		.generation = generation,
	};

	__builtin_memcpy(key.address, peer, sizeof(key.address));
	return bpf_map_lookup_elem(&offer_rules, &key);
}

/* Is it one of this node's pods, or the pod itself over loopback? */
static __always_inline bool is_of_node(const struct address *peer)
{
	return address_is_loopback(peer) || rule_of(OFFER_NODE_COOKIE, 0, peer);
}

#endif
