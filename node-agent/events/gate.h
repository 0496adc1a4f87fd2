/* SPDX-License-Identifier: Apache-2.0 */
/* Which events go out, and when: each once an hour, and all together no faster than the API server
 * likes. Pure: the caller says what time it is.
 */
#ifndef SMC_AGENT_EVENT_GATE_H
#define SMC_AGENT_EVENT_GATE_H

#include <stdbool.h>
#include <stdint.h>

#define EVENT_GATE_BURST 25 /* events that may go at once */
#define EVENT_GATE_REFILL_MS 2000 /* then one in this time */
#define EVENT_GATE_SLOTS 4096 /* a power of two */
#define EVENT_GATE_MAX 2048 /* events an hour: 1800 + the burst is what the refill allows */

struct event_gate { /* all zero: nothing was told, the burst is there */
	int64_t hour;
	int n;
	uint64_t told[EVENT_GATE_SLOTS]; /* ids of this hour, hashed by their low bits; 0: free */
	bool begun;
	int tokens;
	int64_t filled_ms; /* when the last token came */
};

enum event_gate_answer {
	EVENT_GATE_NEW,
	EVENT_GATE_TOLD, /* in this hour already */
	EVENT_GATE_FULL, /* not told, and as many as an hour may have were */
};

/* Whether the event of that id (not 0) is to be told. An hour is any number that grows: what was
 * told is forgotten when it changes. */
enum event_gate_answer event_gate_ask(struct event_gate *g, uint64_t id, int64_t hour);
/* From now on it counts as told. */
void event_gate_told(struct event_gate *g, uint64_t id);
/* Takes a token and returns 0, or returns the milliseconds until there will be one. now_ms never
 * goes back. */
int64_t event_gate_take(struct event_gate *g, int64_t now_ms);

#endif
