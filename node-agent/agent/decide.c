/* SPDX-License-Identifier: Apache-2.0 */
/* Decides what a pod gets now, from what it and its namespace say, what the node can, and what was
 * before. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/names.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/containers.h"
#include "node-agent/agent/events.h"

/* ---- what the source says ---- */

/* Of a static pod the runtime passes the hash of its configuration as uid; its mirror in the API
 * has another uid, and the hash as an annotation. */
static bool is_same(const struct object_pod *known, const char *uid)
{
	const char *hash =
		json_string_value(json_object_get(known->annotations, NAMES_CONFIG_HASH));

	return !known->uid[0] || !uid[0] || !strcmp(known->uid, uid) ||
	       (hash && !strcmp(hash, uid));
}

/* The source's pod of that name, unless it is another one, which has taken the name. */
static const struct object_pod *known_pod(const struct agent *agent, const struct wire_pod *pod)
{
	const struct object_pod *known;

	if (!agent->source || !pod->name[0])
		return NULL;
	known = source_pod(agent->source, pod->namespace, pod->name);
	return known && is_same(known, pod->uid) ? known : NULL;
}

/* Takes the object's annotations in place of those that ADD brought. */
static void ask_source(const struct agent *agent, struct attach *a, struct policy_pod *ret)
{
	const struct wire_pod *pod = &a->rec->req.pod;
	const struct object_pod *known = known_pod(agent, pod);
	const struct object_namespace *ns =
		agent->source ? source_namespace(agent->source, pod->namespace) : NULL;

	if (known) {
		ret->host_network = known->host_network;
		ret->annotations = known->annotations;
		agent_containers_seen(a, known->containers);
	}
	ret->containers_known = text_get(a->containers_known);
	ret->containers_told = text_get(a->containers_told);
	ret->containers_never = agent_containers_never(agent, a);
	if (known && source_may_lag(agent->source)) {
		json_decref(a->known);
		a->known = json_incref(known->annotations);
	} else if (a->known) { /* its object may be gone before its containers are */
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

/* ---- and what comes of it ---- */

static void policy_facts(const struct facts *facts, struct policy_node *ret)
{
	const char *missing = facts_why_not(facts);

	memset(ret, 0, sizeof(*ret));
	ret->steering = facts->smc.ok && facts->hook.ok && facts->offer.ok && facts->selinux.ok;
	ret->ueid = facts->ueid.ok;
	ret->ulp_unsafe = facts->steer.ulp_unsafe;
	if (missing)
		(void)snprintf(ret->why_not, sizeof(ret->why_not), "%s", missing);
}

static bool is_own(const struct wire_pod *pod)
{
	const char *namespace = getenv("POD_NAMESPACE"), *name = getenv("POD_NAME");

	return namespace && name && !strcmp(namespace, pod->namespace) && !strcmp(name, pod->name);
}

/* What an earlier run put in force stays until it is known what is wanted now. */
static bool stays_as_it_is(const struct agent *agent, struct attach *a)
{
	bool unheard = agent->source && source_may_lag(agent->source) &&
		       !source_synced(agent->source);
	bool unseen = facts_unknown(&agent->facts);

	if (a->inherited && !unheard && !unseen)
		a->inherited = false;
	if (!a->inherited)
		return false;
	wish_copy(&a->wish, &a->rec->wish);
	a->verdict.steer = a->wish.steer;
	a->verdict.refuse = a->verdict.unavailable = a->verdict.unknown = false;
	(void)snprintf(a->verdict.why, sizeof(a->verdict.why),
		       "%s, as before the agent's start: %s",
		       a->wish.steer ? "steered" : "stays TCP",
		       unheard ? "it has not heard from the API server yet" :
				 "the node could not be asked yet");
	return true;
}

/* Those that the pod names, if it does; *ret is the caller's. */
static int want_containers(const struct agent *agent, const struct attach *a,
			   const struct policy_pod *pod, struct text **ret)
{
	if (!a->verdict.steer || !a->verdict.named)
		return 0;
	*ret = containers_want(policy_containers(agent->config, pod), pod->containers_known,
			       pod->containers_told);
	return *ret ? 0 : -ENOMEM;
}

/* A pod whose peers are not known offers SMC to nobody. The next decision may have more luck. */
static void no_memory(struct attach *a)
{
	a->verdict.steer = false;
	a->verdict.unavailable = true;
	a->verdict.refuse = a->verdict.wanted == POLICY_REQUIRED;
	(void)snprintf(a->verdict.why, sizeof(a->verdict.why), "stays TCP: no memory");
}

void agent_decide(struct agent *agent, struct attach *a)
{
	const struct wire_prepare *req = &a->rec->req;
	struct policy_pod pod = {
		.namespace = req->pod.namespace,
		.name = req->pod.name,
		.uid = req->pod.uid,
		.own = is_own(&req->pod),
		.annotations = req->annotations,
		.conflicts = &a->conflicts,
	};
	struct policy_node node;
	struct wish_source from = {
		.config = agent->config,
		.facts = &agent->facts,
		.req = req,
		.verdict = &a->verdict,
		.had_host = a->rec->wish.host || (a->busy && a->wish.host),
		.had_offer = a->rec->wish.offer || (a->busy && a->wish.offer),
	};
	int r;

	ask_source(agent, a, &pod);
	policy_facts(&agent->facts, &node);
	policy_decide(agent->config, &node, &pod, &a->verdict);
	from.peers = policy_peers(agent->config, &pod);
	r = want_containers(agent, a, &pod, &from.containers);
	if (!stays_as_it_is(agent, a) && (r < 0 || wish_make(&from, &a->wish) < 0))
		no_memory(a);
	text_unref(from.containers);
}

/* Asks policy again about an attachment that is in the table. */
void agent_decide_again(struct agent *agent, struct attach *a)
{
	struct policy_verdict before = a->verdict;
	struct wish wish = { .steer = false };
	char name[2 * WIRE_NAME_MAX];

	wish_copy(&wish, &a->wish);
	agent_decide(agent, a);
	if (!wish_equal(&wish, &a->wish))
		a->waits = a->waits && !a->wanted; /* a failure of the old wish delays nothing */
	else if (strcmp(before.why, a->verdict.why) != 0)
		log_info(a->verdict.steer ? "pod stays steered" : "pod stays on TCP", "pod",
			 attach_name(a, name, sizeof(name)), "why", a->verdict.why);
	wish_clear(&wish);
	agent_events_decided(agent, a);
	agent_kick(agent, a);
}
