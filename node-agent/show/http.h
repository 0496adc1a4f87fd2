/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz, /readyz and /metrics, served by libmicrohttpd from the agent's loop. */
#ifndef SMC_AGENT_HTTP_H
#define SMC_AGENT_HTTP_H

#include "common/err.h"

struct agent;
struct http;

/* Listens on config->metrics ("ip:port"). */
int http_new(struct agent *agent, struct http **ret, struct err *err);
void http_free(struct http *http); /* NULL is fine */

#endif
