/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What handshakes and links say of the path to a peer. Included by flows.bpf.c only. */
#ifndef SMC_BPF_PATHS_WATCH_H
#define SMC_BPF_PATHS_WATCH_H

#include "bpf/smc_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/flows.h"
#include "bpf/paths_maps.h"

/* net/smc/smc_clc.h */
#define SMC_CLC_DECL_TIMEOUT_CL 0x02010000 /* no answer over RDMA to the first message */
#define SMC_CLC_DECL_ERR_RDYLNK 0x09990002 /* the link could not be made ready */
#define SMC_CLC_DECL_ERR_REGBUF \
	0x09990003 /* nor buffers be told to the peer: it has forgotten us */

static __always_inline bool is_failure(__u32 reason)
{
	return reason == SMC_CLC_DECL_TIMEOUT_CL || reason == SMC_CLC_DECL_ERR_RDYLNK ||
	       reason == SMC_CLC_DECL_ERR_REGBUF;
}

/* Whose node it is, by its system id without the part that is random (net/smc/smc_ib.c): what is
 * left is the MAC of the first RDMA device. GIDs would not do: a device has one for each address.
 */
static __always_inline __u64 peer_of(const struct smc_link *link)
{
	__u8 id[8] = {};
	__u64 peer;

	BPF_CORE_READ_INTO(&id, link, lgr, peer_systemid);
	id[0] = id[1] = 0;
	__builtin_memcpy(&peer, id, sizeof(peer));
	return peer;
}

static __always_inline void prove(struct path *path, __u64 link, __u64 now_ns)
{
	if (path->state == PATH_TRYING)
		path_turn_until(0);
	path->failures = 0;
	path->flags &= ~PATH_AGREED;
	path->link = link;
	path->seen_ns = now_ns;
	path->state = PATH_PROVEN;
}

/* The path to this address, of that node; NULL: the table is full. */
static __always_inline struct path *path_to(const struct address *address, __u64 peer)
{
	struct path_key key;
	struct path *path = path_find(address, &key);

	if (path && (key.bits == PATHS_BITS_V4 || key.bits == PATHS_BITS_V6) && path->peer &&
	    path->peer != peer) {
		path->flags |= PATH_MIXED;
		path_key_exact(&key, address);
		path = bpf_map_lookup_elem(&paths, &key);
	}
	return path ?: path_add(&key);
}

/* The last message of a handshake is sent, for SMC-R. */
static __always_inline void path_agreed(const struct smc_link *link, const struct address *address)
{
	__u64 now_ns = bpf_ktime_get_boot_ns(), peer;
	struct path *path;

	if (!link)
		return;
	peer = peer_of(link);
	path = path_to(address, peer);
	if (!path)
		return;
	if (BPF_CORE_READ(link, state) ==
	    bpf_core_enum_value(enum smc_link_state, SMC_LNK_ACTIVE)) {
		path->peer = peer;
		prove(path, (__u64)link, now_ns);
		return;
	}
	if (path->state == PATH_PROVEN)
		return; /* by another link */
	path->peer = peer;
	path->link = (__u64)link;
	if (path->state == PATH_TRYING) {
		path->flags |= PATH_AGREED;
		path->until_ns = now_ns + PATHS_PROOF_NS;
		path_turn_until(path->until_ns);
	}
}

/* A connection is TCP after all. */
static __always_inline void path_declined(const struct address *address, __u64 cookie, __u32 reason,
					  __u32 diagnosis)
{
	bool failed = is_failure(reason) || is_failure(diagnosis);
	struct path_key key;
	struct path *path = path_find(address, &key);

	if (!path && failed)
		path = path_add(&key);
	if (!path)
		return;
	if (failed) {
		path_close(path, bpf_ktime_get_boot_ns(), is_failure(reason) ? reason : diagnosis,
			   cookie);
		return;
	}
	/* It did not come to the path, which another one may try now. Not so of those that were
	 * plain TCP because this one is tried. */
	if (path->state == PATH_TRYING && reason != FLOWS_PEER_NO_SMC) {
		path->state = PATH_UNPROVEN;
		path_turn_until(0);
	}
}

struct bpf_map;

enum link_event { LINK_ACTIVE, LINK_DOWN, LINK_CLEARED };

struct link_told {
	__u64 link, peer, now_ns;
	__u32 event; /* enum link_event */
};

static long tell_path(struct bpf_map *map, const struct path_key *key, struct path *path,
		      struct link_told *told)
{
	bool mine = path->link == told->link, same_peer = path->peer == told->peer;

	if (told->event == LINK_ACTIVE && (mine || same_peer))
		prove(path, told->link, told->now_ns);
	else if (told->event == LINK_DOWN && (mine || same_peer))
		path_close(path, told->now_ns, 0, path->cookie);
	else if (told->event == LINK_CLEARED && mine && path->state == PATH_PROVEN) {
		path->state = PATH_UNPROVEN; /* there is no active link any more */
		path->link = 0;
	}
	return 0;
}

/* Rare: a link lives as long as its link group, ten minutes longer than its last connection. */
static __always_inline int link_tells(const struct smc_link *link, enum link_event event)
{
	struct link_told told = {
		.link = (__u64)link,
		.peer = peer_of(link),
		.now_ns = bpf_ktime_get_boot_ns(),
		.event = event,
	};

	if (told.peer)
		(void)bpf_for_each_map_elem(&paths, tell_path, &told, 0);
	return 0;
}

#endif
