/* SPDX-License-Identifier: Apache-2.0 */
/* What rounds say together: medians with their spread, and ratios of what was measured in pairs.
 * NAN stands for "not known" and is passed over. Pure.
 */
#ifndef SMC_PERF_STATS_H
#define SMC_PERF_STATS_H

#include <stddef.h>

struct stats {
	size_t n; /* how many are known; 0: the rest is NAN */
	double median;
	double least;
	double most;
};

struct stats stats_of(const double *values, size_t n);

/* Of b[i] / a[i], i being a round: a drift of the machine is in both and falls out. Rounds in which
 * one is not known, or a is 0, are passed over. */
struct stats stats_of_ratios(const double *a, const double *b, size_t n);

/* (most - least) / median, NAN when there is no median or it is 0. */
double stats_spread(const struct stats *s);

/* The order of `n` rivals in a round: A B C, then C B A, and so on, so that of two rounds each has
 * come as early as the others. order gets n indexes. */
void stats_order(size_t round, size_t n, size_t *order);

#endif
