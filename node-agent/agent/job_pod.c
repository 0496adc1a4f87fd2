/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of one attachment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"
#include "node-agent/node/pod.h"

struct pod_job {
	struct work work;
	struct attach *a; /* lives: it is busy */
	enum reconcile_action action;
	struct record *rec; /* a copy to work on; goes back into the table */
	struct wish wish; /* ENSURE */
	struct wish_shared shared; /* ENSURE, REMOVE */
	bool undo_netns;
	bool required; /* PREPARE, COMMIT */
	int netns_fd; /* PREPARE, and */
	enum record_phase phase; /* what that leads to */
	struct pod_extras extras;
};

static int pod_job_run(struct work *w, void *arg, struct err *err)
{
	struct pod_job *job = (struct pod_job *)w;
	struct node *node = arg;

	netns_index_doubt(&node->netns_index);
	switch (job->action) {
	case RECONCILE_PREPARE:
		return pod_prepare(node, job->rec, job->netns_fd, job->phase, job->required,
				   &job->extras, err);
	case RECONCILE_COMMIT:
		return pod_commit(node, job->rec, job->required, err);
	case RECONCILE_ENSURE:
		return pod_ensure(node, job->rec, &job->wish, &job->shared, &job->extras, err);
	case RECONCILE_REMOVE:
		return pod_remove(node, job->rec, &job->shared, job->undo_netns, err);
	case RECONCILE_NOTHING:
	case RECONCILE_FORGET:
		break;
	}
	return 0;
}

static void pod_job_free(struct pod_job *job)
{
	if (job->netns_fd >= 0)
		(void)close(job->netns_fd);
	record_free(job->rec);
	wish_clear(&job->wish);
	free(job);
}

static void log_outcome(const struct attach *a, const struct pod_job *job, bool was_steered)
{
	const struct wire_pod *pod = &a->rec->req.pod;
	char name[2 * WIRE_NAME_MAX];

	(void)attach_name(a, name, sizeof(name));
	if (job->work.rc == -ENOENT && job->action == RECONCILE_ENSURE)
		log_info("pod has ended", "pod", name, "why", job->work.err.msg);
	else if (job->work.rc < 0 && job->work.rc != -ENOENT)
		log_warn(job->action == RECONCILE_REMOVE ?
				 "cannot remove what was made for a pod, trying again" :
			 job->action == RECONCILE_ENSURE ? "cannot change a pod, trying again" :
							   "pod is not taken over by the agent",
			 "pod", name, "err", job->work.err.msg);
	else if (job->work.rc == 0 && job->action == RECONCILE_REMOVE)
		log_info("pod is gone", "pod", name, "container", attach_key(a)->container_id);
	else if (job->work.rc == 0 && a->rec->phase == RECORD_COMMITTED &&
		 (a->adopted || was_steered != a->rec->wish.steer ||
		  job->rec->phase != RECORD_COMMITTED))
		log_info(a->rec->wish.steer ? "pod is steered" : "pod stays on TCP", "pod", name,
			 "uid", pod->uid[0] ? pod->uid : NULL, "why", a->verdict.why);
	if (job->extras.missing.msg[0] && strcmp(job->extras.missing.msg, a->missing.msg) != 0)
		log_warn("pod goes without", "pod", name, "err", job->extras.missing.msg);
}

/* What the outcome means for the next reconcile(). */
static void take_outcome(struct attach *a, const struct pod_job *job)
{
	int rc = job->work.rc;

	switch (job->action) {
	case RECONCILE_PREPARE:
	case RECONCILE_COMMIT:
		if (rc < 0)
			a->wanted = false;
		break;
	case RECONCILE_ENSURE:
		if (rc == -ENOENT)
			a->wanted = false;
		else if (rc == 0)
			a->adopted = false;
		break;
	case RECONCILE_REMOVE:
		if (rc == 0)
			a->rec->phase = RECORD_NONE;
		a->waits = rc < 0;
		return;
	case RECONCILE_NOTHING:
	case RECONCILE_FORGET:
		return;
	}
	if (job->action != RECONCILE_COMMIT)
		a->missing = job->extras.missing;
	a->damaged = rc < 0 || a->missing.msg[0];
	a->waits = a->wanted && a->damaged && a->rec->phase == RECORD_COMMITTED;
}

/* They are news for the policy, which may have wished for more than there is. */
static void take_conflicts(struct agent *agent, struct attach *a, const struct pod_job *job)
{
	if (!conflicts_take(&a->conflicts, &job->extras.conflicts))
		return;
	agent_decide(agent, a);
	if (job->action == RECONCILE_PREPARE && a->verdict.refuse)
		agent_events_refused(agent, a);
}

static void pod_job_done(struct work *w, void *arg)
{
	struct pod_job *job = (struct pod_job *)w;
	struct agent *agent = arg;
	struct attach *a = job->a;
	struct record *old;
	bool was_steered;

	if (!agent) {
		pod_job_free(job);
		return;
	}
	old = a->rec;
	was_steered = a->steered;
	a->rec = TAKE_PTR(job->rec);
	job->rec = old;
	a->busy = false;
	take_conflicts(agent, a, job);
	if (w->rc == 0 && a->rec->phase == RECORD_COMMITTED &&
	    (old->phase != RECORD_COMMITTED || was_steered != a->rec->wish.steer)) {
		a->steered = a->rec->wish.steer;
		a->since = time(NULL);
		a->late = a->steered && job->action == RECONCILE_ENSURE;
		a->listeners = a->late ? job->extras.listeners : -1;
		agent_events_changed(agent, a);
	}
	log_outcome(a, job, was_steered);
	take_outcome(a, job);
	listen_pod_done(agent, a, job->action, w->rc, &w->err);
	pod_job_free(job);
	agent_kick(agent, a);
}

int job_pod(struct agent *agent, struct attach *a, enum reconcile_action action)
{
	struct pod_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->rec = record_copy(a->rec);
	if (!job->rec) {
		free(job);
		return -ENOMEM;
	}
	if (action == RECONCILE_PREPARE || action == RECONCILE_COMMIT)
		job->work.deadline_ms = a->deadline_ms;
	job->a = a;
	job->action = action;
	wish_copy(&job->wish, &a->wish);
	/* That walks over all of them. */
	if (action == RECONCILE_ENSURE || action == RECONCILE_REMOVE)
		job->shared = attach_shared(&agent->table, a);
	job->undo_netns = a->undo_netns;
	job->required = a->verdict.wanted == POLICY_REQUIRED;
	job->netns_fd = TAKE_FD(a->netns_fd);
	job->phase = a->at_once ? RECORD_COMMITTED : RECORD_PREPARED;
	a->busy = true;
	worker_add(agent->worker, &job->work, pod_job_run, pod_job_done);
	return 0;
}
