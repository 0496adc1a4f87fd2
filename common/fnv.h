/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a, 32 bits (draft-eastlake-fnv): a hash of short texts that is the same everywhere. */
#ifndef SMC_FNV_H
#define SMC_FNV_H

#include <stdint.h>

#define FNV1A_START UINT32_C(2166136261)

/* Goes on from `hash`: of several texts, one after the other. */
static inline uint32_t fnv1a(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT32_C(16777619);
	return hash;
}

/* Of "a/b". */
static inline uint32_t fnv1a_pair(const char *a, const char *b)
{
	return fnv1a(fnv1a(fnv1a(FNV1A_START, a), "/"), b);
}

#endif
