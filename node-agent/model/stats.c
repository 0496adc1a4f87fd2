/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/stats.h"

#include <stddef.h>
#include <stdio.h>

void stats_take(struct stats *stats, const struct stats_reading *reading)
{
	if (reading->has_counters) {
		stats->has_counters = true;
		stats->counters = reading->counters;
	}
	if (reading->has_offers) {
		stats->has_offers = true;
		stats->offers = reading->offers;
	}
	(void)snprintf(stats->why, sizeof(stats->why), "%.*s", (int)sizeof(stats->why) - 1,
		       reading->smc_rc < 0 ? reading->err.msg : "");
	if (reading->smc_rc < 0)
		return;
	stats->has_smc = true;
	stats->smc = reading->smc;
	tally_update(&stats->tally, &reading->smc, reading->has_seen ? reading->seen : NULL);
}

/* These structs have nothing but counters of 64 bits, so a new counter is added up without a change
 * here. */
#define COUNTERS(type) (sizeof(type) / sizeof(uint64_t))
_Static_assert(sizeof(struct steer_counters) == COUNTERS(struct steer_counters) * sizeof(uint64_t),
	       "counters alone");
_Static_assert(sizeof(struct offer_counts) == COUNTERS(struct offer_counts) * sizeof(uint64_t),
	       "counters alone");
#define SMC_COUNTERS (offsetof(struct smc_stats, n_fallbacks) / sizeof(uint64_t))
_Static_assert(offsetof(struct smc_stats, n_fallbacks) == SMC_COUNTERS * sizeof(uint64_t),
	       "counters alone");

static void add(void *sum, const void *more, size_t n)
{
	uint64_t *to = sum;
	const uint64_t *from = more;

	for (size_t i = 0; i < n; i++)
		to[i] += from[i];
}

void stats_add(struct stats *sum, const struct stats *more)
{
	sum->has_counters |= more->has_counters;
	sum->has_offers |= more->has_offers;
	sum->has_smc |= more->has_smc;
	add(&sum->counters, &more->counters, COUNTERS(struct steer_counters));
	add(&sum->offers, &more->offers, COUNTERS(struct offer_counts));
	add(&sum->smc, &more->smc, SMC_COUNTERS);
	tally_add(&sum->tally, &more->tally);
}
