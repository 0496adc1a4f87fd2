/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: one request at a time, and its transaction. Loop thread only. */
#ifndef SMC_AGENT_SESSION_H
#define SMC_AGENT_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/podnet.h"
#include "common/wire.h"
#include "node-agent/agent/agent.h"
#include "node-agent/model/flow.h"

#define SESSION_IDLE_MS 10000 /* without a complete request */
#define SESSION_COMMIT_MS 30000 /* a transaction waits this long for its COMMIT */
/* Of the plugin's time is kept for what comes after a wait for the source. */
#define SESSION_REST_MS 500
#define SESSION_BUSY_MS 30000 /* for the answer */
#define SESSION_LINGER_MS 2000 /* to take the last reply */

/* What the request under way waits for. */
enum session_wait {
	SESSION_READY, /* nothing: the next request may come */
	SESSION_START, /* the agent's START job */
	SESSION_PREPARE,
	SESSION_COMMIT,
	SESSION_GONE, /* DEL: the attachment is removed */
	SESSION_FREE, /* PREPARE: an older attachment of the same name is removed */
	SESSION_SOURCE, /* PREPARE: what the pod or its namespace says is not known yet */
	SESSION_PROBE, /* PREPARE: does that one still live? */
	SESSION_CHECK,
	SESSION_GC,
	SESSION_STATS,
	SESSION_FLOWS,
	SESSION_CLOSING, /* the last reply to be taken */
	SESSION_DEAD, /* closed, to be freed */
};

struct session {
	struct agent *agent;
	uint64_t serial; /* never used twice */
	struct loop_watch watch;
	struct loop_timer timer;
	enum session_wait wait;
	json_t *request; /* under way; NULL */
	const char *verb; /* of it, borrowed */
	int passed_fd; /* that came with it; -1 */
	int64_t begun_ms;
	bool waited; /* for the source, as long as there is time */
	struct wire_attachment key; /* that it is about */
	int removed; /* GC: how many are going */
	struct attach *attach; /* the transaction, both ways linked; NULL */
	json_t *out; /* array: what could not be sent yet */
	size_t out_next;
	void (*closed)(void *arg);
	void *closed_arg;
	struct session *next; /* the server's */
};

/* Takes over fd. closed: called once, when it is dead and may be freed, but not from there. NULL:
 * no memory (fd is closed). */
struct session *session_new(struct agent *agent, int fd, uint64_t serial, void (*closed)(void *arg),
			    void *arg);
/* Ends the connection and rolls its transaction back; the server frees it later. */
void session_close(struct session *s);
void session_free(struct session *s);

/* Sends one message, now or when there is room. */
void session_send(struct session *s, json_t *msg); /* owns msg */
/* The same for the last message of an answer: the next request may come. */
void session_reply(struct session *s, json_t *msg);
void session_error(struct session *s, const char *code, const char *text);
void session_wait(struct session *s, enum session_wait wait);

void session_no_memory(struct session *s);

/* ---- session_add.c ---- */
void session_prepare(struct session *s);
void session_commit(struct session *s);
void session_probed(struct session *s, int rc); /* SESSION_PROBE: what job_check() said */

/* ---- session_verbs.c ---- */

/* Does what s->request asks, or waits for what it needs. */
void session_handle(struct session *s);
/* The events of server.h for one session. */
void session_pod_done(struct session *s, struct attach *a, enum reconcile_action action, int rc,
		      const struct err *err);
void session_gone(struct session *s, const struct wire_attachment *key, const struct podnet *undo,
		  const struct netns_id *netns);
void session_checked(struct session *s, int rc, const struct err *err);
void session_stats_ready(struct session *s);
void session_flows(struct session *s, struct flow_entry *all, int n, int rc, const struct err *err);
void session_source_changed(struct session *s);
/* Its attachment is removed by somebody else. */
void session_lost(struct session *s);

#endif
