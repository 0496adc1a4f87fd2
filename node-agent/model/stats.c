#include "node-agent/model/stats.h"

#include <stdio.h>

void stats_take(struct stats *stats, const struct stats_reading *reading)
{
	if (reading->has_counters) {
		stats->has_counters = true;
		stats->counters = reading->counters;
	}
	(void)snprintf(stats->why, sizeof(stats->why), "%.*s", (int)sizeof(stats->why) - 1,
		       reading->smc_rc < 0 ? reading->err.msg : "");
	if (reading->smc_rc < 0)
		return;
	stats->has_smc = true;
	stats->smc = reading->smc;
	tally_update(&stats->tally, &reading->smc);
}
