/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/events/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bpf/bounds.h"
#include "common/smc_fallback.h"
#include "common/names.h"

const char *event_late_text(int listeners, char buf[EVENT_LATE_MAX])
{
	if (listeners < 0)
		(void)snprintf(buf, EVENT_LATE_MAX, "listeners opened before stay TCP");
	else if (listeners == 0)
		(void)snprintf(buf, EVENT_LATE_MAX, "it had no listener then");
	else
		(void)snprintf(buf, EVENT_LATE_MAX, "%d listener%s opened before stay%s TCP",
			       listeners, listeners == 1 ? "" : "s", listeners == 1 ? "s" : "");
	return buf;
}

/* The verdict's reason without the word that the sentence has already. */
static const char *cause(const struct policy_verdict *v)
{
	static const char prefix[] = "steered: ";

	return strncmp(v->why, prefix, sizeof(prefix) - 1) ? v->why : v->why + sizeof(prefix) - 1;
}

const char *event_steered_text(const struct policy_verdict *v, bool late, int listeners,
			       char buf[EVENT_TEXT_MAX])
{
	char before[EVENT_LATE_MAX];

	if (v->named)
		(void)snprintf(
			buf, EVENT_TEXT_MAX,
			"New TCP sockets of the containers that annotation '" NAMES_PREFIX
			"containers' names become SMC sockets, of each from when it is "
			"identified on: %s. What a container opens before that, listeners too, "
			"stays TCP; 'smcctl status' on the node says which are.",
			cause(v));
	else if (!late)
		(void)snprintf(
			buf, EVENT_TEXT_MAX,
			"TCP sockets of the pod become SMC sockets, from its first one on: %s.",
			cause(v));
	else if (listeners == 0)
		(void)snprintf(
			buf, EVENT_TEXT_MAX,
			"New TCP sockets of the pod become SMC sockets, from now on: %s. No "
			"listener was open before; connections that are open stay TCP until they "
			"end.",
			cause(v));
	else
		(void)snprintf(buf, EVENT_TEXT_MAX,
			       "New TCP sockets of the pod become SMC sockets, from now on: %s. "
			       "%s%s until the program restarts %s: restart the pod to have SMC "
			       "there too.",
			       cause(v), listeners < 0 ? "L" : "",
			       event_late_text(listeners, before) + (listeners < 0 ? 1 : 0),
			       listeners == 1 ? "it" : "them");
	return buf;
}

const char *event_stray_text(const struct policy_verdict *v, char buf[EVENT_TEXT_MAX])
{
	(void)snprintf(buf, EVENT_TEXT_MAX,
		       "Annotation '" NAMES_PREFIX "containers' of the pod: got '%s', allowed: "
		       "names of its containers. The others that it names are steered. Correct the "
		       "annotation, unless a container of that name is to come (an ephemeral one); "
		       "the agent follows at once.",
		       v->stray);
	return buf;
}

static const char *remedy(const struct policy_verdict *v)
{
	if (v->invalid)
		return "Correct the annotation";
	if (v->unknown)
		return "If it asks for steering, or its namespace does, that begins by itself as soon as the "
		       "agent has; sockets made before stay TCP";
	if (v->unavailable)
		return "Nothing is to be done at the pod: see 'smcctl status' on its node";
	return "Take the request back, or ask who runs the node to make it possible";
}

const char *event_denied_text(const struct policy_verdict *v, char buf[EVENT_TEXT_MAX])
{
	(void)snprintf(buf, EVENT_TEXT_MAX, "The pod %s. %s%s.", v->why, remedy(v),
		       v->refuse  ? "; until then the pod cannot start" :
		       v->invalid ? "; the agent follows at once" :
				    "");
	return buf;
}

const char *event_node_text(const char *why, char buf[EVENT_TEXT_MAX])
{
	(void)snprintf(
		buf, EVENT_TEXT_MAX,
		"Pods of this node that ask for SMC stay on TCP, or cannot start where it is "
		"required: %s. See 'smcctl status' on the node.",
		why);
	return buf;
}

const char *event_closed_text(const struct path_entry *path, char buf[EVENT_TEXT_MAX])
{
	const char *advice = path->value.reason ? smc_fallback_reason(path->value.reason)->advice :
						  NULL;
	char peer[PATH_PEER_MAX];

	(void)snprintf(
		buf, EVENT_TEXT_MAX,
		"A connection from %s found no RDMA path: new ones from there are plain TCP, "
		"and one tries again after a while. %s %s",
		path_peer_text(&path->key, peer), path_failure_text(&path->value),
		advice ? advice : "See 'smcctl status' on the node.");
	return buf;
}

const char *event_bounded_text(uint64_t n, char buf[EVENT_TEXT_MAX])
{
	(void)snprintf(
		buf, EVENT_TEXT_MAX,
		"%" PRIu64 " sockets of the pod stayed TCP so far: more than %d of its connects, "
		"or %d of all pods of the node, waited for an answer, which keeps other pods' "
		"servers from accepting. Look whether it connects to an address where nobody "
		"answers.",
		n, BOUNDS_POD, BOUNDS_NODE);
	return buf;
}

uint64_t event_fallbacks(const struct tally *t)
{
	struct tally_entry entries[2 * SMC_FALLBACK_MAX];
	int n = tally_list(t, entries);
	uint64_t sum = 0;

	for (int i = 0; i < n; i++) {
		if (entries[i].advice)
			sum += entries[i].count;
	}
	return sum;
}

const char *event_fallback_text(const struct tally *t, char buf[EVENT_TEXT_MAX])
{
	struct tally_entry entries[2 * SMC_FALLBACK_MAX];
	int n = tally_list(t, entries);
	uint64_t sum = event_fallbacks(t);
	size_t used = (size_t)snprintf(buf, EVENT_TEXT_MAX,
				       "%" PRIu64
				       " connection%s of the pod stayed on TCP so far, for "
				       "reasons that can be mended.",
				       sum, sum == 1 ? "" : "s");

	for (int i = 0; i < n && used < EVENT_TEXT_MAX; i++) {
		if (entries[i].advice)
			used += (size_t)snprintf(buf + used, EVENT_TEXT_MAX - used,
						 " %" PRIu64 " as %s (%s): %s %s", entries[i].count,
						 entries[i].server ? "server" : "client",
						 entries[i].name, entries[i].text,
						 entries[i].advice);
	}
	return buf;
}
