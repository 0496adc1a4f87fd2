/* SPDX-License-Identifier: Apache-2.0 */
/* All samples of a run, and what they say. */
#ifndef SMC_PERF_RESULTS_H
#define SMC_PERF_RESULTS_H

#include "perf/measure.h"
#include "perf/stats.h"

/* One measure with one parameter. */
struct cell {
	const struct measure *measure;
	uint32_t param;
	unsigned int rounds;
	struct sample *samples; /* of each transport all rounds, one transport after the other */
};

#define CELLS_MAX (MEASURES_N * MEASURE_PARAMS_MAX)

struct results {
	size_t n_over;
	enum transport over[TRANSPORT_N];
	size_t n_cells;
	struct cell cells[CELLS_MAX];
};

void results_free(struct results *r); /* what it has, not r itself */

/* A cell more, all of whose values are NAN. -ENOMEM. */
int results_add(struct results *r, const struct measure *m, uint32_t param, unsigned int rounds);

struct sample *results_sample(const struct results *r, const struct cell *c, size_t over,
			      unsigned int round);

/* Of the rounds of the transport `over`; of one in which it was not what it should be nothing is
 * known. */
struct stats results_stats(const struct results *r, const struct cell *c, size_t over,
			   enum metric metric);
/* That of each round to what the first transport had in the same round. */
struct stats results_ratio(const struct results *r, const struct cell *c, size_t over,
			   enum metric metric);

/* What it was in this cell: of the first round that does not hold, else of the last one. */
const struct verdict *results_verdict(const struct results *r, const struct cell *c, size_t over);
/* The first verdict of all that does not hold; NULL: all do. ret_over: whose. */
const struct verdict *results_refused(const struct results *r, enum transport *ret_over);

#endif
