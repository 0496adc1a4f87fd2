/* SPDX-License-Identifier: Apache-2.0 */
/* What comes with time: the sweep, statistics, pods that nobody told of. */
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/installer.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

#define TICK_MS 1000

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

void agent_want_stats(struct agent *agent)
{
	int64_t due = clock_now_ms();

	if (agent->started && (agent->stats_busy || job_stats(agent) == 0))
		due += AGENT_STATS_MS;
	if (agent->stats_timer.due_ms) /* somebody waits already, and not longer */
		return;
	agent->stats_timer.fn = on_stats_timer;
	agent->stats_timer.arg = agent;
	loop_arm(agent->loop, &agent->stats_timer, due);
}

/* ---- sweep ---- */

void agent_look_for_earlier(struct agent *agent)
{
	const char *network = installer_network(agent->installer);

	if (network[0] && !agent->stopping && !agent_source_not_ready(agent))
		(void)job_earlier(agent, network);
}

/* Each tick its share, so that all are seen once in AGENT_SWEEP_S and no ADD waits long behind
 * it. */
static void sweep(struct agent *agent)
{
	struct attach *some[ATTACH_MAX / AGENT_SWEEP_S + 1];
	int share = (agent->table.n + AGENT_SWEEP_S - 1) / AGENT_SWEEP_S;
	int turn = agent->sweep_tick++ % AGENT_SWEEP_S;
	int i = 0, n = 0;

	for (struct attach *a = agent->table.first; a && n < share; a = a->next) {
		if (i++ >= turn * share)
			some[n++] = a;
	}
	if (turn == 0) {
		(void)job_pending(agent);
		agent_look_for_earlier(agent);
		agent_events_sweep(agent);
	}
	if (n > 0 || turn == 0)
		(void)job_sweep(agent, some, n, turn == 0);
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
	loop_arm(agent->loop, &agent->sweep_timer, clock_now_ms() + TICK_MS);
}
