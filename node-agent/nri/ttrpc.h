/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of ttrpc in a stream of bytes. A message is its length and the number of its call, 4
 * bytes each, big-endian, one byte of type, one of flags, and the data (PROTOCOL.md of ttrpc).
 * Pure.
 */
#ifndef SMC_NRI_TTRPC_H
#define SMC_NRI_TTRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define TTRPC_HEADER_LEN 10
#define TTRPC_DATA_MAX (4u << 20)

enum ttrpc_type {
	TTRPC_REQUEST = 1,
	TTRPC_RESPONSE = 2,
	TTRPC_STREAM_DATA = 3, /* of calls that are no single question and answer: NRI has none */
};

struct ttrpc_message {
	uint32_t call; /* odd: of the side that connected */
	uint8_t type; /* enum ttrpc_type, or what is not known yet */
	const uint8_t *data;
	size_t len;
};

struct ttrpc { /* all zero: between two messages */
	uint8_t header[TTRPC_HEADER_LEN];
	size_t header_len; /* so much of it is there */
	uint8_t *data; /* owned; grows as it comes, whatever the header says */
	size_t size, len, room; /* as the header says; so much is there; so much fits */
};

/* A whole message; what it points to is gone afterwards. */
typedef int ttrpc_fn(void *arg, const struct ttrpc_message *message, struct err *err);

/* Takes what came, cut anywhere. -EMSGSIZE: a message that is too long; -ENOMEM; else what fn
 * returned. */
int ttrpc_feed(struct ttrpc *t, const uint8_t *data, size_t len, ttrpc_fn *fn, void *arg,
	       struct err *err);
/* In the middle of a message. */
bool ttrpc_midway(const struct ttrpc *t);
void ttrpc_clear(struct ttrpc *t);
void ttrpc_header(uint8_t to[TTRPC_HEADER_LEN], uint32_t call, enum ttrpc_type type,
		  uint32_t data_len);

#endif
