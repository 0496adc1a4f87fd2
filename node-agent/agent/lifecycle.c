/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an attachment: admitted or adopted, job by job, until it is forgotten. */
#include <errno.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

static void forget(struct agent *agent, struct attach *a)
{
	struct wire_attachment key = *attach_key(a);
	struct record *successor = TAKE_PTR(a->successor);
	struct podnet undo = a->rec->undo;
	struct netns_id netns = a->rec->netns;
	bool rolled_back = !a->commit && !a->adopted;

	attach_drop(&agent->table, a);
	/* Its plugin may have left a request meanwhile, which scans have passed over so far. */
	if (successor)
		agent_adopt(agent, successor, false);
	else if (rolled_back)
		(void)job_pending(agent);
	listen_gone(agent, &key, &undo, &netns);
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

static void unwant(const struct agent *agent, struct attach *a, bool undo_netns)
{
	a->wanted = false;
	a->waits = false;
	a->undo_netns |= undo_netns;
	record_free(TAKE_PTR(a->successor));
	if (a->session)
		listen_lost(agent, a);
}

void agent_unwant(struct agent *agent, struct attach *a, bool undo_netns)
{
	unwant(agent, a, undo_netns);
	agent_kick(agent, a);
}

void agent_unwant_later(struct agent *agent, struct attach *a, bool undo_netns)
{
	unwant(agent, a, undo_netns);
	agent_decide_later(agent, a);
}

enum agent_admission agent_admit(struct agent *agent, struct record *rec, bool may_wait,
				 struct attach **ret, struct err *err)
{
	struct attach *a = attach_add(&agent->table, rec);

	if (!a) {
		record_free(rec);
		(void)err_set(err, -ENOSPC, "the agent's table of pods is full");
		return AGENT_FULL;
	}
	agent_decide(agent, a);
	if (a->verdict.unknown && may_wait) {
		attach_drop(&agent->table, a);
		return AGENT_UNHEARD;
	}
	if (a->verdict.refuse) {
		(void)err_set(err, -EPERM, "%s", a->verdict.why);
		agent_events_refused(agent, a);
		attach_drop(&agent->table, a);
		return AGENT_REFUSED;
	}
	wish_copy(&a->rec->wish, &a->wish);
	*ret = a;
	return AGENT_ADMITTED;
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
	a->fallbacks_told = a->bounded_told = ATTACH_TOLD_UNKNOWN;
	a->wanted = rec->phase == RECORD_COMMITTED;
	agent_decide_later(agent, a);
}
