/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of node-agent/offer/: the handle, and what the files ask of each other. */
#ifndef SMC_AGENT_OFFER_IMPL_H
#define SMC_AGENT_OFFER_IMPL_H

#include "node-agent/offer/offer.h"

#include <limits.h>

#include "bpf/steer.h"

enum offer_map {
	OFFER_MAP_PODS,
	OFFER_MAP_RULES,
	OFFER_MAP_NODE,
	OFFER_MAP_COUNTS,
	OFFER_MAP_PATHS,
	OFFER_MAP_PATH_NODE,
	OFFER_MAP_PATH_TURN,
	OFFER_MAPS
};

enum offer_direction { OFFER_OUT, OFFER_IN, OFFER_DIRECTIONS };

/* The rules that are in the trie for one pod: a trie cannot be asked for those of one cookie. */
struct offer_set {
	struct offer_set *next;
	uint64_t cookie;
	uint32_t last; /* generation that was used, whether it came into force or not */
	int n;
	struct offer_key *keys;
};

struct offer {
	int maps[OFFER_MAPS];
	uint32_t map_ids[OFFER_MAPS];
	int progs[OFFER_DIRECTIONS];
	uint32_t prog_ids[OFFER_DIRECTIONS];
	struct offer_set *sets;
	char bpffs_dir[PATH_MAX];
};

extern const char *const offer_map_names[OFFER_MAPS];
extern const char *const offer_direction_names[OFFER_DIRECTIONS]; /* "egress", "ingress" */

/* sets.c */

/* Reads the trie: the sets that pods have are remembered, what belongs to none is deleted. */
int offer_sets_read(struct offer *o, struct err *err);
void offer_sets_free(struct offer *o);
/* NULL: it has none. */
struct offer_set *offer_set_find(struct offer *o, uint64_t cookie);
/* An empty one if it has none; NULL: no memory. */
struct offer_set *offer_set_get(struct offer *o, uint64_t cookie);
void offer_set_forget(struct offer *o, uint64_t cookie);
int offer_set_add(struct offer_set *s, const struct offer_key *key); /* -ENOMEM */
int offer_keys_delete(struct offer *o, const struct offer_key *keys, int n, struct err *err);

/* pod.c: bits beyond the prefix are cleared. */
void offer_key_make(struct offer_key *ret, uint64_t cookie, uint32_t generation,
		    const struct inet_addr *net);

/* prog.c: our programs are found again by name. */

/* Is the program with this id one of ours of this direction, of a layout up to ours? *ret_fd (NULL
 * is fine) is then the caller's, -1 otherwise. */
bool offer_is_ours(uint32_t prog_id, enum offer_direction d, int *ret_fd);

/* tcx.c and clsact.c, called inside of the namespace: one direction of one interface, or both.
 * _supported: -EOPNOTSUPP where the kernel has no tcx. _undo takes no handle: o may be NULL. */
int offer_tcx_supported(int ifindex, struct err *err);
int offer_tcx_apply(struct offer *o, int ifindex, enum offer_direction d, struct err *err);
int offer_tcx_check(struct offer *o, int ifindex, enum offer_direction d, struct err *err);
int offer_tcx_undo(struct offer *o, int ifindex, enum offer_direction d, struct err *err);

int offer_clsact_apply(struct offer *o, int ifindex, struct err *err);
int offer_clsact_check(struct offer *o, int ifindex, struct err *err);
int offer_clsact_undo(struct offer *o, int ifindex, struct err *err);

#endif
