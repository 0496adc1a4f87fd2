/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf by hand, so that what tests say and hear does not go through the library that they
 * test. */
#ifndef SMC_TEST_PB_BYTES_H
#define SMC_TEST_PB_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct pb_bytes { /* all zero: empty */
	uint8_t *data; /* grows; free it with pb_bytes_clear() */
	size_t len, room;
};

void pb_bytes_add(struct pb_bytes *b, const void *data, size_t len); /* as they are */
void pb_bytes_number(struct pb_bytes *b, uint32_t field, uint64_t n);
void pb_bytes_put(struct pb_bytes *b, uint32_t field, const void *data, size_t len);
void pb_bytes_text(struct pb_bytes *b, uint32_t field, const char *text);
/* Appends the message `part` and clears it. */
void pb_bytes_message(struct pb_bytes *b, uint32_t field, struct pb_bytes *part);
void pb_bytes_clear(struct pb_bytes *b);

/* What a field has in a whole message; the last one counts. A number's value is n. */
struct pb_found {
	int times;
	uint64_t n;
	const uint8_t *data;
	size_t len;
};
struct pb_found pb_bytes_find(const uint8_t *data, size_t len, uint32_t field);

#endif
