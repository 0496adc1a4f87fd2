/* SPDX-License-Identifier: Apache-2.0 */
/* Room model/: what the agent thinks with: attachments, policy, wishes, records, facts, statistics.
 * Thread: any; each value belongs to the thread that has it, and copies cross.
 * Never: does I/O, reads a clock or logs: same input, same result.
 */

/* The table of attachments. Loop thread only; no I/O. */
#ifndef SMC_AGENT_ATTACH_H
#define SMC_AGENT_ATTACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "node-agent/model/conflict.h"
#include "node-agent/model/policy.h"
#include "node-agent/model/reconcile.h"
#include "node-agent/model/record.h"
#include "node-agent/model/stats.h"

#define ATTACH_MAX STEER_MAX_PODS
#define ATTACH_TOLD_UNKNOWN UINT64_MAX
#define ATTACH_BUCKETS 1024 /* of each index */

struct session;

/* What attachments are found by, without a walk over the table. */
enum attach_by {
	ATTACH_BY_KEY,
	ATTACH_BY_POD, /* namespace and name */
	ATTACH_BY_NAMESPACE,
	ATTACH_N_INDEXES,
};

struct attach {
	struct record *rec; /* phase and wish: as the worker confirmed them; owned */
	/* The API object's annotations as last seen, which outlive it; owned; NULL: none was
	 * seen. */
	json_t *known;
	/* Its containers, as its object says and as the runtime does (model/containers.h); owned;
	 * NULL: nothing was said. */
	struct text *containers_known, *containers_told;
	struct policy_verdict verdict; /* as of now */
	struct wish wish; /* wanted as of now; rec->wish is in force */
	struct session *session; /* whose transaction it is, until COMMIT is done; NULL */
	int netns_fd; /* from the request until PREPARE takes it; else -1 */
	int64_t deadline_ms; /* CLOCK_MONOTONIC: when the plugin gives up on PREPARE or COMMIT */
	bool busy, wanted, commit, damaged, waits; /* as struct reconcile_state has them */
	bool at_once; /* PREPARE commits, too: the plugin asked for it and nothing is to be done */
	bool inherited; /* an earlier run decided: its wish stays until the source has synced */
	bool adopted; /* found at start or in pending/, and not put in order yet */
	bool undo_netns; /* REMOVE does the netns part as well (GC) */
	/* Committed and in force; after a failure rec->wish says what may be, and this what was. */
	bool steered;
	int64_t since; /* when that took its value: seconds since 1970 */
	struct stats stats; /* as last read */
	uint64_t valid_for; /* the number of the GC that has named it last */
	/* Steered after its first process may have run: listeners opened before stay TCP. */
	bool late;
	int listeners; /* late: how many those were; -1: not known */
	/* How many an event was about; ATTACH_TOLD_UNKNOWN: of an earlier run. */
	uint64_t fallbacks_told, bounded_told;
	struct err missing; /* extras that could not be had; "" = none */
	struct conflicts conflicts; /* as the worker has seen them last */
	int64_t first_look_ms, last_look_ms; /* of the sweep, for those; 0: none */
	/* What its plugin left while this one is being rolled back: takes its place; owned;
	 * NULL. */
	struct record *successor;
	struct attach *next; /* this and the rest are the table's own */
	struct attach **link;
	LIST_ENTRY(attach) same[ATTACH_N_INDEXES];
	bool is_undecided;
	TAILQ_ENTRY(attach) undecided;
};

struct attach_table { /* all zero: empty */
	struct attach *first;
	struct attach *in_turn; /* attach_next_in_turn(): the next one, in a round */
	bool in_round; /* not all of them had their turn */
	int n;
	LIST_HEAD(, attach) buckets[ATTACH_N_INDEXES][ATTACH_BUCKETS];
	TAILQ_HEAD(, attach) undecided; /* in the order of attach_undecide() */
};

/* Takes over rec. NULL: no memory, or ATTACH_MAX are there. The key must be new. */
struct attach *attach_add(struct attach_table *t, struct record *rec);
struct attach *attach_find(const struct attach_table *t, const struct wire_attachment *key);
/* All attachments of a pod; name "": of a namespace. Calls fn, which must not change the table. */
void attach_each_of(const struct attach_table *t, const char *namespace, const char *name,
		    void (*fn)(void *arg, struct attach *a), void *arg);
/* One after the other, whatever comes and goes meanwhile; NULL when the round is over, then the
 * next one begins. */
struct attach *attach_next_in_turn(struct attach_table *t);
/* Puts it at the end of those that are to be decided about again, if it is not among them. */
void attach_undecide(struct attach_table *t, struct attach *a);
/* Takes the first one of them out; NULL: there is none. */
struct attach *attach_next_undecided(struct attach_table *t);
void attach_drop(struct attach_table *t, struct attach *a); /* frees it */
void attach_clear(struct attach_table *t);

const struct wire_attachment *attach_key(const struct attach *a);
/* "namespace/name", else the container id. */
const char *attach_name(const struct attach *a, char *buf, size_t size);
/* What other wanted attachments are going to need of what `a` has. */
struct wish_shared attach_shared(const struct attach_table *t, const struct attach *a);
struct reconcile_state attach_state(const struct attach *a);

#endif
