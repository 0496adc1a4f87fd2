/* SPDX-License-Identifier: Apache-2.0 */
/* What one pod's sockets did, as last read from the kernel. */
#ifndef SMC_AGENT_STATS_H
#define SMC_AGENT_STATS_H

#include <stdbool.h>

#include "bpf/offer.h"
#include "bpf/steer.h"
#include "common/err.h"
#include "common/smc_nl.h"
#include "node-agent/model/tally.h"

struct stats {
	bool has_counters; /* the pod has, or had, a map entry */
	struct steer_counters counters;
	bool has_offers; /* the pod has, or had, rules */
	struct offer_counts offers;
	bool has_smc; /* smc and tally were read at least once */
	struct smc_stats smc;
	struct tally tally;
	char why[128]; /* why smc was not read the last time; "" = it was */
};

/* One reading, by the worker. */
struct stats_reading {
	bool has_counters;
	struct steer_counters counters;
	bool has_offers;
	struct offer_counts offers;
	int smc_rc; /* 0: smc holds; else err says why not */
	struct smc_stats smc;
	bool has_seen; /* seen[i]: smc.fallbacks[i] as the programs on handshakes counted it */
	uint64_t seen[2 * SMC_FALLBACK_MAX];
	struct err err;
};

/* Takes a reading over; what could not be read keeps its last value. */
void stats_take(struct stats *stats, const struct stats_reading *reading);
/* Adds what `more` has to `sum`: the one place where statistics are added up. */
void stats_add(struct stats *sum, const struct stats *more);

#endif
