/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a header: numbers in network order, and headers that come in pieces. */
#ifndef SMC_NRI_BYTES_H
#define SMC_NRI_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t bytes_get_be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static inline void bytes_put_be32(uint8_t *to, uint32_t n)
{
	to[0] = (uint8_t)(n >> 24);
	to[1] = (uint8_t)(n >> 16);
	to[2] = (uint8_t)(n >> 8);
	to[3] = (uint8_t)n;
}

/* Goes on filling to[size], of which *have bytes are there; returns how many of data it took. */
static inline size_t bytes_fill(uint8_t *to, size_t size, size_t *have, const uint8_t *data,
				size_t len)
{
	size_t n = size - *have < len ? size - *have : len;

	if (n)
		memcpy(to + *have, data, n);
	*have += n;
	return n;
}

#endif
