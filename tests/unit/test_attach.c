/* SPDX-License-Identifier: Apache-2.0 */
/* The table, what attachments share, and what it means for /metrics. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node-agent/model/attach.h"
#include "node-agent/show/snapshot.h"

static struct attach *add(struct attach_table *t, const char *id, const char *pod, uint64_t cookie)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct attach *a;

	assert_non_null(rec);
	strcpy(rec->req.attachment.network, "net");
	strcpy(rec->req.attachment.container_id, id);
	strcpy(rec->req.attachment.ifname, "eth0");
	strcpy(rec->req.pod.namespace, "shop");
	strcpy(rec->req.pod.name, pod);
	strcpy(rec->req.cgroup_path, pod);
	rec->phase = RECORD_COMMITTED;
	rec->netns.cookie = cookie;
	rec->wish = (struct wish){ .steer = true, .host = true, .programs = true };
	a = attach_add(t, rec);
	assert_non_null(a);
	a->wish = rec->wish;
	return a;
}

static void attachments_are_found_by_all_three_names(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *a = add(&t, "c1", "p", 1);
	struct wire_attachment key = *attach_key(a);

	(void)state;
	add(&t, "c2", "p", 1);
	assert_ptr_equal(attach_find(&t, &key), a);
	strcpy(key.ifname, "eth1");
	assert_null(attach_find(&t, &key));
	key = *attach_key(a);
	strcpy(key.network, "other");
	assert_null(attach_find(&t, &key));
	key = *attach_key(a);
	attach_drop(&t, a);
	assert_null(attach_find(&t, &key));
	assert_int_equal(t.n, 1);
	attach_clear(&t);
	assert_int_equal(t.n, 0);
}

static void count(void *arg, struct attach *a)
{
	(void)a;
	(*(int *)arg)++;
}

static int n_of(const struct attach_table *t, const char *namespace, const char *name)
{
	int n = 0;

	attach_each_of(t, namespace, name, count, &n);
	return n;
}

static void those_of_a_pod_and_of_a_namespace_are_found(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *a = add(&t, "c1", "p", 1);

	(void)state;
	add(&t, "c2", "p", 1);
	add(&t, "c3", "q", 2);
	assert_int_equal(n_of(&t, "shop", "p"), 2);
	assert_int_equal(n_of(&t, "shop", "r"), 0);
	assert_int_equal(n_of(&t, "shop", ""), 3);
	assert_int_equal(n_of(&t, "shopp", ""), 0);
	attach_drop(&t, a);
	assert_int_equal(n_of(&t, "shop", "p"), 1);
	assert_int_equal(n_of(&t, "shop", ""), 2);
	attach_clear(&t);
}

static void the_undecided_wait_in_line_once_each(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *a, *b, *c;

	(void)state;
	assert_null(attach_next_undecided(&t));
	a = add(&t, "c1", "p", 1);
	b = add(&t, "c2", "q", 2);
	c = add(&t, "c3", "r", 3);
	attach_undecide(&t, b);
	attach_undecide(&t, a);
	attach_undecide(&t, b);
	attach_undecide(&t, c);
	attach_drop(&t, a); /* while it waits */
	assert_ptr_equal(attach_next_undecided(&t), b);
	attach_undecide(&t, b); /* behind those that wait */
	assert_ptr_equal(attach_next_undecided(&t), c);
	assert_ptr_equal(attach_next_undecided(&t), b);
	assert_null(attach_next_undecided(&t));
	attach_clear(&t);
}

static void dropping_closes_the_descriptor_that_prepare_did_not_take(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *a = add(&t, "c1", "p", 1);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	a->netns_fd = fd;
	attach_drop(&t, a);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void shared(const struct attach_table *t, const struct attach *a, bool entry, bool programs,
		   bool host)
{
	struct wish_shared s = attach_shared(t, a);

	assert_int_equal(s.entry, entry);
	assert_int_equal(s.programs, programs);
	assert_int_equal(s.host, host);
}

static void the_last_one_shares_with_nobody(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *a = add(&t, "c1", "p", 1);
	struct attach *twin = add(&t, "c2", "p", 1); /* a second network of the same pod */
	struct attach *other = add(&t, "c3", "q", 2);

	(void)state;
	shared(&t, a, true, true, true);
	shared(&t, other, false, false, true);
	twin->wanted = false;
	shared(&t, a, false, false, true);
	other->wanted = false;
	shared(&t, a, false, false, false);
	attach_clear(&t);
}

/* Each ENSURE is to take away what the other one does not want any more either. */
static void two_that_end_at_once_keep_nothing_for_each_other(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *a = add(&t, "c1", "p", 1);
	struct attach *twin = add(&t, "c2", "p", 1);

	(void)state;
	a->wish = twin->wish = (struct wish){ .steer = false };
	shared(&t, a, false, false, false); /* though the twin's is still in force */
	shared(&t, twin, false, false, false);
	twin->wish.steer = true;
	shared(&t, a, true, false, false);
	attach_clear(&t);
}

static void give(struct attach *a, const char *addr)
{
	struct wire_prepare *req = &a->rec->req;

	req->n_interfaces = 1;
	assert_int_equal(
		inet_parse(addr, &req->interfaces[0].ips[req->interfaces[0].n_ips++], NULL), 0);
}

static void an_address_that_is_another_pods_by_now_is_kept_for_it(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *old = add(&t, "c1", "p", 1), *new = add(&t, "c2", "q", 2);

	(void)state;
	give(old, "10.1.0.6/16");
	give(old, "10.1.0.7/16");
	give(new, "10.1.0.7/24");
	old->wanted = false;
	assert_false(attach_shared(&t, old).addrs[0]);
	assert_true(attach_shared(&t, old).addrs[1]);
	new->wish.host = false;
	assert_false(attach_shared(&t, old).addrs[1]);
	attach_clear(&t);
}

static void what_a_job_under_way_may_make_or_take_counts_as_there(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *a = add(&t, "c1", "p", 1);
	struct attach *twin = add(&t, "c2", "p", 1);

	(void)state;
	twin->rec->phase = RECORD_NONE;
	twin->rec->wish = (struct wish){ .steer = false };
	shared(&t, a, false, false, false); /* not begun */
	twin->busy = true;
	shared(&t, a, true, true, true);
	attach_clear(&t);
}

static void a_pod_that_never_asked_and_has_nothing_to_tell_has_no_series_of_its_own(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *quiet = add(&t, "c1", "a", 1), *own = add(&t, "c2", "b", 2);
	struct attach *before = add(&t, "c3", "c", 3), *asked = add(&t, "c4", "d", 4);
	struct snapshot s;

	(void)state;
	quiet->steered = own->steered = before->steered = asked->steered = false;
	quiet->stats.has_smc = true; /* was looked at */
	own->stats.smc.smcr.client_conns = 1; /* by SMC sockets of the program's own */
	before->stats.has_counters = true; /* was steered earlier */
	asked->verdict.wanted = POLICY_ENABLED; /* and may not */
	assert_int_equal(snapshot_take(&t, &s), 0);
	assert_int_equal(s.n, 4);
	assert_false(s.pods[0].own);
	assert_true(s.pods[1].own && s.pods[2].own && s.pods[3].own);
	snapshot_clear(&s);
	attach_clear(&t);
}

/* Every counter there is: a new one that is not added up would read 0. */
static void statistics_are_added_up_to_the_last_counter(void **state)
{
	struct stats sum = { .has_smc = true }, more = { .has_counters = true };
	uint64_t *counter = (uint64_t *)&more.counters, *smc = (uint64_t *)&more.smc;
	uint64_t *offers = (uint64_t *)&more.offers;
	size_t n_counters = sizeof(more.counters) / sizeof(*counter);
	size_t n_offers = sizeof(more.offers) / sizeof(*offers);
	size_t n_smc = offsetof(struct smc_stats, n_fallbacks) / sizeof(*smc);

	(void)state;
	for (size_t i = 0; i < n_counters; i++)
		counter[i] = i + 1;
	more.has_offers = true;
	for (size_t i = 0; i < n_offers; i++)
		offers[i] = i + 50;
	for (size_t i = 0; i < n_smc; i++)
		smc[i] = i + 100;
	more.tally.n = 1;
	more.tally.reasons[0] = (struct tally_reason){ .code = 7, .count = 3 };
	stats_add(&sum, &more);
	stats_add(&sum, &more);
	assert_true(sum.has_counters && sum.has_offers && sum.has_smc);
	for (size_t i = 0; i < n_offers; i++)
		assert_int_equal(((uint64_t *)&sum.offers)[i], 2 * (i + 50));
	for (size_t i = 0; i < n_counters; i++)
		assert_int_equal(((uint64_t *)&sum.counters)[i], 2 * (i + 1));
	for (size_t i = 0; i < n_smc; i++)
		assert_int_equal(((uint64_t *)&sum.smc)[i], 2 * (i + 100));
	assert_int_equal(sum.tally.n, 1);
	assert_int_equal(sum.tally.reasons[0].count, 6);
}

static void attachments_of_one_pod_are_one_series_and_of_one_netns_count_once(void **state)
{
	struct attach_table t = { .n = 0 };
	struct attach *a = add(&t, "c1", "redis", 1);
	struct attach *twin = add(&t, "c2", "redis", 1), *old = add(&t, "c3", "redis", 2);
	struct attach *first = add(&t, "c4", "alpha", 3), *half = add(&t, "c5", "beta", 4);
	struct snapshot s;

	(void)state;
	a->stats.has_counters = twin->stats.has_counters = old->stats.has_counters = true;
	a->stats.counters.steered = twin->stats.counters.steered = 5;
	old->stats.counters.steered = 7;
	old->steered = first->steered = false;
	first->verdict.invalid = true;
	half->rec->phase = RECORD_PREPARED;
	assert_int_equal(snapshot_take(&t, &s), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.pods[0].name, "alpha");
	assert_int_equal(s.pods[0].state, METRICS_INVALID);
	assert_false(s.pods[0].stats->has_counters);
	assert_true(s.pods[0].own && s.pods[1].own);
	assert_string_equal(s.pods[1].name, "redis");
	assert_int_equal(s.pods[1].state, METRICS_STEERED);
	assert_int_equal(s.pods[1].stats->counters.steered, 12);
	assert_false(s.pods[1].stats->has_smc);
	snapshot_clear(&s);
	attach_clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attachments_are_found_by_all_three_names),
		cmocka_unit_test(those_of_a_pod_and_of_a_namespace_are_found),
		cmocka_unit_test(the_undecided_wait_in_line_once_each),
		cmocka_unit_test(dropping_closes_the_descriptor_that_prepare_did_not_take),
		cmocka_unit_test(the_last_one_shares_with_nobody),
		cmocka_unit_test(two_that_end_at_once_keep_nothing_for_each_other),
		cmocka_unit_test(an_address_that_is_another_pods_by_now_is_kept_for_it),
		cmocka_unit_test(what_a_job_under_way_may_make_or_take_counts_as_there),
		cmocka_unit_test(
			a_pod_that_never_asked_and_has_nothing_to_tell_has_no_series_of_its_own),
		cmocka_unit_test(statistics_are_added_up_to_the_last_counter),
		cmocka_unit_test(attachments_of_one_pod_are_one_series_and_of_one_netns_count_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
