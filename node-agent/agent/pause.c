/* SPDX-License-Identifier: Apache-2.0 */
/* The switch, held as a state: the namespace that has it is among those that are watched anyway. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/job.h"
#include "node-agent/model/pause.h"

/* NULL: the agent is nobody's pod, and has no switch. */
static const char *own_namespace(void)
{
	const char *name = getenv("POD_NAMESPACE");

	return name && *name ? name : NULL;
}

bool agent_is_own_namespace(const char *name)
{
	const char *own = own_namespace();

	return own && strcmp(own, name) == 0;
}

void agent_look_at_switch(struct agent *agent)
{
	const char *own = own_namespace();
	const struct object_namespace *ns;
	struct err bad = ERR_INIT;
	enum pause_said said;

	/* Not to have heard of it is not to know that nothing is said. */
	if (!own || !agent->source || !source_namespaces_known(agent->source))
		return;
	ns = source_namespace(agent->source, own);
	said = pause_read(ns ? ns->annotations : NULL, &bad);
	if (bad.msg[0] && strcmp(bad.msg, agent->pause.bad.msg) != 0)
		log_warn("the switch is ignored and stays as it is", "err", bad.msg, "paused",
			 agent->pause.on ? "true" : "false");
	agent->pause.bad = bad;
	if (said == PAUSE_BAD)
		return;
	/* What an earlier run has closed stays so until it is known what is said now. */
	if (!agent->pause.told || agent->pause.on != (said == PAUSE_ON))
		agent->pause.told = job_pause(agent, said == PAUSE_ON) == 0;
	if (agent->pause.on == (said == PAUSE_ON))
		return;
	agent->pause.on = said == PAUSE_ON;
	log_warn(agent->pause.on ? "the switch smc-cni.io/pause is on" :
				   "the switch smc-cni.io/pause is off again",
		 "namespace", own);
}

bool agent_paused(const struct agent *agent)
{
	return agent->pause.on;
}
