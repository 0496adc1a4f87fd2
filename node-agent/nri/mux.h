/* SPDX-License-Identifier: Apache-2.0 */
/* The trunk of NRI: several connections over one socket. A frame is the connection's number and the
 * length of its payload, 4 bytes each, big-endian, and the payload (pkg/net/multiplex of NRI).
 * Where a frame ends means nothing to the connection: it is a stream of bytes. Pure.
 */
#ifndef SMC_NRI_MUX_H
#define SMC_NRI_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define MUX_PLUGIN_CONN 1 /* the runtime calls the plugin */
#define MUX_RUNTIME_CONN 2 /* the plugin calls the runtime */
#define MUX_HEADER_LEN 8
#define MUX_PAYLOAD_MAX (1u << 24) /* of NRI 0.6; 4 MiB and 10 bytes later */

struct mux { /* all zero: between two frames */
	uint8_t header[MUX_HEADER_LEN];
	size_t header_len; /* so much of it is there */
	uint32_t conn;
	uint32_t left; /* of the payload */
};

/* A piece of what came on a connection. An error ends it all. */
typedef int mux_fn(void *arg, uint32_t conn, const uint8_t *data, size_t len, struct err *err);

/* Takes what came on the socket, cut anywhere. -EMSGSIZE: a payload that is too long; else what fn
 * returned. */
int mux_feed(struct mux *mux, const uint8_t *data, size_t len, mux_fn *fn, void *arg,
	     struct err *err);
/* In the middle of a frame. */
bool mux_midway(const struct mux *mux);
void mux_header(uint8_t to[MUX_HEADER_LEN], uint32_t conn, uint32_t payload_len);

#endif
