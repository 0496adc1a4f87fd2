/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of the source on disk, for a start without it. */
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/job.h"

#define KEEP_MS 200 /* from one writing of what is kept to the next */

static void on_keep(void *arg)
{
	struct agent *agent = arg;

	if (!agent->kept.bad) /* that is tried again with the next sweep */
		agent_keep_namespaces(agent);
}

/* Only one job at a time, with a pause between them, so that a burst of changes is written once. */
void agent_keep_namespaces(struct agent *agent)
{
	struct agent_kept *kept = &agent->kept;

	/* What an earlier run knew is not overwritten before more is known. */
	if (!agent->started || !agent->source || !source_namespaces_known(agent->source) ||
	    !kept->stale || kept->busy || agent->keep_timer.due_ms)
		return;
	if (job_keep(agent) < 0)
		return; /* with the next sweep */
	agent->keep_timer.fn = on_keep;
	agent->keep_timer.arg = agent;
	loop_arm(agent->loop, &agent->keep_timer, clock_now_ms() + KEEP_MS);
}
