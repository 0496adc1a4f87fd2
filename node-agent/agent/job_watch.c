/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs that only look: check, sweep, statistics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"
#include "node-agent/node/pod.h"
#include "node-agent/node/pod_conflict.h"

#define YOUNG_MS (10 * 60 * 1000)
#define LOOK_MS 55000 /* in each fourth round */
#define STATS_PIECE_MS 1 /* how long an ADD may stand behind a piece of a reading */

/* ---- check of one ---- */

struct check_job {
	struct work work;
	uint64_t session;
	struct record *rec;
};

static int check_run(struct work *w, void *arg, struct err *err)
{
	struct node *node = arg;

	netns_index_doubt(&node->netns_index);
	return pod_check(node, ((struct check_job *)w)->rec, err);
}

static void check_done(struct work *w, void *arg)
{
	struct check_job *job = (struct check_job *)w;
	struct agent *agent = arg;

	if (agent)
		listen_checked(agent, job->session, w->rc, &w->err);
	record_free(job->rec);
	free(job);
}

int job_check(struct agent *agent, const struct attach *a, uint64_t session)
{
	struct check_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->rec = record_copy(a->rec);
	if (!job->rec) {
		free(job);
		return -ENOMEM;
	}
	job->work.deadline_ms = clock_now_ms() + AGENT_REQUEST_MS;
	job->session = session;
	worker_add(agent->worker, &job->work, check_run, check_done);
	return 0;
}

/* ---- sweep ---- */

struct sweep_item {
	struct record *rec;
	bool looks; /* for what would be in the way of SMC */
	struct conflicts conflicts;
	int rc;
	struct err err;
};

struct sweep_job {
	struct work work;
	bool node;
	struct facts facts;
	int n;
	struct sweep_item items[];
};

/* What would be in the way of SMC is looked for in each round while the pod is young, as its init
 * containers bring it, and more seldom later. */
static bool is_look_due(struct attach *a, int64_t now_ms)
{
	if (a->verdict.wanted == POLICY_DISABLED)
		return false;
	if (!a->first_look_ms)
		a->first_look_ms = now_ms;
	if (now_ms - a->first_look_ms > YOUNG_MS && now_ms - a->last_look_ms < LOOK_MS)
		return false;
	a->last_look_ms = now_ms;
	return true;
}

static int sweep_run(struct work *w, void *arg, struct err *err)
{
	struct sweep_job *job = (struct sweep_job *)w;
	struct node *node = arg;
	int r = 0;

	if (job->node) {
		node_refresh(node);
		job->facts = node->facts;
		if (node->steer)
			r = steer_drop_older(node->steer, err);
	}
	netns_index_doubt(&node->netns_index);
	for (int i = 0; i < job->n; i++) {
		struct sweep_item *item = &job->items[i];

		item->rc = pod_check(node, item->rec, &item->err);
		if (item->looks && item->rc != -ENOENT)
			pod_conflicts_look(node, item->rec, -1, &item->conflicts);
	}
	return r;
}

static void take_look(struct agent *agent, const struct sweep_item *item)
{
	struct attach *a = attach_find(&agent->table, &item->rec->req.attachment);
	char name[2 * WIRE_NAME_MAX];

	/* What has happened since the copy was taken is newer than what was seen. */
	if (!a || a->busy || a->rec->netns.cookie != item->rec->netns.cookie)
		return;
	a->waits = false;
	if (a->wanted && a->rec->phase == RECORD_COMMITTED) {
		(void)attach_name(a, name, sizeof(name));
		if (item->rc == -ENOENT) {
			log_info("pod's network namespace is gone", "pod", name);
			a->wanted = false;
		} else if (item->rc < 0) {
			if (!a->damaged)
				log_warn("pod is not as it should be, repairing", "pod", name,
					 "err", item->err.msg);
			a->damaged = true;
		} else {
			a->damaged = false;
		}
	}
	if (conflicts_take(&a->conflicts, &item->conflicts))
		agent_decide_again(agent, a);
	else
		agent_kick(agent, a);
}

static void sweep_done(struct work *w, void *arg)
{
	struct sweep_job *job = (struct sweep_job *)w;
	struct agent *agent = arg;

	if (agent) {
		agent->sweep_busy = false;
		if (w->rc < 0)
			log_warn("cannot drop the hook of an older version", "err", w->err.msg);
		if (job->node)
			agent_new_facts(agent, &job->facts);
	}
	for (int i = 0; i < job->n; i++) {
		if (agent)
			take_look(agent, &job->items[i]);
		record_free(job->items[i].rec);
	}
	free(job);
}

int job_sweep(struct agent *agent, struct attach *const *some, int n, bool node)
{
	struct sweep_job *job = calloc(1, sizeof(*job) + (size_t)n * sizeof(job->items[0]));
	int64_t now_ms = clock_now_ms();

	if (!job)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		if (some[i]->busy) /* it will not be as its record says now */
			continue;
		job->items[job->n].looks = is_look_due(some[i], now_ms);
		job->items[job->n].rec = record_copy(some[i]->rec);
		if (job->items[job->n].rec)
			job->n++;
	}
	job->node = node;
	agent->sweep_busy = true;
	worker_add(agent->worker, &job->work, sweep_run, sweep_done);
	return 0;
}

/* ---- statistics ---- */

struct stats_item {
	struct wire_attachment key;
	struct netns_id netns;
	struct stats_reading reading;
};

/* A reading of all pods is one job, which goes to the end of the queue again and again: no ADD
 * stands behind more than a piece of it. */
struct stats_job {
	struct work work;
	struct facts facts; /* devices and ports are fresh */
	struct path_list paths;
	int64_t begun_ms;
	int n;
	int from, to; /* the piece that was read last */
	struct stats_item items[];
};

static int read_smc(struct netns_index *index, const struct netns_id *id, struct smc_stats *ret,
		    struct err *err)
{
	auto_close int netns_fd = netns_index_find(index, id, err);
	struct smc_nl *nl;
	int r;

	if (netns_fd < 0)
		return netns_fd;
	r = smc_nl_open(netns_fd, NODE_NETLINK_MS, &nl, err);
	if (r < 0)
		return r;
	r = smc_stats_get(nl, ret, err);
	smc_nl_close(nl);
	return r;
}

/* What the programs on SMC's handshakes have seen of the same. */
static void read_seen(struct node *node, struct stats_item *item)
{
	struct stats_reading *reading = &item->reading;

	reading->has_seen = node->flows;
	for (int i = 0; node->flows && i < reading->smc.n_fallbacks; i++)
		reading->seen[i] = flows_fallbacks(node->flows, item->netns.cookie,
						   reading->smc.fallbacks[i].code,
						   reading->smc.fallbacks[i].server);
}

static void read_item(struct node *node, struct stats_item *item)
{
	struct stats_reading *reading = &item->reading;

	if (node->steer)
		reading->has_counters = steer_counters_get(node->steer, item->netns.cookie,
							   &reading->counters, NULL) == 0;
	if (node->offer)
		reading->has_offers = offer_pod_counts(node->offer, item->netns.cookie,
						       &reading->offers, NULL) == 0;
	reading->smc_rc =
		node->facts.smc.ok ?
			read_smc(&node->netns_index, &item->netns, &reading->smc, &reading->err) :
			err_set(&reading->err, -EOPNOTSUPP, "the kernel has no SMC");
	if (reading->smc_rc == 0)
		read_seen(node, item);
}

static int stats_run(struct work *w, void *arg, struct err *err)
{
	struct stats_job *job = (struct stats_job *)w;
	int64_t begun_ms = clock_now_ms();
	struct node *node = arg;

	(void)err;
	if (job->to == 0) {
		node_refresh_devices(node);
		job->facts = node->facts;
		node_read_paths(node, &job->paths);
		netns_index_doubt(&node->netns_index);
	}
	job->from = job->to;
	while (job->to < job->n) {
		read_item(node, &job->items[job->to++]);
		if (clock_now_ms() - begun_ms >= STATS_PIECE_MS)
			break;
	}
	return 0;
}

/* The other facts are read by the sweep, which acts on them. */
static void take_devices(struct agent *agent, const struct facts *facts)
{
	agent->facts.devices = facts->devices;
	agent->facts.n_ports = facts->n_ports;
	memcpy(agent->facts.ports, facts->ports, sizeof(agent->facts.ports));
}

static void take_piece(struct agent *agent, const struct stats_job *job)
{
	for (int i = job->from; i < job->to; i++) {
		struct attach *a = attach_find(&agent->table, &job->items[i].key);

		if (a && a->rec->netns.cookie == job->items[i].netns.cookie)
			stats_take(&a->stats, &job->items[i].reading);
	}
}

static void stats_done(struct work *w, void *arg)
{
	struct stats_job *job = (struct stats_job *)w;
	struct agent *agent = arg;

	if (agent) {
		take_piece(agent, job);
		if (job->to < job->n) {
			worker_add(agent->worker, &job->work, stats_run, stats_done);
			return;
		}
		take_devices(agent, &job->facts);
		agent_new_paths(agent, &job->paths);
		agent->stats_busy = false;
		agent->stats_ms = clock_now_ms();
		agent->stats_took_ms = agent->stats_ms - job->begun_ms;
		agent_events_stats(agent);
		agent_stats_ready(agent);
	}
	path_list_clear(&job->paths);
	free(job);
}

int job_stats(struct agent *agent)
{
	struct stats_job *job =
		calloc(1, sizeof(*job) + (size_t)agent->table.n * sizeof(job->items[0]));

	if (!job)
		return -ENOMEM;
	for (struct attach *a = agent->table.first; a; a = a->next) {
		if (a->rec->phase != RECORD_COMMITTED)
			continue;
		job->items[job->n].key = *attach_key(a);
		job->items[job->n++].netns = a->rec->netns;
	}
	job->begun_ms = clock_now_ms();
	agent->stats_busy = true;
	worker_add(agent->worker, &job->work, stats_run, stats_done);
	return 0;
}
