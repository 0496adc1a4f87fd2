/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of the node as a whole: is it ready, and what is new. */
#include <string.h>

#include "common/log.h"
#include "node-agent/agent/agent.h"

const char *agent_source_not_ready(const struct agent *agent)
{
	const char *why;

	if (!agent->source || source_synced(agent->source))
		return NULL;
	why = source_why(agent->source);
	return why[0] ? why : "the agent has not heard from the API server yet";
}

const char *agent_not_serving(const struct agent *agent)
{
	if (agent->trouble.msg[0])
		return agent->trouble.msg;
	return agent->started ? agent_source_not_ready(agent) : "the agent is starting";
}

const char *agent_not_ready(const struct agent *agent)
{
	const char *why = agent->started && !agent->trouble.msg[0] ? facts_why_not(&agent->facts) :
								     NULL;

	return why ? why : agent_not_serving(agent);
}

const char *agent_not_for_pods(const struct agent *agent)
{
	const char *why = agent_not_ready(agent);

	if (why || agent->facts.plugin.ok || agent->facts.plugin.unasked)
		return why;
	return agent->facts.plugin.why;
}

static void log_fact(const struct facts_row *row, const struct fact *before, const struct fact *now)
{
	if (now->doubt[0] && !before->doubt[0])
		log_warn("cannot look whether the node has it, going on with what was seen last",
			 "check", row->name, "err", now->doubt);
	if (row->told || !now->known || (before->ok == now->ok && !strcmp(before->why, now->why)))
		return;
	if (now->ok)
		log_info("the node has it", "check", row->name);
	else if (row->needed)
		log_warn("the node lacks it", "check", row->name, "err", now->why, "advice",
			 row->advice);
	else
		log_info("the node has no such extra", "check", row->name, "why", now->why);
}

void agent_new_facts(struct agent *agent, const struct facts *facts)
{
	struct facts before = agent->facts;

	agent->facts = *facts;
	for (size_t i = 0; i < facts_n; i++)
		log_fact(&facts_table[i], facts_get(&before, &facts_table[i]),
			 facts_get(facts, &facts_table[i]));
	agent_keep_namespaces(agent);
	agent_decide_all_later(agent);
}
