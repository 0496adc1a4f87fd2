/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/events.h"

#include "common/log.h"
#include "node-agent/agent/job.h"
#include "node-agent/events/events.h"
#include "node-agent/events/text.h"

static bool tell(struct agent *agent, const struct attach *a, enum events_reason reason,
		 const char *note)
{
	const struct wire_pod *pod = &a->rec->req.pod;

	return events_pod(agent->events, pod->namespace, pod->name, pod->uid, reason, note);
}

static void tell_node(struct agent *agent, const struct facts_row *missing)
{
	char note[EVENT_TEXT_MAX];

	(void)events_node(agent->events, EVENTS_UNAVAILABLE, missing->name,
			  event_node_text(facts_get(&agent->facts, missing)->why, note));
}

/* Whether somebody asked for this pod, or its namespace; not for the whole node. */
static bool is_asked(const struct policy_verdict *v)
{
	return v->wanted != POLICY_DISABLED &&
	       (v->origin == POLICY_FROM_POD || v->origin == POLICY_FROM_NAMESPACE);
}

static void tell_denied(struct agent *agent, const struct attach *a)
{
	const struct facts_row *missing = facts_first_missing(&agent->facts);
	const struct policy_verdict *v = &a->verdict;
	char note[EVENT_TEXT_MAX];

	if (v->invalid)
		(void)tell(agent, a, EVENTS_INVALID_ANNOTATION, event_denied_text(v, note));
	else if (v->unavailable && missing) /* one for the node, not one for each pod */
		tell_node(agent, missing);
	else if (!v->steer && !v->left_out && (v->unavailable || is_asked(v)))
		(void)tell(agent, a, EVENTS_UNAVAILABLE, event_denied_text(v, note));
	else if (v->steer && v->stray[0])
		(void)tell(agent, a, EVENTS_INVALID_ANNOTATION, event_stray_text(v, note));
}

void agent_events_decided(struct agent *agent, const struct attach *a)
{
	if (agent->events && a->wanted && a->rec->phase == RECORD_COMMITTED)
		tell_denied(agent, a);
}

void agent_events_refused(struct agent *agent, const struct attach *a)
{
	if (agent->events)
		tell_denied(agent, a);
}

void agent_events_changed(struct agent *agent, const struct attach *a)
{
	char note[EVENT_TEXT_MAX];

	if (!agent->events || a->rec->phase != RECORD_COMMITTED)
		return;
	if (a->steered && a->verdict.steer) /* the verdict may be newer */
		(void)tell(agent, a, EVENTS_STEERED,
			   event_steered_text(&a->verdict, a->late, a->listeners, note));
	agent_events_decided(agent, a);
}

void agent_events_node(struct agent *agent)
{
	const struct facts_row *missing = facts_first_missing(&agent->facts);

	if (!agent->events || !missing)
		return;
	for (const struct attach *a = agent->table.first; a; a = a->next) {
		if (a->wanted && a->verdict.unavailable) {
			tell_node(agent, missing);
			return;
		}
	}
}

void agent_events_closed(struct agent *agent, const struct path_entry *path)
{
	char note[EVENT_TEXT_MAX];

	for (const struct attach *a = agent->table.first; agent->events && a; a = a->next) {
		if (a->steered && a->rec->netns.cookie == path->value.cookie) {
			(void)tell(agent, a, EVENTS_PAUSED, event_closed_text(path, note));
			return;
		}
	}
}

/* ---- fallbacks ---- */

static bool any_steered(const struct agent *agent)
{
	for (const struct attach *a = agent->table.first; a; a = a->next) {
		if (a->steered)
			return true;
	}
	return false;
}

/* This is done where there are no events, too: tally.h relies on it. */
void agent_events_sweep(struct agent *agent)
{
	if (!agent->stats_busy && any_steered(agent))
		(void)job_stats(agent);
}

/* The statistics are those of the netns, so only one of its attachments tells. */
static bool is_first_of_netns(const struct agent *agent, const struct attach *a)
{
	for (const struct attach *b = agent->table.first; b != a; b = b->next) {
		if (b->rec->netns.cookie == a->rec->netns.cookie)
			return false;
	}
	return true;
}

static void tell_fallbacks(struct agent *agent, struct attach *a)
{
	uint64_t n = event_fallbacks(&a->stats.tally);
	char note[EVENT_TEXT_MAX];

	if (a->fallbacks_told == ATTACH_TOLD_UNKNOWN)
		a->fallbacks_told = n;
	if (n > a->fallbacks_told && is_first_of_netns(agent, a) &&
	    tell(agent, a, EVENTS_FALLBACK, event_fallback_text(&a->stats.tally, note)))
		a->fallbacks_told = n;
}

/* Someone is told, also where there are no events. */
static void tell_bounded(struct agent *agent, struct attach *a)
{
	uint64_t n = a->stats.counters.bounded;
	char note[EVENT_TEXT_MAX], name[2 * WIRE_NAME_MAX];

	if (a->bounded_told == ATTACH_TOLD_UNKNOWN)
		a->bounded_told = n;
	if (n <= a->bounded_told || !is_first_of_netns(agent, a))
		return;
	if (a->bounded_told == 0)
		log_warn("sockets of a pod stay TCP: too many connects wait for an answer", "pod",
			 attach_name(a, name, sizeof(name)));
	if (!agent->events || tell(agent, a, EVENTS_PAUSED, event_bounded_text(n, note)))
		a->bounded_told = n;
}

void agent_events_stats(struct agent *agent)
{
	for (struct attach *a = agent->table.first; a; a = a->next) {
		if (a->stats.has_smc && a->steered && agent->events)
			tell_fallbacks(agent, a);
		if (a->stats.has_counters && a->steered)
			tell_bounded(agent, a);
	}
}
