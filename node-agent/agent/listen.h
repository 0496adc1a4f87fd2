/* SPDX-License-Identifier: Apache-2.0 */
/* Tells what has happened to those who wait for it: the server's sessions, and /metrics. The agent
 * knows them by this table alone. Loop thread only. */
#ifndef SMC_AGENT_LISTEN_H
#define SMC_AGENT_LISTEN_H

#include "node-agent/model/attach.h"
#include "node-agent/model/flow.h"

struct agent;

struct listener { /* each event may be NULL: it is not waited for */
	void (*started)(void *arg); /* the START job is done */
	/* A job of the attachment is done; rc and err are its result. */
	void (*pod_done)(void *arg, struct attach *a, enum reconcile_action action, int rc,
			 const struct err *err);
	/* The attachment has left the table; undo: what its plugin has to take back, in that
	 * network namespace. */
	void (*gone)(void *arg, const struct wire_attachment *key, const struct podnet *undo,
		     const struct netns_id *netns);
	/* Somebody else removes one that has a transaction. */
	void (*lost)(void *arg, struct attach *a);
	/* The answer of job_check() to the session that asked. */
	void (*checked)(void *arg, uint64_t session, int rc, const struct err *err);
	/* agent_want_stats(): fresh, or as good as can be had in time. */
	void (*stats_ready)(void *arg);
	/* The answer of job_flows() to the session that asked; all[n] is the caller's. */
	void (*flows)(void *arg, uint64_t session, struct flow_entry *all, int n, int rc,
		      const struct err *err);
	void (*source_changed)(void *arg);
	void *arg;
	struct listener *next; /* the agent's */
};

/* Told in the order in which they came. A listener lives until listen_end(). */
void listen_begin(struct agent *agent, struct listener *l);
void listen_end(struct agent *agent, struct listener *l); /* one that never began is fine */

void listen_started(const struct agent *agent);
void listen_pod_done(const struct agent *agent, struct attach *a, enum reconcile_action action,
		     int rc, const struct err *err);
void listen_gone(const struct agent *agent, const struct wire_attachment *key,
		 const struct podnet *undo, const struct netns_id *netns);
void listen_lost(const struct agent *agent, struct attach *a);
void listen_checked(const struct agent *agent, uint64_t session, int rc, const struct err *err);
void listen_stats_ready(const struct agent *agent);
void listen_flows(const struct agent *agent, uint64_t session, struct flow_entry *all, int n,
		  int rc, const struct err *err);
void listen_source_changed(const struct agent *agent);

#endif
