/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/agent/listen.h"

#include "node-agent/agent/agent.h"

void listen_begin(struct agent *agent, struct listener *l)
{
	struct listener **p = &agent->listeners;

	while (*p)
		p = &(*p)->next;
	l->next = NULL;
	*p = l;
}

void listen_end(struct agent *agent, struct listener *l)
{
	for (struct listener **p = &agent->listeners; *p; p = &(*p)->next) {
		if (*p != l)
			continue;
		*p = l->next;
		return;
	}
}

/* Calls that event of each listener who waits for it. */
#define TELL(agent, event, ...)                                                 \
	do {                                                                    \
		for (struct listener *l = (agent)->listeners; l; l = l->next) { \
			if (l->event)                                           \
				l->event(l->arg, ##__VA_ARGS__);                \
		}                                                               \
	} while (0)

void listen_started(const struct agent *agent)
{
	TELL(agent, started);
}

void listen_pod_done(const struct agent *agent, struct attach *a, enum reconcile_action action,
		     int rc, const struct err *err)
{
	TELL(agent, pod_done, a, action, rc, err);
}

void listen_gone(const struct agent *agent, const struct wire_attachment *key,
		 const struct podnet *undo, const struct netns_id *netns)
{
	TELL(agent, gone, key, undo, netns);
}

void listen_lost(const struct agent *agent, struct attach *a)
{
	TELL(agent, lost, a);
}

void listen_checked(const struct agent *agent, uint64_t session, int rc, const struct err *err)
{
	TELL(agent, checked, session, rc, err);
}

void listen_stats_ready(const struct agent *agent)
{
	TELL(agent, stats_ready);
}

void listen_flows(const struct agent *agent, uint64_t session, struct flow_entry *all, int n,
		  int rc, const struct err *err)
{
	TELL(agent, flows, session, all, n, rc, err);
}

void listen_source_changed(const struct agent *agent)
{
	TELL(agent, source_changed);
}
