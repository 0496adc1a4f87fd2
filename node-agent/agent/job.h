/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs: what the loop asks of the worker. Each call queues one; -ENOMEM if it cannot. The
 * results come back as the calls named here, on the loop.
 */
#ifndef SMC_AGENT_JOB_H
#define SMC_AGENT_JOB_H

#include "node-agent/agent/agent.h"

/* PREPARE, COMMIT, ENSURE or REMOVE of an attachment, which is busy until job_pod_done(). */
int job_pod(struct agent *agent, struct attach *a, enum reconcile_action action);

/* The first job: facts, hook, UEID, records of earlier runs, pending requests. -> agent_adopt() for
 * each record, agent->started, listen_started() */
int job_start(struct agent *agent);

/* CHECK, and whether an attachment that is there already still lives. -> listen_checked() */
int job_check(struct agent *agent, const struct attach *a, uint64_t session);

/* The switch: closes the offers of all pods, or opens them again. */
int job_pause(struct agent *agent, bool on);

/* What became of the connection to the runtime: rc 0, or why there is none. -> agent_new_facts() */
int job_nri(struct agent *agent, int rc, const struct err *why);

/* Looks at some attachments, and at the node too. -> agent_new_facts(), repairs and removals */
int job_sweep(struct agent *agent, struct attach *const *some, int n, bool node);

/* Reads the statistics of all attachments. -> agent_stats_ready() */
int job_stats(struct agent *agent);

/* Reads the peers of all pods. -> listen_flows() */
int job_flows(struct agent *agent, uint64_t session);

/* Scans pending/. -> agent_adopt() */
int job_pending(struct agent *agent);
/* DEL of an attachment that is not in the table: drops what is pending of it, and what a scan that
 * is under way has found of it. -> listen_gone() */
int job_pending_drop(struct agent *agent, const struct wire_attachment *key);

/* Looks in the runtime's cache for pods of the network that started without us. -> agent_adopt() */
int job_earlier(struct agent *agent, const char *network);

/* ---- job_source.c ---- */

/* Writes to disk what namespaces say now, for the plugin and for the next run. */
int job_keep(struct agent *agent);
/* What an earlier run has written there; NULL: nothing that can be read. Called on the worker. */
json_t *job_kept_read(const struct node *node);
/* -> agent->generation grows, when all that the source's changes so far asked for has run */
void job_generation(struct agent *agent);

#endif
