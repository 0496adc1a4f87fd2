/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

enum metrics_state snapshot_state(const struct attach *a)
{
	if (a->steered)
		return METRICS_STEERED;
	if (a->verdict.invalid)
		return METRICS_INVALID;
	return a->verdict.unavailable ? METRICS_UNAVAILABLE : METRICS_TCP;
}

/* Attachments of one pod lie together, and among them those of one network namespace. */
static int compare(const void *pa, const void *pb)
{
	const struct record *a = (*(const struct attach *const *)pa)->rec;
	const struct record *b = (*(const struct attach *const *)pb)->rec;
	int d = strcmp(a->req.pod.namespace, b->req.pod.namespace);

	if (d == 0)
		d = strcmp(a->req.pod.name, b->req.pod.name);
	if (d == 0 && a->netns.cookie != b->netns.cookie)
		d = a->netns.cookie < b->netns.cookie ? -1 : 1;
	return d;
}

static bool same_pod(const struct metrics_pod *pod, const struct attach *a)
{
	return !strcmp(pod->namespace, a->rec->req.pod.namespace) &&
	       !strcmp(pod->name, a->rec->req.pod.name);
}

static bool same_netns(const struct attach *a, const struct attach *b)
{
	return a->rec->netns.cookie == b->rec->netns.cookie;
}

/* Asked for it, or has something to tell all the same: sockets steered earlier, SMC sockets of its
 * own. */
static bool has_series(const struct attach *a)
{
	const struct smc_tech_stats *r = &a->stats.smc.smcr, *d = &a->stats.smc.smcd;

	return a->verdict.wanted != POLICY_DISABLED || snapshot_state(a) != METRICS_TCP ||
	       a->stats.has_counters || r->client_conns || r->server_conns || d->client_conns ||
	       d->server_conns;
}

/* A pod has one namespace, but for a moment, when its sandbox is made anew: then a sum is needed.
 * -ENOMEM */
static int add_netns(struct snapshot *s, struct metrics_pod *pod, const struct stats *more)
{
	struct stats *sum;

	if (!pod->stats) {
		pod->stats = more;
		return 0;
	}
	if (!s->sums)
		s->sums = calloc((size_t)s->max, sizeof(*s->sums));
	if (!s->sums)
		return -ENOMEM;
	sum = &s->sums[pod - s->pods];
	if (pod->stats != sum)
		*sum = *pod->stats;
	stats_add(sum, more);
	pod->stats = sum;
	return 0;
}

static int add_up(struct snapshot *s, const struct attach *const *all, int n)
{
	for (int i = 0; i < n; i++) {
		const struct attach *a = all[i];
		bool first = s->n == 0 || !same_pod(&s->pods[s->n - 1], a);
		struct metrics_pod *pod = &s->pods[first ? s->n++ : s->n - 1];
		int r = 0;

		if (first)
			*pod = (struct metrics_pod){ .namespace = a->rec->req.pod.namespace,
						     .name = a->rec->req.pod.name,
						     .state = METRICS_N_STATES };
		if (snapshot_state(a) < pod->state)
			pod->state = snapshot_state(a);
		pod->own |= has_series(a);
		if (first || !same_netns(all[i - 1], a))
			r = add_netns(s, pod, &a->stats);
		if (r < 0)
			return r;
	}
	return 0;
}

int snapshot_take(const struct attach_table *t, struct snapshot *ret)
{
	struct snapshot s = { .max = t->n + 1 };
	auto_free const struct attach **all = calloc((size_t)s.max, sizeof(*all));
	int n = 0, r;

	s.pods = calloc((size_t)s.max, sizeof(*s.pods));
	if (!s.pods || !all) {
		snapshot_clear(&s);
		return -ENOMEM;
	}
	for (const struct attach *a = t->first; a; a = a->next) {
		if (a->rec->phase == RECORD_COMMITTED)
			all[n++] = a;
	}
	qsort(all, (size_t)n, sizeof(all[0]), compare);
	r = add_up(&s, all, n);
	if (r < 0) {
		snapshot_clear(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void snapshot_clear(struct snapshot *s)
{
	free(s->pods);
	free(s->sums);
	*s = (struct snapshot){ .n = 0 };
}
