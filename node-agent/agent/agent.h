/* SPDX-License-Identifier: Apache-2.0 */
/* Room agent/: the agent: one state, what is decided again when, and the jobs for the worker.
 * Thread: the loop's; of a job, `run` is the worker's and `done` the loop's.
 * Never: waits; and it knows who listens only by agent/listen.h.
 */

/* The agent's state, all of it the loop thread's, and what happens to an attachment. */
#ifndef SMC_AGENT_AGENT_H
#define SMC_AGENT_AGENT_H

#include "node-agent/config/config.h"
#include "node-agent/kube/kube.h"
#include "node-agent/loop/loop.h"
#include "node-agent/loop/worker.h"
#include "node-agent/model/attach.h"
#include "node-agent/model/latency.h"
#include "node-agent/node/earlier.h"
#include "node-agent/node/node.h"
#include "node-agent/source/source.h"

#define AGENT_REQUEST_MS 2000 /* a plugin that does not say waits no longer */
#define AGENT_STATS_MS 2000 /* for a reading; then the last one serves */
#define AGENT_STATS_FRESH_MS 1000 /* so long a reading serves, whoever asks how often */
/* Or so many times as long as it took, so that they have no more than that share of the worker. */
#define AGENT_STATS_SHARE 10
#define AGENT_SWEEP_S 15 /* every attachment is looked at once in this time */

struct installer;
struct sandbox_table;
struct events;
struct listener;

struct agent {
	const struct config *config;
	bool idle; /* the config is bad: touch nothing, answer with `trouble` */
	struct err trouble; /* why the agent is not ready, whatever the facts say; "" = nothing */
	struct loop *loop;
	struct node *node; /* the worker's: never touched by the loop while the worker runs */
	struct worker *worker;
	struct kube *kube; /* NULL: no API server (a folder source), or no access to it */
	struct events *events; /* NULL: none are sent */
	struct source *source; /* NULL: none yet */
	struct listener *listeners; /* who is told what happened: agent/listen.h */
	struct installer *installer; /* NULL: nothing is installed */
	bool started; /* the START job is done */
	bool runtime_tells; /* it says which containers run: agent_container_is() is called */
	bool called; /* a plugin has called, or had to leave its request in pending/ */
	bool stopping, uninstall; /* a signal came; what follows */
	struct facts facts;
	struct path_list paths; /* to peers, as they were read last */
	struct attach_table table;
	struct agent_runtime { /* who tells by NRI; "" = nobody does, at present */
		char name[64], version[64], nri_version[64];
	} runtime;
	struct sandbox_table *sandboxes; /* what it has told; NULL: nothing so far */
	struct latency requests[LATENCY_N_VERBS];
	int64_t stats_ms; /* CLOCK_MONOTONIC of the last reading; 0: none */
	int64_t stats_took_ms;
	bool stats_busy, pending_busy, sweep_busy;
	struct earlier_seen earlier_seen;
	int64_t look_ms; /* when the last look at the node was */
	uint64_t n_gcs; /* how many GCs there have been */
	struct agent_kept { /* what namespaces say, on disk */
		bool stale; /* it is to be written */
		bool busy; /* it is being written */
		bool bad; /* that failed, and the log says so */
	} kept;
	struct agent_pause { /* the switch smc-cni.io/pause */
		bool on;
		bool told; /* the worker knows */
		struct err bad; /* what it says is neither true nor false; "" = it is */
	} pause;
	bool source_news; /* somebody may wait for what the source has learned */
	/* Grows when changes of the source are in force, in the BPF map too. */
	uint64_t generation;
	bool generation_due; /* once what changed is decided */
	/* A job that will say so is queued; one more is due. */
	bool generation_busy, generation_again;
	struct loop_watch worker_watch, pending_watch, signal_watch;
	struct loop_timer sweep_timer, stats_timer, changes_timer, keep_timer;
};

/* ---- ready.c ---- */

/* NULL, or why the agent is not ready: it serves, and what pods ask for is known. What the node can
 * do is a fact, and no readiness: a roll-out does not stop at a node without SMC. */
const char *agent_not_serving(const struct agent *agent);
/* NULL, or why pods that start now and ask for steering do not get it: the chain counts, too. */
const char *agent_not_for_pods(const struct agent *agent);
/* NULL, or the sentence why pods that ask for steering do not get it. */
const char *agent_not_ready(const struct agent *agent);
/* NULL, or why what pods ask for is not known. */
const char *agent_source_not_ready(const struct agent *agent);
void agent_new_facts(struct agent *agent, const struct facts *facts);

/* ---- paths.c ---- */

/* Takes over *now, and tells what is new. */
void agent_new_paths(struct agent *agent, struct path_list *now);
/* How many are closed at this moment. */
int agent_paths_closed(const struct agent *agent);

/* ---- decide.c ---- */

/* What policy says of the attachment now: sets verdict and wish. */
void agent_decide(struct agent *agent, struct attach *a);
/* The same for an attachment that is in the table, and then does what agent_kick() does. */
void agent_decide_again(struct agent *agent, struct attach *a);

/* ---- pause.c ---- */

/* True while the switch is on: nothing is to be offered to anybody. */
bool agent_paused(const struct agent *agent);
/* Looks what the agents' own namespace says of it now. */
void agent_look_at_switch(struct agent *agent);
bool agent_is_own_namespace(const char *name);

/* ---- changes.c: whatever comes, a turn of the loop is short ---- */

/* source_changed_fn: arg is the agent. */
void agent_source_changed(void *arg, const char *namespace, const char *name);
/* Has agent_decide_again() called when it is the attachment's turn; for one, or for all. */
void agent_decide_later(struct agent *agent, struct attach *a);
void agent_decide_all_later(struct agent *agent);

/* ---- lifecycle.c ---- */

enum agent_admission {
	AGENT_ADMITTED,
	AGENT_FULL, /* the table is, or memory */
	/* It depends on what is not known yet: ask again when the source has changed. */
	AGENT_UNHEARD,
	AGENT_REFUSED, /* it requires what it cannot have */
};

/* Takes over rec, of a pod that a plugin tells of, and decides. Only AGENT_ADMITTED leaves it in
 * the table, as *ret; the caller then says what else it wants of it, and calls agent_kick().
 * may_wait: AGENT_UNHEARD is an answer. For FULL and REFUSED, err has the sentence. */
enum agent_admission agent_admit(struct agent *agent, struct record *rec, bool may_wait,
				 struct attach **ret, struct err *err);
/* Takes over rec, of an attachment that was found at the start, in pending/ or in the runtime's
 * cache. One that is just being rolled back makes room for it first. inherited: an earlier run
 * decided, and put in force what the record says. */
void agent_adopt(struct agent *agent, struct record *rec, bool inherited);
/* Queues the job that is due, or forgets the attachment: `a` may be gone afterwards. */
void agent_kick(struct agent *agent, struct attach *a);
/* Begins the removal of the attachment, and does what agent_kick() does. undo_netns: the netns part
 * is undone too. */
void agent_unwant(struct agent *agent, struct attach *a, bool undo_netns);
/* The same when it is its turn: for many of them. `a` stays. */
void agent_unwant_later(struct agent *agent, struct attach *a, bool undo_netns);

/* ---- keep.c ---- */

/* Has what namespaces say written to disk, if that is due. */
void agent_keep_namespaces(struct agent *agent);

/* ---- sweep.c ---- */

/* Asks for fresh statistics: stats_ready() of the listeners follows, within AGENT_STATS_MS. */
void agent_want_stats(struct agent *agent);
/* The same for whoever may ask in a loop: a recent reading is fresh enough. */
void agent_want_recent_stats(struct agent *agent);
void agent_stats_ready(struct agent *agent);
/* Arms the first tick. */
void agent_sweep_begin(struct agent *agent);
/* Takes over pods that ran before our plugin was in the chain, if there are any. Not before it is
 * known what pods want now: what the runtime has kept is what they wanted then. */
void agent_look_for_earlier(struct agent *agent);

#endif
