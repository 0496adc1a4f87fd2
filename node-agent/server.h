/* The agent's socket: accepts connections, knows all sessions, and tells them what happened. Loop
 * thread only. */
#ifndef SMC_AGENT_SERVER_H
#define SMC_AGENT_SERVER_H

#include "node-agent/attach.h"

#define SERVER_SESSIONS_MAX 128

struct agent;
struct server;

/* Listens on config->socket: its folder is made 0700, the socket 0600, a socket file of an earlier
 * run replaced. The caller holds the lock. */
int server_new(struct agent *agent, struct server **ret, struct err *err);
/* Ends all sessions without a word; removes the socket file. NULL is fine. */
void server_free(struct server *server);

/* What happened. */
void server_started(struct server *server);
void server_pod_done(struct server *server, struct attach *a, enum reconcile_action action, int rc,
		     const struct err *err);
/* The attachment is out of the table; undo: what its plugin has to take back. */
void server_gone(struct server *server, const struct wire_attachment *key, const struct podnet *undo);
void server_checked(struct server *server, uint64_t session, int rc, const struct err *err);
void server_stats_ready(struct server *server);
void server_source_changed(struct server *server);

#endif
