/* SPDX-License-Identifier: Apache-2.0 */
/* What client and server of smc-perf say to each other. A connection begins with a hello of the
 * client, which says what it is for. Numbers are in network byte order. */
#ifndef SMC_PERF_PROTO_H
#define SMC_PERF_PROTO_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "perf/load.h"

#define PROTO_MAGIC 0x534d4350U /* "SMCP" */
#define PROTO_VERSION 1
#define PROTO_PORT 4720 /* SMC has the next one */
#define PROTO_SIZE_MAX (1U << 20)
#define PROTO_TIMEOUT_S 60 /* who hears nothing for so long gives up */

enum proto_op {
	PROTO_INFO = 1, /* each further byte asks for a struct proto_info */
	PROTO_ECHO = 2, /* each `size` bytes are sent back */
	PROTO_POOL = 3, /* the same, by one thread for all connections */
	PROTO_SINK = 4, /* at the end of the data it says how much came: 8 bytes */
	PROTO_ONCE = 5, /* the hello is the request: the server answers one byte and closes */
};

struct proto_hello {
	uint32_t magic;
	uint32_t version;
	uint32_t op;
	uint32_t size; /* 1 to PROTO_SIZE_MAX */
};

/* The server's machine, as it is now. */
struct proto_info {
	uint32_t has_smc; /* the port of SMC is served by SMC sockets */
	uint32_t cpus;
	uint64_t busy_us;
	uint64_t used_bytes;
	char boot_id[40]; /* equal to one's own: it is the same machine */
	char kernel[64];
};
_Static_assert(sizeof(struct proto_info) == 128, "no padding on the wire");

void proto_hello_fill(struct proto_hello *ret, enum proto_op op, uint32_t size);
/* -EPROTO: it is none, of another version, or with a size out of range. Host byte order then. */
int proto_hello_check(struct proto_hello *hello, struct err *err);

/* This machine. load: for its numbers that change. */
int proto_info_fill(struct proto_info *ret, int has_smc, struct err *err);
void proto_info_swap(struct proto_info *info); /* between host and network byte order */

/* All of it, or -errno: -ETIMEDOUT when the peer does nothing for PROTO_TIMEOUT_S (set by
 * proto_timeouts()), -ECONNRESET when it has closed. */
int proto_send(int fd, const void *data, size_t len);
int proto_recv(int fd, void *data, size_t len);
int proto_timeouts(int fd);

#endif
