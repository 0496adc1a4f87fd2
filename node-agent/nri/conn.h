/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to the runtime's NRI socket: bytes in and out, nothing waits. */
#ifndef SMC_NRI_CONN_H
#define SMC_NRI_CONN_H

#include "node-agent/loop/loop.h"
#include "node-agent/nri/mux.h"
#include "node-agent/nri/ttrpc.h"

#define CONN_IN_MAX 65536 /* so much is read in a turn of the loop */
#define CONN_OUT_MAX 65536 /* what the runtime does not take for so long ends the connection */

struct conn {
	struct loop *loop;
	struct loop_watch watch; /* fd -1: closed */
	struct mux mux;
	struct ttrpc from_plugin_conn, from_runtime_conn;
	uint8_t in[CONN_IN_MAX], out[CONN_OUT_MAX];
	size_t out_len;
	/* A whole message; an error ends the connection. */
	int (*message)(void *arg, uint32_t conn, const struct ttrpc_message *message,
		       struct err *err);
	/* What came in one turn has been told. */
	void (*turn)(void *arg);
	/* It is over, and closed. */
	void (*over)(void *arg, const struct err *why);
	void *arg;
};

/* Connects; the callbacks and loop are set. */
int conn_open(struct conn *c, const char *path, struct err *err);
bool conn_is_open(const struct conn *c);
/* In the middle of a message of the runtime's. */
bool conn_midway(const struct conn *c);
/* Keeps what the socket does not take now. An error is for the caller to end the connection by:
 * from message() by returning it, else by conn_close(). */
int conn_send(struct conn *c, const uint8_t *data, size_t len, struct err *err);
/* Not from message(). One that is closed is fine. */
void conn_close(struct conn *c);

#endif
