#include "node-agent/agent/agent.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/installer.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

#define TICK_MS 1000

/* ---- the node ---- */

const char *agent_not_ready(const struct agent *agent)
{
	const char *missing = facts_why_not(&agent->facts);

	if (agent->trouble.msg[0])
		return agent->trouble.msg;
	if (!agent->started)
		return "the agent is starting";
	if (missing)
		return missing;
	return agent_source_not_ready(agent);
}

static void policy_facts(const struct facts *facts, struct policy_node *ret)
{
	const char *missing = facts_why_not(facts);

	memset(ret, 0, sizeof(*ret));
	ret->steering = facts->smc.ok && facts->hook.ok && facts->selinux.ok;
	ret->ueid = facts->ueid.ok;
	ret->ulp_unsafe = facts->steer.ulp_unsafe;
	if (missing)
		(void)snprintf(ret->why_not, sizeof(ret->why_not), "%s", missing);
}

static void log_fact(const struct facts_row *row, const struct fact *before, const struct fact *now)
{
	if (now->doubt[0] && !before->doubt[0])
		log_warn("cannot look whether the node has it, going on with what was seen last", "check",
			 row->name, "err", now->doubt);
	if (row->told || (before->ok == now->ok && !strcmp(before->why, now->why)))
		return;
	if (now->ok)
		log_info("the node has it", "check", row->name);
	else if (row->needed)
		log_warn("the node lacks it", "check", row->name, "err", now->why, "advice", row->advice);
	else
		log_info("the node has no such extra", "check", row->name, "why", now->why);
}

void agent_new_facts(struct agent *agent, const struct facts *facts)
{
	struct facts before = agent->facts;

	agent->facts = *facts;
	for (size_t i = 0; i < facts_n; i++)
		log_fact(&facts_table[i], facts_get(&before, &facts_table[i]), facts_get(facts, &facts_table[i]));
	agent_keep_namespaces(agent);
	agent_decide_all_later(agent);
}

/* ---- one attachment ---- */

static bool is_own(const struct wire_pod *pod)
{
	const char *namespace = getenv("POD_NAMESPACE"), *name = getenv("POD_NAME");

	return namespace && name && !strcmp(namespace, pod->namespace) && !strcmp(name, pod->name);
}

/* What an earlier run put in force stays until it is known what is wanted now. */
static bool stays_as_it_is(const struct agent *agent, struct attach *a)
{
	if (a->inherited && (!agent->source || !source_may_lag(agent->source) ||
			     source_synced(agent->source)))
		a->inherited = false;
	if (!a->inherited)
		return false;
	a->wish = a->rec->wish;
	a->verdict.steer = a->wish.steer;
	a->verdict.refuse = a->verdict.unavailable = a->verdict.unknown = false;
	(void)snprintf(a->verdict.why, sizeof(a->verdict.why),
		       "%s, as before the agent's start: it has not heard from the API server yet",
		       a->wish.steer ? "steered" : "stays TCP");
	return true;
}

void agent_decide(struct agent *agent, struct attach *a)
{
	const struct wire_prepare *req = &a->rec->req;
	struct policy_pod pod = {
		.namespace = req->pod.namespace,
		.name = req->pod.name,
		.own = is_own(&req->pod),
		.annotations = req->annotations,
	};
	struct policy_node node;
	bool had_host = a->rec->wish.host || (a->busy && a->wish.host);

	agent_ask_source(agent, a, &pod);
	policy_facts(&agent->facts, &node);
	policy_decide(agent->config, &node, &pod, &a->verdict);
	if (!stays_as_it_is(agent, a))
		wish_make(agent->config, &agent->facts, req, &a->verdict, had_host, &a->wish);
}

/* Policy again, for one that is there. */
void agent_decide_again(struct agent *agent, struct attach *a)
{
	struct policy_verdict before = a->verdict;
	struct wish wish = a->wish;
	char name[2 * WIRE_NAME_MAX];

	agent_decide(agent, a);
	if (!wish_equal(&wish, &a->wish))
		a->waits = a->waits && !a->wanted; /* a failure of the old wish holds nothing up */
	else if (strcmp(before.why, a->verdict.why) != 0)
		log_info(a->verdict.steer ? "pod stays steered" : "pod stays on TCP", "pod",
			 attach_name(a, name, sizeof(name)), "why", a->verdict.why);
	agent_events_decided(agent, a);
	agent_kick(agent, a);
}

static void forget(struct agent *agent, struct attach *a)
{
	struct wire_attachment key = *attach_key(a);
	struct record *successor = TAKE_PTR(a->successor);
	struct podnet undo = a->rec->undo;
	bool rolled_back = !a->commit && !a->adopted;

	attach_drop(&agent->table, a);
	/* Its plugin may have left the request meanwhile; the scan passed over it till now. */
	if (successor)
		agent_adopt(agent, successor, false);
	else if (rolled_back)
		(void)job_pending(agent);
	listen_gone(agent, &key, &undo);
}

void agent_kick(struct agent *agent, struct attach *a)
{
	struct reconcile_state state = attach_state(a);
	enum reconcile_action action = reconcile(&state);

	if (action == RECONCILE_FORGET)
		forget(agent, a);
	else if (action != RECONCILE_NOTHING && job_pod(agent, a, action) < 0)
		log_error("out of memory, a pod waits"); /* for the next sweep */
}

void agent_unwant(struct agent *agent, struct attach *a, bool undo_netns)
{
	a->wanted = false;
	a->waits = false;
	a->undo_netns |= undo_netns;
	record_free(TAKE_PTR(a->successor));
	if (a->session)
		listen_lost(agent, a);
	agent_kick(agent, a);
}

void agent_adopt(struct agent *agent, struct record *rec, bool inherited)
{
	struct attach *old = attach_find(&agent->table, &rec->req.attachment), *a;

	if (old && !old->wanted) {
		record_free(old->successor);
		old->successor = rec;
		return;
	}
	a = old ? NULL : attach_add(&agent->table, rec);
	if (!a) { /* known, or no room: its record stays for the next start */
		record_free(rec);
		return;
	}
	a->inherited = inherited;
	agent_decide(agent, a);
	a->adopted = a->damaged = true; /* nobody has looked yet */
	a->fallbacks_told = ATTACH_FALLBACKS_UNKNOWN;
	a->wanted = rec->phase == RECORD_COMMITTED;
	agent_decide_later(agent, a);
}

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

/* Each tick its share, so that all are seen once in AGENT_SWEEP_S and no ADD waits long behind it. */
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
