/* SPDX-License-Identifier: Apache-2.0 */
/* The job that reads who of the pods' peers got SMC, who TCP. */
#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

struct flows_job {
	struct work work;
	uint64_t session;
	struct flow_entry *all;
	int n;
};

static int flows_run(struct work *w, void *arg, struct err *err)
{
	struct flows_job *job = (struct flows_job *)w;
	struct node *node = arg;
	int n;

	if (!node->flows)
		return err_set(err, -EOPNOTSUPP, "flows are not known on this node: %s",
			       node->facts.flows.why);
	n = flows_read(node->flows, &job->all, err);
	job->n = n < 0 ? 0 : n;
	return n < 0 ? n : 0;
}

static void flows_done(struct work *w, void *arg)
{
	struct flows_job *job = (struct flows_job *)w;
	struct agent *agent = arg;

	if (agent)
		listen_flows(agent, job->session, job->all, job->n, w->rc, &w->err);
	free(job->all);
	free(job);
}

int job_flows(struct agent *agent, uint64_t session)
{
	struct flows_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->work.deadline_ms = clock_now_ms() + AGENT_REQUEST_MS;
	job->session = session;
	worker_add(agent->worker, &job->work, flows_run, flows_done);
	return 0;
}
