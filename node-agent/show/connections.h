/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of the HTTP server: libmicrohttpd in the loop, but who has a place, and for how
 * long, is ours to say (places.h). Loop thread only. */
#ifndef SMC_AGENT_CONNECTIONS_H
#define SMC_AGENT_CONNECTIONS_H

#include <microhttpd.h>
#include <stdbool.h>

#include "common/err.h"
#include "node-agent/loop/loop.h"

struct connections;

/* Listens on "ip:port" or "[ipv6]:port". What the handler does with a request, it begins with
 * connections_begin(); `completed` calls connections_end(). */
int connections_new(struct loop *loop, const char *address, MHD_AccessHandlerCallback handler,
		    MHD_RequestCompletedCallback completed, void *arg, struct connections **ret,
		    struct err *err);
void connections_free(struct connections *c); /* ends all; NULL is fine */

/* The request is whole. False: its connection had to make room, there is nothing to answer. */
bool connections_begin(struct MHD_Connection *connection);
void connections_end(struct MHD_Connection *connection); /* the next one may come */
/* True: it waits for connections_go_on(), then the handler is called again; false: it has
 * waited. */
bool connections_wait(struct MHD_Connection *connection);
void connections_go_on(struct connections *c);

#endif
