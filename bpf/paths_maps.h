/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of bpf/paths.h, and what both who reads and who writes them do. Objects that include
 * this declare the same maps; the loader gives them the same pins. Included by *.bpf.c only. */
#ifndef SMC_BPF_PATHS_MAPS_H
#define SMC_BPF_PATHS_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/address.h"
#include "bpf/paths.h"
#include "bpf/rules.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PATHS_MAX);
	__type(key, struct path_key);
	__type(value, struct path);
} paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct path_node);
} path_node SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} path_turn SEC(".maps");

static __always_inline struct path_key path_key_of(const struct address *peer)
{
	struct path_key key = { .bits = PATHS_BITS_NODE };
	struct address net = *peer;

	if (is_of_node(peer))
		return key;
	if (address_is_ipv4(peer)) {
		key.bits = PATHS_BITS_V4;
		net.word[3] &= bpf_htonl(0xffffffffu << (PATHS_BITS_ADDRESS - PATHS_BITS_V4));
	} else {
		key.bits = PATHS_BITS_V6;
		net.word[2] = net.word[3] = 0;
	}
	__builtin_memcpy(key.address, &net, sizeof(key.address));
	return key;
}

static __always_inline void path_key_exact(struct path_key *key, const struct address *peer)
{
	key->bits = PATHS_BITS_ADDRESS;
	__builtin_memcpy(key->address, peer, sizeof(key->address));
}

/* The path to this peer, and its key in *key; NULL: nothing is known of it. */
static __always_inline struct path *path_find(const struct address *peer, struct path_key *key)
{
	struct path *path;

	*key = path_key_of(peer);
	path = bpf_map_lookup_elem(&paths, key);
	if (!path || !(path->flags & PATH_MIXED))
		return path;
	path_key_exact(key, peer);
	return bpf_map_lookup_elem(&paths, key);
}

/* NULL: the table is full. */
static __always_inline struct path *path_add(const struct path_key *key)
{
	const struct path fresh = { .state = PATH_UNPROVEN };

	(void)bpf_map_update_elem(&paths, key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&paths, key);
}

static __always_inline void path_turn_until(__u64 until_ns)
{
	__u32 zero = 0;
	__u64 *turn = bpf_map_lookup_elem(&path_turn, &zero);

	if (turn)
		*turn = until_ns;
}

/* What one connection has shown counts once, however many more were under way. */
static __always_inline void path_close(struct path *path, __u64 now_ns, __u32 reason, __u64 cookie)
{
	__u64 closed_ns = PATHS_CLOSED_NS;

	if (path->state == PATH_CLOSED && path->until_ns > now_ns)
		return;
	if (path->state == PATH_TRYING)
		path_turn_until(0);
	for (__u32 i = 0; i < PATHS_CLOSED_DOUBLINGS && i < path->failures; i++)
		closed_ns *= 2;
	if (closed_ns > PATHS_CLOSED_MAX_NS)
		closed_ns = PATHS_CLOSED_MAX_NS;
	path->failures++;
	path->reason = reason;
	path->cookie = cookie;
	path->link = 0;
	path->until_ns = now_ns + closed_ns;
	path->seen_ns = now_ns;
	path->flags &= ~PATH_AGREED;
	path->state = PATH_CLOSED;
}

#endif
