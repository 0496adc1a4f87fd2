/* SPDX-License-Identifier: Apache-2.0 */
/* How long requests on the agent's socket took, a histogram a verb. Pure. */
#ifndef SMC_AGENT_LATENCY_H
#define SMC_AGENT_LATENCY_H

#include <stdint.h>

/* The label verb of smc_cni_request_duration_seconds. */
enum latency_verb {
	LATENCY_PREPARE,
	LATENCY_COMMIT,
	LATENCY_DEL,
	LATENCY_CHECK,
	LATENCY_NODE,
	LATENCY_GC,
	LATENCY_STATUS,
	LATENCY_N_VERBS,
};

#define LATENCY_N_BUCKETS 12

extern const uint64_t latency_bucket_us[LATENCY_N_BUCKETS]; /* upper bounds */

struct latency { /* all zero: empty */
	uint64_t buckets[LATENCY_N_BUCKETS]; /* not cumulative; the rest is in count only */
	uint64_t count;
	uint64_t sum_us;
};

void latency_observe(struct latency *l, uint64_t duration_us);

/* LATENCY_N_VERBS when it is none of the wire's verbs. */
enum latency_verb latency_verb(const char *text);
const char *latency_verb_text(enum latency_verb verb);

#endif
