/* SPDX-License-Identifier: Apache-2.0 */
/* How long things took: a histogram of a fixed size whose buckets are less than 1 % wide, so that a
 * run of any length keeps all of its samples. Pure.
 */
#ifndef SMC_PERF_HIST_H
#define SMC_PERF_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS 7 /* 128 buckets for each power of two */
#define HIST_SUB (1U << HIST_SUB_BITS)
#define HIST_BITS 40 /* what takes longer than 18 minutes counts as that */
#define HIST_BUCKETS ((HIST_BITS - HIST_SUB_BITS + 1) * HIST_SUB)

struct hist {
	uint64_t n;
	uint32_t buckets[HIST_BUCKETS];
};

void hist_add(struct hist *h, uint64_t ns);

/* The least value that `permille` thousandths of all are not above, in ns (the middle of its
 * bucket). NAN when there are too few to know: p99.9 (999) needs 1,000 samples. permille: 1 to 999.
 */
double hist_percentile(const struct hist *h, unsigned int permille);

#endif
