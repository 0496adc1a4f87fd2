/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/results.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "perf/options.h"

void results_free(struct results *r)
{
	for (size_t i = 0; i < r->n_cells; i++)
		free(r->cells[i].samples);
	r->n_cells = 0;
}

int results_add(struct results *r, const struct measure *m, uint32_t param, unsigned int rounds)
{
	struct sample *samples = calloc(r->n_over * rounds, sizeof(*samples));

	assert(r->n_cells < CELLS_MAX);
	if (!samples)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_over * rounds; i++)
		for (size_t k = 0; k < METRIC_N; k++)
			samples[i].values[k] = NAN;
	r->cells[r->n_cells++] = (struct cell){ m, param, rounds, samples };
	return 0;
}

struct sample *results_sample(const struct results *r, const struct cell *c, size_t over,
			      unsigned int round)
{
	assert(over < r->n_over && round < c->rounds);
	return &c->samples[over * c->rounds + round];
}

static void values_of(const struct results *r, const struct cell *c, size_t over,
		      enum metric metric, double *ret)
{
	for (unsigned int i = 0; i < c->rounds; i++) {
		const struct sample *s = results_sample(r, c, over, i);

		ret[i] = verdict_holds(r->over[over], &s->verdict) ? s->values[metric] : NAN;
	}
}

struct stats results_stats(const struct results *r, const struct cell *c, size_t over,
			   enum metric metric)
{
	double values[OPTIONS_ROUNDS_MAX];

	values_of(r, c, over, metric, values);
	return stats_of(values, c->rounds);
}

struct stats results_ratio(const struct results *r, const struct cell *c, size_t over,
			   enum metric metric)
{
	double first[OPTIONS_ROUNDS_MAX], values[OPTIONS_ROUNDS_MAX];

	values_of(r, c, 0, metric, first);
	values_of(r, c, over, metric, values);
	return stats_of_ratios(first, values, c->rounds);
}

const struct verdict *results_verdict(const struct results *r, const struct cell *c, size_t over)
{
	for (unsigned int i = 0; i < c->rounds; i++) {
		const struct sample *s = results_sample(r, c, over, i);

		if (!verdict_holds(r->over[over], &s->verdict) || i + 1 == c->rounds)
			return &s->verdict;
	}
	return NULL; /* not reached: there is a round */
}

const struct verdict *results_refused(const struct results *r, enum transport *ret_over)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		for (size_t over = 0; over < r->n_over; over++) {
			const struct verdict *v = results_verdict(r, &r->cells[i], over);

			if (!verdict_holds(r->over[over], v)) {
				*ret_over = r->over[over];
				return v;
			}
		}
	}
	return NULL;
}
