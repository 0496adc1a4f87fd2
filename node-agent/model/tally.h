/* SPDX-License-Identifier: Apache-2.0 */
/* Fallbacks of one pod, counted on: the kernel's counters are 16 bits wide and wrap. Pure; owned
 * by the loop.
 *
 * A count is at least what it was, and at least what the programs on SMC's handshakes have seen
 * (bpf/flows.h), who see every one while an agent runs; the kernel's counter has its low 16 bits.
 * So the two check each other: a count is wrong only if more than 64511 came that neither an update
 * nor the programs saw.
 */
#ifndef SMC_AGENT_TALLY_H
#define SMC_AGENT_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/smc_nl.h"

struct tally_entry {
	const char *name; /* of smc_fallback_reason(): static */
	const char *text;
	const char *advice; /* or NULL */
	bool server;
	uint64_t count;
};

struct tally_reason {
	uint32_t code;
	bool server;
	uint64_t count;
};

struct tally { /* all zero: empty */
	int n;
	struct tally_reason reasons[2 * SMC_FALLBACK_MAX];
};

/* Adds what has come since the update before. seen[i]: what the programs have counted of
 * stats->fallbacks[i], read before or after it; NULL: there are none. */
void tally_update(struct tally *t, const struct smc_stats *stats, const uint64_t *seen);

/* Adds the counts of another tally, of another namespace. */
void tally_add(struct tally *sum, const struct tally *more);

/* One entry for each (role, name), most frequent first: several codes may share a name. Returns
 * their number, at most 2 * SMC_FALLBACK_MAX, the size of `ret`. */
int tally_list(const struct tally *t, struct tally_entry *ret);

#endif
