/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/hist.h"

#include <assert.h>
#include <math.h>

/* Values below HIST_SUB have a bucket each; those of each power of two above share HIST_SUB. */
static unsigned int bucket_of(uint64_t ns)
{
	unsigned int shift;

	if (ns >= 1ULL << HIST_BITS)
		return HIST_BUCKETS - 1;
	if (ns < HIST_SUB)
		return (unsigned int)ns;
	shift = 63 - (unsigned int)__builtin_clzll(ns) - HIST_SUB_BITS;
	return shift * HIST_SUB + (unsigned int)(ns >> shift);
}

static double middle_of(unsigned int bucket)
{
	unsigned int shift;
	uint64_t low;

	if (bucket < 2 * HIST_SUB)
		return bucket;
	shift = bucket / HIST_SUB - 1;
	low = (uint64_t)(bucket % HIST_SUB + HIST_SUB) << shift;
	return (double)low + (double)((1ULL << shift) - 1) / 2;
}

void hist_add(struct hist *h, uint64_t ns)
{
	h->buckets[bucket_of(ns)]++;
	h->n++;
}

double hist_percentile(const struct hist *h, unsigned int permille)
{
	uint64_t rank = (h->n * permille + 999) / 1000, seen = 0;

	assert(permille >= 1 && permille <= 999);
	if (h->n * (1000 - permille) < 1000)
		return NAN;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank)
			return middle_of(i);
	}
	return NAN; /* not reached: the buckets add up to n */
}
