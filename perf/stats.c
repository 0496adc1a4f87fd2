/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

static const struct stats unknown = { 0, NAN, NAN, NAN };

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* values: sorted. */
static struct stats of_sorted(const double *values, size_t n)
{
	double middle = values[n / 2];

	if (n % 2 == 0)
		middle = (values[n / 2 - 1] + middle) / 2;
	return (struct stats){ n, middle, values[0], values[n - 1] };
}

struct stats stats_of(const double *values, size_t n)
{
	auto_free double *known = calloc(n + 1, sizeof(*known));
	size_t n_known = 0;

	if (!known)
		return unknown;
	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			known[n_known++] = values[i];
	if (n_known == 0)
		return unknown;
	qsort(known, n_known, sizeof(*known), compare);
	return of_sorted(known, n_known);
}

struct stats stats_of_ratios(const double *a, const double *b, size_t n)
{
	auto_free double *ratios = calloc(n + 1, sizeof(*ratios));

	if (!ratios)
		return unknown;
	for (size_t i = 0; i < n; i++)
		ratios[i] = a[i] > 0 ? b[i] / a[i] : NAN;
	return stats_of(ratios, n);
}

double stats_spread(const struct stats *s)
{
	return s->n > 0 && s->median > 0 ? (s->most - s->least) / s->median : NAN;
}

void stats_order(size_t round, size_t n, size_t *order)
{
	for (size_t i = 0; i < n; i++)
		order[i] = round % 2 == 0 ? i : n - 1 - i;
}
