/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs that concern the node, or all attachments. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "node-agent/agent/found.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"
#include "node-agent/node/pending.h"

/* ---- start ---- */

struct start_job {
	struct work work;
	json_t *kept; /* what an earlier run knew of the source; NULL */
	struct facts facts;
	struct found found;
};

static void bad_record(void *arg, const char *name, const char *why)
{
	(void)arg;
	log_warn("record cannot be read, going on without", "file", name, "err", why);
}

/* Nothing that a record of another boot describes is left in the kernel. */
static void drop_older_boots(struct node *node, struct found *found)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->n; i++) {
		struct record *rec = found->recs[i];
		struct err err = ERR_INIT;

		if (!strcmp(rec->boot_id, node->boot_id)) {
			found->recs[kept++] = rec;
			continue;
		}
		if (record_remove(node->state_fd, &rec->req.attachment, &err) < 0)
			log_warn("record of another boot stays", "err", err.msg);
		record_free(rec);
	}
	found->n = kept;
}

static bool explained(const struct found *found, uint64_t cookie)
{
	for (size_t i = 0; i < found->n; i++) {
		if (found->recs[i]->netns.cookie == cookie)
			return true;
	}
	return false;
}

static bool container_explained(const struct found *found, const struct steer_container *c)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct record *rec = found->recs[i];

		if (rec->netns.cookie == c->cookie &&
		    containers_has(text_get(rec->containers), c->cgroup_id))
			return true;
	}
	return false;
}

static void drop_stray_containers(struct node *node, const struct found *found)
{
	auto_free struct steer_container *all = NULL;
	struct err err = ERR_INIT;
	int n = node->steer ? steer_container_list(node->steer, &all, &err) : 0;

	if (n < 0)
		log_warn("cannot look for containers of lost pods", "err", err.msg);
	for (int i = 0; i < n; i++) {
		if (!container_explained(found, &all[i]) &&
		    steer_container_undo(node->steer, all[i].cgroup_id, &err) < 0)
			log_warn("cannot drop a container of a lost pod", "err", err.msg);
	}
}

static void drop_strays(struct node *node, const struct found *found)
{
	auto_free uint64_t *cookies = NULL, *offers = NULL;
	struct err err = ERR_INIT;
	int n = node->steer ? steer_pod_list(node->steer, &cookies, &err) : 0;
	int n_offers = node->offer ? offer_pod_list(node->offer, &offers, &err) : 0;

	if (n < 0 || n_offers < 0)
		log_warn("cannot look for entries of lost pods", "err", err.msg);
	for (int i = 0; i < n; i++) {
		if (!explained(found, cookies[i]) &&
		    steer_pod_undo(node->steer, cookies[i], &err) < 0)
			log_warn("cannot drop the entry of a lost pod", "err", err.msg);
	}
	for (int i = 0; i < n_offers; i++) {
		if (!explained(found, offers[i]) &&
		    offer_pod_undo(node->offer, offers[i], &err) < 0)
			log_warn("cannot drop the offer of a lost pod", "err", err.msg);
	}
}

static int start_run(struct work *w, void *arg, struct err *err)
{
	struct start_job *job = (struct start_job *)w;
	struct node *node = arg;
	int r;

	(void)netns_stay(NULL); /* without, each way back is opened anew */
	node_refresh(node);
	job->facts = node->facts;
	r = record_each(node->state_fd, found_add, bad_record, &job->found, err);
	if (r < 0)
		return r;
	drop_older_boots(node, &job->found);
	drop_strays(node, &job->found);
	drop_stray_containers(node, &job->found);
	job->found.n_inherited = job->found.n;
	job->kept = job_kept_read(node);
	return pending_scan(node, found_add, &job->found, err);
}

static void seed(struct agent *agent, const json_t *kept)
{
	struct err err = ERR_INIT;

	if (agent->source && kept && source_seed(agent->source, kept, &err) < 0)
		log_warn("what namespaces said is not known, going on without", "err", err.msg);
}

static void start_done(struct work *w, void *arg)
{
	struct start_job *job = (struct start_job *)w;
	struct agent *agent = arg;

	if (agent) {
		if (w->rc < 0)
			log_error("state of earlier runs cannot be read, going on without", "err",
				  w->err.msg);
		seed(agent, job->kept);
		agent_look_at_switch(agent);
		agent->started = true; /* from here on what the source knows is written over that */
		agent_new_facts(agent, &job->facts);
	}
	found_adopt(&job->found, agent);
	json_decref(job->kept);
	free(job);
	if (agent) {
		listen_started(agent);
		agent_sweep_begin(agent);
	}
}

int job_start(struct agent *agent)
{
	struct start_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	worker_add(agent->worker, &job->work, start_run, start_done);
	return 0;
}

/* ---- the switch ---- */

struct pause_job {
	struct work work;
	bool on;
};

static int pause_run(struct work *w, void *arg, struct err *err)
{
	struct pause_job *job = (struct pause_job *)w;

	return node_pause(arg, job->on, err);
}

static void pause_done(struct work *w, void *arg)
{
	if (arg && w->rc < 0)
		log_warn("cannot turn the switch, trying again", "err", w->err.msg);
	free(w);
}

int job_pause(struct agent *agent, bool on)
{
	struct pause_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->on = on;
	worker_add(agent->worker, &job->work, pause_run, pause_done);
	return 0;
}

/* ---- the runtime's voice ---- */

struct nri_job {
	struct work work;
	int rc;
	struct err why;
	struct facts facts;
};

/* The facts are the worker's, and so are the labels that they become. */
static int nri_run(struct work *w, void *arg, struct err *err)
{
	struct nri_job *job = (struct nri_job *)w;
	struct node *node = arg;

	(void)err;
	node_set_nri(node, job->rc, &job->why);
	job->facts = node->facts;
	return 0;
}

static void nri_done(struct work *w, void *arg)
{
	struct nri_job *job = (struct nri_job *)w;

	if (arg)
		agent_new_facts(arg, &job->facts);
	free(job);
}

int job_nri(struct agent *agent, int rc, const struct err *why)
{
	struct nri_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->rc = rc;
	if (why)
		job->why = *why;
	worker_add(agent->worker, &job->work, nri_run, nri_done);
	return 0;
}
