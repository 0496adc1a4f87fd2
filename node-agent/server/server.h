/* SPDX-License-Identifier: Apache-2.0 */
/* Room server/: the agent's socket: connections, requests and transactions of plugins.
 * Thread: the loop's; nothing waits.
 * Never: does what is asked itself; it asks the agent and answers when that is done.
 */

/* The agent's socket: accepts connections, knows all sessions, and tells them what happened. Loop
 * thread only. */
#ifndef SMC_AGENT_SERVER_H
#define SMC_AGENT_SERVER_H

#include "common/err.h"

#define SERVER_SESSIONS_MAX 128

struct agent;
struct server;

/* Listens on config->socket: its folder is 0700 (socket_dir.h), the socket 0600, a socket file of
 * an earlier run replaced. The caller holds the lock. */
int server_new(struct agent *agent, struct server **ret, struct err *err);
/* Ends all sessions without a word; removes the socket file. NULL is fine. */
void server_free(struct server *server);

#endif
