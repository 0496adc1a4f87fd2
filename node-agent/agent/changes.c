/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding again about pods when the source or the node changed, a few at a time: ten thousand
 * namespaces may change at once, and an ADD, a probe or a scrape must not wait for all of that. */
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

#define SLICE 32 /* pods a turn: well below a millisecond */
#define BACKLOG_MAX 8 /* jobs that wait; more would be in an ADD's way */
#define PAUSE_MS 1 /* other things of the loop have their turn */

static void on_changes(void *arg);

static void wake(struct agent *agent, int64_t due_ms)
{
	agent->changes_timer.fn = on_changes;
	agent->changes_timer.arg = agent;
	if (!agent->changes_timer.due_ms)
		loop_arm(agent->loop, &agent->changes_timer, due_ms);
}

/* Returns false when more is to be done. */
static bool decide_some(struct agent *agent)
{
	struct attach *a;

	for (int i = 0; i < SLICE; i++) {
		if (worker_backlog(agent->worker) >= BACKLOG_MAX)
			return TAILQ_EMPTY(&agent->table.undecided);
		a = attach_next_undecided(&agent->table);
		if (!a)
			return true;
		agent_decide_again(agent, a);
	}
	return TAILQ_EMPTY(&agent->table.undecided);
}

static void on_changes(void *arg)
{
	struct agent *agent = arg;

	if (agent->source_news) {
		agent->source_news = false;
		listen_source_changed(agent);
	}
	if (!decide_some(agent)) {
		wake(agent, clock_now_ms() + PAUSE_MS);
		return;
	}
	agent_events_node(agent);
	if (agent->generation_due) {
		agent->generation_due = false;
		job_generation(agent);
	}
}

static void mark(void *arg, struct attach *a)
{
	struct agent *agent = arg;

	attach_undecide(&agent->table, a);
}

void agent_decide_later(struct agent *agent, struct attach *a)
{
	mark(agent, a);
	wake(agent, clock_now_ms());
}

void agent_decide_all_later(struct agent *agent)
{
	for (struct attach *a = agent->table.first; a; a = a->next)
		mark(agent, a);
	wake(agent, clock_now_ms());
}

void agent_source_changed(void *arg, const char *namespace, const char *name)
{
	struct agent *agent = arg;

	if (namespace)
		attach_each_of(&agent->table, namespace, name, mark, agent);
	else
		agent_decide_all_later(agent);
	if (!namespace || (!name[0] && agent_is_own_namespace(namespace)))
		agent_look_at_switch(agent);
	agent->source_news = agent->generation_due = true;
	wake(agent, clock_now_ms());
	if (name[0] && source_may_lag(agent->source))
		return; /* pods of the API server are not kept */
	agent->kept.stale = true;
	agent_keep_namespaces(agent);
}
