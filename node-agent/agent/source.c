/* What the agent makes of its source: who asks for what, and what is kept of it on disk. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/names.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/job.h"

#define KEEP_MS 200 /* from one writing of what is kept to the next */

const char *agent_source_not_ready(const struct agent *agent)
{
	const char *why;

	if (!agent->source || source_synced(agent->source))
		return NULL;
	why = source_why(agent->source);
	return why[0] ? why : "the agent has not heard from the API server yet";
}

/* Of a static pod the runtime passes the hash of its configuration as uid; its mirror in the API has
 * another uid, and the hash as an annotation. */
static bool is_same(const struct object_pod *known, const char *uid)
{
	const char *hash = json_string_value(json_object_get(known->annotations, NAMES_CONFIG_HASH));

	return !known->uid[0] || !uid[0] || !strcmp(known->uid, uid) || (hash && !strcmp(hash, uid));
}

/* The source's pod of that name; not one that took the name of the attachment's. */
static const struct object_pod *known_pod(const struct agent *agent, const struct wire_pod *pod)
{
	const struct object_pod *known;

	if (!agent->source || !pod->name[0])
		return NULL;
	known = source_pod(agent->source, pod->namespace, pod->name);
	return known && is_same(known, pod->uid) ? known : NULL;
}

void agent_ask_source(const struct agent *agent, struct attach *a, struct policy_pod *ret)
{
	const struct wire_pod *pod = &a->rec->req.pod;
	const struct object_pod *known = known_pod(agent, pod);
	const struct object_namespace *ns =
		agent->source ? source_namespace(agent->source, pod->namespace) : NULL;

	if (known) {
		ret->host_network = known->host_network;
		ret->annotations = known->annotations;
	}
	if (known && source_may_lag(agent->source)) {
		json_decref(a->known);
		a->known = json_incref(known->annotations);
	} else if (a->known) { /* its object may go before its containers do */
		ret->annotations = a->known;
	}
	if (ns)
		ret->namespace_annotations = ns->annotations;
	if (!agent->source || !source_may_lag(agent->source))
		return;
	/* Every pod has a namespace; a runtime that passes annotations passes all of them. */
	ret->unknown = !ret->annotations;
	ret->namespace_unknown = !ns;
}

/* ---- what is kept on disk ---- */

static void on_keep(void *arg)
{
	struct agent *agent = arg;

	if (!agent->kept.bad) /* that is tried again with the next sweep */
		agent_keep_namespaces(agent);
}

/* One at a time, with a pause: what a burst of changes brings is written once. */
void agent_keep_namespaces(struct agent *agent)
{
	struct agent_kept *kept = &agent->kept;

	/* Nothing is written over what an earlier run knew before it is known better. */
	if (!agent->source || !source_namespaces_known(agent->source) || !kept->stale || kept->busy ||
	    agent->keep_timer.due_ms)
		return;
	if (job_keep(agent) < 0)
		return; /* with the next sweep */
	agent->keep_timer.fn = on_keep;
	agent->keep_timer.arg = agent;
	loop_arm(agent->loop, &agent->keep_timer, clock_now_ms() + KEEP_MS);
}
