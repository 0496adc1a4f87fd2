/* What the agent makes of its source: who asks for what, and what is kept of it on disk. */
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"
#include "node-agent/object/kube_object.h"

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

struct text {
	char *buf;
	size_t len;
};

static void add_required(void *arg, const struct object_namespace *ns)
{
	struct text *text = arg;
	size_t n = strlen(ns->name);
	char *grown;

	if (!text->buf || !policy_namespace_required(ns->name, ns->annotations))
		return;
	grown = realloc(text->buf, text->len + n + 2);
	if (!grown)
		return;
	text->buf = grown;
	memcpy(grown + text->len, ns->name, n);
	text->len += n;
	memcpy(grown + text->len++, "\n", 2);
}

/* Writes it if it is another one than the last; owns text. */
static void keep(struct agent *agent, enum agent_text which, char *text)
{
	char **last = &agent->kept[which].text;

	if (!text || (*last && !strcmp(*last, text))) {
		free(text);
		return;
	}
	free(*last);
	*last = text;
	(void)job_text(agent, which);
}

static char *namespaces_text(const struct agent *agent)
{
	json_auto_t *saved = source_save_namespaces(agent->source);

	return saved ? json_dumps(saved, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

void agent_keep_namespaces(struct agent *agent)
{
	struct text text = { 0 };

	/* Nothing is written over what an earlier run knew before it is known better. */
	if (!agent->source || !source_namespaces_known(agent->source))
		return;
	text.buf = calloc(1, 1);
	source_each_namespace(agent->source, add_required, &text);
	keep(agent, AGENT_TEXT_REQUIRED, text.buf);
	keep(agent, AGENT_TEXT_NAMESPACES, namespaces_text(agent));
}

/* ---- changes ---- */

void agent_decide_all(struct agent *agent, const char *namespace, const char *name)
{
	struct attach *next;

	for (struct attach *a = agent->table.first; a; a = next) {
		const struct wire_pod *pod = &a->rec->req.pod;

		next = a->next;
		if (!namespace || (!strcmp(pod->namespace, namespace) &&
				   (!name[0] || !strcmp(pod->name, name))))
			agent_decide_again(agent, a);
	}
}

void agent_source_changed(void *arg, const char *namespace, const char *name)
{
	struct agent *agent = arg;

	if (!name[0])
		agent_keep_namespaces(agent);
	agent_decide_all(agent, namespace, name);
	listen_source_changed(agent);
	job_generation(agent);
}
