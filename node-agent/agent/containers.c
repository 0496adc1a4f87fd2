/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/containers.h"

#include <errno.h>
#include <string.h>

#include "node-agent/object/containers.h"
#include "node-agent/parse/k8s_name.h"

void agent_containers_seen(struct attach *a, struct text *known)
{
	if (!known)
		return;
	text_unref(a->containers_known);
	a->containers_known = text_ref(known);
}

const char *agent_containers_never(const struct agent *agent, const struct attach *a)
{
	if (!agent->facts.cgroup.ok)
		return agent->facts.cgroup.why;
	if (!a->rec->req.cgroup_path[0])
		return "the runtime passed no cgroup path";
	if (a->containers_known || agent->runtime_tells || !agent->source ||
	    source_may_lag(agent->source))
		return NULL;
	return "manifests without a status do not say which containers run";
}

/* ---- the runtime's voice ---- */

struct telling {
	struct agent *agent;
	const struct wire_pod *pod;
	const char *name, *id;
	int r;
};

static void tell_one(void *arg, struct attach *a)
{
	struct telling *t = arg;
	const char *uid = a->rec->req.pod.uid;
	struct text *told;

	if (uid[0] && t->pod->uid[0] && strcmp(uid, t->pod->uid) != 0)
		return;
	told = containers_tell(text_get(a->containers_told), t->name, t->id ? t->id : "");
	if (!told) {
		t->r = -ENOMEM;
		return;
	}
	if (t->r == -ENOENT)
		t->r = 0;
	text_unref(a->containers_told);
	a->containers_told = told;
	agent_decide_later(t->agent, a);
}

int agent_container_is(struct agent *agent, const struct wire_pod *pod, const char *name,
		       const char *id)
{
	struct telling t = { .agent = agent, .pod = pod, .name = name, .id = id, .r = -ENOENT };

	if (!k8s_name_label(name) || (id && !containers_id_valid(id)))
		return -EINVAL;
	attach_each_of(&agent->table, pod->namespace, pod->name, tell_one, &t);
	return t.r;
}

bool agent_container_settled(const struct attach *a)
{
	struct reconcile_state state = attach_state(a);

	return !a->is_undecided && reconcile(&state) == RECONCILE_NOTHING && !a->busy;
}
