/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/latency.h"

#include <string.h>

const uint64_t latency_bucket_us[LATENCY_N_BUCKETS] = {
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2000000, 5000000,
};

static const char *const verb_texts[LATENCY_N_VERBS] = {
	"prepare", "commit", "del", "check", "node", "gc", "status",
};

void latency_observe(struct latency *l, uint64_t duration_us)
{
	for (int i = 0; i < LATENCY_N_BUCKETS; i++) {
		if (duration_us <= latency_bucket_us[i]) {
			l->buckets[i]++;
			break;
		}
	}
	l->count++;
	l->sum_us += duration_us;
}

enum latency_verb latency_verb(const char *text)
{
	enum latency_verb v = LATENCY_PREPARE;

	while (v < LATENCY_N_VERBS && strcmp(text, verb_texts[v]) != 0)
		v++;
	return v;
}

const char *latency_verb_text(enum latency_verb verb)
{
	return verb_texts[verb];
}
