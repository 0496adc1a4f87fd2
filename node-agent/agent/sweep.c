/* SPDX-License-Identifier: Apache-2.0 */
/* What comes with time: the sweep, statistics, pods that nobody told of. */
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/installer.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

#define TICK_MAX_MS 1000
#define TICK_PODS 8 /* an ADD stands behind no more of them */

_Static_assert(TICK_PODS *AGENT_SWEEP_S * 1000 / ATTACH_MAX >= 20, "ticks are not too many");

/* ---- statistics ---- */

void agent_stats_ready(struct agent *agent)
{
	loop_disarm(&agent->stats_timer);
	listen_stats_ready(agent);
}

static void on_stats_timer(void *arg)
{
	agent_stats_ready(arg);
}

/* Anybody may ask for metrics in a loop. */
static bool stats_are_fresh(const struct agent *agent)
{
	int64_t fresh_ms = AGENT_STATS_SHARE * agent->stats_took_ms;

	if (fresh_ms < AGENT_STATS_FRESH_MS)
		fresh_ms = AGENT_STATS_FRESH_MS;
	return agent->stats_ms && clock_now_ms() - agent->stats_ms < fresh_ms;
}

static void want_stats(struct agent *agent, bool anew)
{
	int64_t due = clock_now_ms();

	if (agent->started && anew && (agent->stats_busy || job_stats(agent) == 0))
		due += AGENT_STATS_MS;
	if (agent->stats_timer.due_ms) /* somebody waits already, and not longer */
		return;
	agent->stats_timer.fn = on_stats_timer;
	agent->stats_timer.arg = agent;
	loop_arm(agent->loop, &agent->stats_timer, due);
}

void agent_want_stats(struct agent *agent)
{
	want_stats(agent, true);
}

void agent_want_recent_stats(struct agent *agent)
{
	want_stats(agent, !stats_are_fresh(agent));
}

/* ---- sweep ---- */

void agent_look_for_earlier(struct agent *agent)
{
	const char *network = installer_network(agent->installer);

	if (network[0] && !agent->stopping && !agent_source_not_ready(agent))
		(void)job_earlier(agent, network);
}

/* The more pods, the shorter the ticks: all are seen once in AGENT_SWEEP_S, few in one tick. */
static int tick_ms(const struct agent *agent)
{
	int pods = agent->table.n > 0 ? agent->table.n : 1;
	int ms = TICK_PODS * AGENT_SWEEP_S * 1000 / pods;

	return ms > TICK_MAX_MS ? TICK_MAX_MS : ms;
}

/* A round over all pods begins with a look at the node, AGENT_SWEEP_S after the one before. */
static void sweep(struct agent *agent)
{
	int round_ms = AGENT_SWEEP_S * 1000, n = 0;
	int share = (agent->table.n * tick_ms(agent) + round_ms - 1) / round_ms;
	bool begin = !agent->table.in_round;
	int64_t now_ms = clock_now_ms();
	struct attach *some[TICK_PODS], *a;

	if (begin && agent->look_ms && now_ms - agent->look_ms < round_ms)
		return;
	if (begin)
		agent->look_ms = now_ms;
	while (n < share && n < TICK_PODS && (a = attach_next_in_turn(&agent->table)))
		some[n++] = a;
	if (begin) {
		(void)job_pending(agent);
		agent_look_for_earlier(agent);
		agent_events_sweep(agent);
	}
	if (n > 0 || begin)
		(void)job_sweep(agent, some, n, begin);
}

static void on_tick(void *arg)
{
	struct agent *agent = arg;

	if (!agent->sweep_busy)
		sweep(agent);
	agent_sweep_begin(agent);
}

void agent_sweep_begin(struct agent *agent)
{
	agent->sweep_timer.fn = on_tick;
	agent->sweep_timer.arg = agent;
	loop_arm(agent->loop, &agent->sweep_timer, clock_now_ms() + tick_ms(agent));
}
