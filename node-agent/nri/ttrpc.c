/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/nri/ttrpc.h"

#include <stdlib.h>

#include "node-agent/nri/bytes.h"

#define ROOM_MIN 4096u
#define ROOM_KEPT 65536u /* more is given back after each message */

static int begin_data(struct ttrpc *t, struct err *err)
{
	t->size = bytes_get_be32(t->header);
	t->len = 0;
	if (t->size <= TTRPC_DATA_MAX)
		return 0;
	return err_set(err, -EMSGSIZE, "message of %zu bytes, of which ttrpc allows %u", t->size,
		       TTRPC_DATA_MAX);
}

static int make_room(struct ttrpc *t, size_t wanted, struct err *err)
{
	size_t room = t->room ? t->room : ROOM_MIN;
	uint8_t *data;

	while (room < wanted)
		room *= 2;
	if (room == t->room)
		return 0;
	data = realloc(t->data, room);
	if (!data)
		return err_sys(err, ENOMEM, "read message of %zu bytes", t->size);
	t->data = data;
	t->room = room;
	return 0;
}

/* Returns how much of data it took, or an error. */
static ssize_t take_data(struct ttrpc *t, const uint8_t *data, size_t len, struct err *err)
{
	size_t n = t->size - t->len < len ? t->size - t->len : len;
	int r = make_room(t, t->len + n, err);

	if (r < 0)
		return r;
	(void)bytes_fill(t->data, t->len + n, &t->len, data, n);
	return (ssize_t)n;
}

static int hand_out(struct ttrpc *t, ttrpc_fn *fn, void *arg, struct err *err)
{
	const struct ttrpc_message message = {
		.call = bytes_get_be32(t->header + 4),
		.type = t->header[8],
		.data = t->data,
		.len = t->len,
	};
	int r = fn(arg, &message, err);

	t->header_len = t->size = t->len = 0;
	if (t->room > ROOM_KEPT)
		ttrpc_clear(t);
	return r;
}

int ttrpc_feed(struct ttrpc *t, const uint8_t *data, size_t len, ttrpc_fn *fn, void *arg,
	       struct err *err)
{
	int r = 0;

	while (r == 0 && len > 0) {
		ssize_t n;

		if (t->header_len < TTRPC_HEADER_LEN) {
			n = (ssize_t)bytes_fill(t->header, TTRPC_HEADER_LEN, &t->header_len, data,
						len);
			if (t->header_len == TTRPC_HEADER_LEN)
				r = begin_data(t, err);
		} else {
			n = take_data(t, data, len, err);
			if (n < 0)
				return (int)n;
		}
		data += n;
		len -= (size_t)n;
		if (r == 0 && t->header_len == TTRPC_HEADER_LEN && t->len == t->size)
			r = hand_out(t, fn, arg, err);
	}
	return r;
}

bool ttrpc_midway(const struct ttrpc *t)
{
	return t->header_len > 0;
}

void ttrpc_clear(struct ttrpc *t)
{
	free(t->data);
	*t = (struct ttrpc){ .data = NULL };
}

void ttrpc_header(uint8_t to[TTRPC_HEADER_LEN], uint32_t call, enum ttrpc_type type,
		  uint32_t data_len)
{
	bytes_put_be32(to, data_len);
	bytes_put_be32(to + 4, call);
	to[8] = (uint8_t)type;
	to[9] = 0;
}
