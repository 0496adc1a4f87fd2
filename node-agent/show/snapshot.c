#include "node-agent/show/snapshot.h"

#include <assert.h>
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

static void add_tech(struct smc_tech_stats *sum, const struct smc_tech_stats *s)
{
	sum->tx_bytes += s->tx_bytes;
	sum->rx_bytes += s->rx_bytes;
	sum->client_conns += s->client_conns;
	sum->server_conns += s->server_conns;
}

static void add_counters(struct steer_counters *sum, const struct steer_counters *c)
{
	sum->steered += c->steered;
	sum->unsteered += c->unsteered;
	sum->target_missing += c->target_missing;
	sum->ulp_ignored += c->ulp_ignored;
	sum->ulp_denied += c->ulp_denied;
	sum->ulp_emulated += c->ulp_emulated;
}

static void add_tally(struct tally *sum, const struct tally *t)
{
	for (int i = 0; i < t->n; i++) {
		int k = 0;

		while (k < sum->n && (sum->reasons[k].code != t->reasons[i].code ||
				      sum->reasons[k].server != t->reasons[i].server))
			k++;
		if (k < sum->n)
			sum->reasons[k].count += t->reasons[i].count;
		else if (sum->n < (int)ARRAY_SIZE(sum->reasons))
			sum->reasons[sum->n++] = t->reasons[i];
	}
}

static void add_stats(struct stats *sum, const struct stats *s)
{
	sum->has_counters |= s->has_counters;
	sum->has_smc |= s->has_smc;
	add_counters(&sum->counters, &s->counters);
	add_tech(&sum->smc.smcd, &s->smc.smcd);
	add_tech(&sum->smc.smcr, &s->smc.smcr);
	sum->smc.handshake_errors_client += s->smc.handshake_errors_client;
	sum->smc.handshake_errors_server += s->smc.handshake_errors_server;
	sum->smc.fallback_client += s->smc.fallback_client;
	sum->smc.fallback_server += s->smc.fallback_server;
	add_tally(&sum->tally, &s->tally);
}

/* Counters belong to the netns: has another attachment of it been added already? */
static bool counted(const struct attach_table *t, const struct attach *a)
{
	for (const struct attach *b = t->first; b != a; b = b->next) {
		if (b->rec->phase == RECORD_COMMITTED && b->rec->netns.cookie == a->rec->netns.cookie)
			return true;
	}
	return false;
}

static int compare(const void *pa, const void *pb)
{
	const struct metrics_pod *a = pa, *b = pb;
	int d = strcmp(a->namespace, b->namespace);

	return d ? d : strcmp(a->name, b->name);
}

static void list_pods(const struct attach_table *t, struct snapshot *s)
{
	for (const struct attach *a = t->first; a; a = a->next) {
		const struct wire_pod *pod = &a->rec->req.pod;

		if (a->rec->phase == RECORD_COMMITTED)
			s->pods[s->n++] = (struct metrics_pod){ .namespace = pod->namespace,
								.name = pod->name,
								.state = METRICS_N_STATES };
	}
}

static void drop_twins(struct snapshot *s)
{
	int n = 0;

	qsort(s->pods, (size_t)s->n, sizeof(s->pods[0]), compare);
	for (int i = 0; i < s->n; i++) {
		if (n == 0 || compare(&s->pods[n - 1], &s->pods[i]) != 0)
			s->pods[n++] = s->pods[i];
	}
	s->n = n;
}

static void add_up(const struct attach_table *t, struct snapshot *s)
{
	for (const struct attach *a = t->first; a; a = a->next) {
		struct metrics_pod key = { .namespace = a->rec->req.pod.namespace,
					   .name = a->rec->req.pod.name };
		struct metrics_pod *pod;

		if (a->rec->phase != RECORD_COMMITTED)
			continue;
		pod = bsearch(&key, s->pods, (size_t)s->n, sizeof(key), compare);
		assert(pod); /* the list was made of the same table */
		if (snapshot_state(a) < pod->state)
			pod->state = snapshot_state(a);
		if (!counted(t, a))
			add_stats(&s->sums[pod - s->pods], &a->stats);
	}
}

int snapshot_take(const struct attach_table *t, struct snapshot *ret)
{
	struct snapshot s = { .pods = calloc((size_t)t->n + 1, sizeof(*s.pods)),
			      .sums = calloc((size_t)t->n + 1, sizeof(*s.sums)) };

	if (!s.pods || !s.sums) {
		snapshot_clear(&s);
		return -ENOMEM;
	}
	list_pods(t, &s);
	drop_twins(&s);
	add_up(t, &s);
	for (int i = 0; i < s.n; i++) {
		if (s.sums[i].has_counters)
			s.pods[i].counters = &s.sums[i].counters;
		if (s.sums[i].has_smc) {
			s.pods[i].stats = &s.sums[i].smc;
			s.pods[i].tally = &s.sums[i].tally;
		}
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
