/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/events/gate.h"

#include <string.h>

/* Where the id is, or the free slot where it belongs: there always is one. */
static uint64_t *slot(struct event_gate *g, uint64_t id)
{
	uint64_t i = id;

	while (g->told[i % EVENT_GATE_SLOTS] && g->told[i % EVENT_GATE_SLOTS] != id)
		i++;
	return &g->told[i % EVENT_GATE_SLOTS];
}

enum event_gate_answer event_gate_ask(struct event_gate *g, uint64_t id, int64_t hour)
{
	if (g->hour != hour) {
		memset(g->told, 0, sizeof(g->told));
		g->n = 0;
		g->hour = hour;
	}
	if (*slot(g, id))
		return EVENT_GATE_TOLD;
	return g->n < EVENT_GATE_MAX ? EVENT_GATE_NEW : EVENT_GATE_FULL;
}

void event_gate_told(struct event_gate *g, uint64_t id)
{
	uint64_t *p = slot(g, id);

	if (*p || g->n >= EVENT_GATE_MAX)
		return;
	*p = id;
	g->n++;
}

int64_t event_gate_take(struct event_gate *g, int64_t now_ms)
{
	int64_t come;

	if (!g->begun) {
		g->begun = true;
		g->tokens = EVENT_GATE_BURST;
		g->filled_ms = now_ms;
	}
	come = (now_ms - g->filled_ms) / EVENT_GATE_REFILL_MS;
	g->filled_ms += come * EVENT_GATE_REFILL_MS;
	if (come >= EVENT_GATE_BURST - g->tokens) { /* a full bucket takes no more */
		g->tokens = EVENT_GATE_BURST;
		g->filled_ms = now_ms;
	} else {
		g->tokens += (int)come;
	}
	if (g->tokens == 0)
		return g->filled_ms + EVENT_GATE_REFILL_MS - now_ms;
	g->tokens--;
	return 0;
}
