/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/pb_bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum wire { WIRE_NUMBER = 0, WIRE_BYTES = 2 };

void pb_bytes_add(struct pb_bytes *b, const void *data, size_t len)
{
	if (b->len + len > b->room) {
		b->room = 2 * (b->len + len);
		b->data = realloc(b->data, b->room);
		assert(b->data);
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void add_varint(struct pb_bytes *b, uint64_t n)
{
	uint8_t byte;

	do {
		byte = (uint8_t)(n & 0x7f);
		n >>= 7;
		byte |= n ? 0x80 : 0;
		pb_bytes_add(b, &byte, 1);
	} while (n);
}

void pb_bytes_number(struct pb_bytes *b, uint32_t field, uint64_t n)
{
	add_varint(b, field << 3 | WIRE_NUMBER);
	add_varint(b, n);
}

void pb_bytes_put(struct pb_bytes *b, uint32_t field, const void *data, size_t len)
{
	add_varint(b, field << 3 | WIRE_BYTES);
	add_varint(b, len);
	pb_bytes_add(b, data, len);
}

void pb_bytes_text(struct pb_bytes *b, uint32_t field, const char *text)
{
	pb_bytes_put(b, field, text, strlen(text));
}

void pb_bytes_message(struct pb_bytes *b, uint32_t field, struct pb_bytes *part)
{
	pb_bytes_put(b, field, part->data, part->len);
	pb_bytes_clear(part);
}

void pb_bytes_clear(struct pb_bytes *b)
{
	free(b->data);
	*b = (struct pb_bytes){ .len = 0 };
}

static uint64_t take_varint(const uint8_t **p, const uint8_t *end)
{
	uint64_t n = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		assert(*p < end);
		n |= (uint64_t)(**p & 0x7f) << shift;
		if (!(*(*p)++ & 0x80))
			return n;
	}
	abort();
}

struct pb_found pb_bytes_find(const uint8_t *data, size_t len, uint32_t field)
{
	const uint8_t *p = data, *end = data + len;
	struct pb_found found = { .times = 0 };

	while (p < end) {
		uint64_t key = take_varint(&p, end), n = take_varint(&p, end);
		struct pb_found f = { .times = found.times + 1, .n = n, .data = p, .len = n };

		assert((key & 7) == WIRE_NUMBER || (key & 7) == WIRE_BYTES);
		if ((key & 7) == WIRE_BYTES) {
			assert(n <= (uint64_t)(end - p));
			p += n;
		}
		if (key >> 3 == field)
			found = f;
	}
	return found;
}
