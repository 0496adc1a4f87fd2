/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs that look for pods nobody has told the agent of. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "node-agent/agent/found.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"
#include "node-agent/install/cache.h"
#include "node-agent/install/list.h"
#include "node-agent/node/earlier.h"
#include "node-agent/node/pending.h"

/* ---- what plugins left ---- */

struct pending_job {
	struct work work;
	struct found found;
	struct wire_attachment drop; /* of pending_drop */
};

static int pending_run(struct work *w, void *arg, struct err *err)
{
	struct pending_job *job = (struct pending_job *)w;

	return pending_scan(arg, found_add, &job->found, err);
}

static void pending_done(struct work *w, void *arg)
{
	struct pending_job *job = (struct pending_job *)w;
	struct agent *agent = arg;

	if (agent && w->rc < 0)
		log_warn("pending requests cannot be read", "err", w->err.msg);
	if (agent) {
		agent->pending_busy = false;
		agent->called |= job->found.n > 0;
	}
	found_adopt(&job->found, agent);
	free(job);
}

int job_pending(struct agent *agent)
{
	struct pending_job *job;

	if (agent->pending_busy)
		return 0;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	agent->pending_busy = true;
	worker_add(agent->worker, &job->work, pending_run, pending_done);
	return 0;
}

static int drop_run(struct work *w, void *arg, struct err *err)
{
	return pending_drop(arg, &((struct pending_job *)w)->drop, err);
}

/* What was being scanned when DEL came is an attachment by now, as the queue keeps order. */
static void drop_done(struct work *w, void *arg)
{
	const struct wire_attachment *key = &((struct pending_job *)w)->drop;
	const struct podnet nothing = { 0 };
	const struct netns_id nowhere = { 0 };
	struct agent *agent = arg;
	struct attach *a = agent ? attach_find(&agent->table, key) : NULL;

	if (agent && w->rc < 0)
		log_warn("pending request of a deleted pod stays", "err", w->err.msg);
	if (a)
		agent_unwant(agent, a, false);
	else if (agent)
		listen_gone(agent, key, &nothing, &nowhere);
	free(w);
}

int job_pending_drop(struct agent *agent, const struct wire_attachment *key)
{
	struct pending_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->drop = *key;
	worker_add(agent->worker, &job->work, drop_run, drop_done);
	return 0;
}

/* ---- what the runtime has kept ---- */

struct earlier_job {
	struct work work;
	struct found found;
	struct earlier_seen seen;
	char network[INSTALL_NAME_MAX];
};

static int earlier_run(struct work *w, void *arg, struct err *err)
{
	struct earlier_job *job = (struct earlier_job *)w;

	return earlier_scan(arg, INSTALL_CACHE_DIR, job->network, &job->seen, found_add,
			    &job->found, err);
}

static void earlier_done(struct work *w, void *arg)
{
	struct earlier_job *job = (struct earlier_job *)w;
	struct agent *agent = arg;

	if (agent && w->rc < 0)
		log_warn("pods that ran before cannot be looked for", "err", w->err.msg);
	if (agent)
		agent->earlier_seen = job->seen;
	found_adopt(&job->found, agent);
	free(job);
}

int job_earlier(struct agent *agent, const char *network)
{
	struct earlier_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->seen = agent->earlier_seen;
	(void)snprintf(job->network, sizeof(job->network), "%s", network);
	worker_add(agent->worker, &job->work, earlier_run, earlier_done);
	return 0;
}
