/* SPDX-License-Identifier: Apache-2.0 */
/* How much is looked at how often: an ADD stands behind a few pods, and no asking makes it more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/events.h"
#include "node-agent/agent/installer.h"
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"

#define PODS 1000
#define FEW 8

static struct agent agent;
static int64_t now_ms;
static struct {
	int sweeps, looks, most, readings;
	int of[PODS]; /* how often each pod was looked at */
} seen;

int64_t __wrap_clock_now_ms(void);
void __wrap_loop_arm(struct loop *loop, struct loop_timer *t, int64_t due_ms);
int __wrap_job_sweep(struct agent *a, struct attach *const *some, int n, bool node);
int __wrap_job_stats(struct agent *a);
int __wrap_job_pending(struct agent *a);
void __wrap_agent_events_sweep(struct agent *a);
const char *__wrap_installer_network(const struct installer *i);

int64_t __wrap_clock_now_ms(void)
{
	return now_ms;
}

void __wrap_loop_arm(struct loop *loop, struct loop_timer *t, int64_t due_ms)
{
	(void)loop;
	t->due_ms = due_ms;
}

int __wrap_job_sweep(struct agent *a, struct attach *const *some, int n, bool node)
{
	(void)a;
	seen.sweeps++;
	seen.looks += node;
	if (n > seen.most)
		seen.most = n;
	for (int i = 0; i < n; i++)
		seen.of[atoi(attach_key(some[i])->container_id)]++;
	return 0;
}

int __wrap_job_stats(struct agent *a)
{
	a->stats_busy = true;
	seen.readings++;
	return 0;
}

int __wrap_job_pending(struct agent *a)
{
	(void)a;
	return 0;
}

void __wrap_agent_events_sweep(struct agent *a)
{
	(void)a;
}

const char *__wrap_installer_network(const struct installer *i)
{
	(void)i;
	return "";
}

static void pods(int n)
{
	for (int i = 0; i < n; i++) {
		struct record *rec = calloc(1, sizeof(*rec));

		assert_non_null(rec);
		(void)snprintf(rec->req.attachment.container_id,
			       sizeof(rec->req.attachment.container_id), "%d", i);
		rec->phase = RECORD_COMMITTED;
		assert_non_null(attach_add(&agent.table, rec));
	}
}

static int set_up(void **state)
{
	(void)state;
	memset(&agent, 0, sizeof(agent));
	memset(&seen, 0, sizeof(seen));
	now_ms = 1000000;
	agent.started = true;
	agent_sweep_begin(&agent);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	attach_clear(&agent.table);
	return 0;
}

static void go_on_for(int64_t ms)
{
	int64_t end = now_ms + ms;

	while (agent.sweep_timer.due_ms < end) {
		now_ms = agent.sweep_timer.due_ms;
		agent.sweep_timer.fn(agent.sweep_timer.arg);
	}
	now_ms = end;
}

static void each_pod_is_looked_at_once_a_round_and_few_at_a_time(void **state)
{
	int64_t begun_ms = now_ms;

	(void)state;
	pods(PODS);
	for (int round = 1; round < 4; round++) {
		int again = 0;

		while (seen.looks == round - 1)
			go_on_for(20);
		while (seen.looks == round)
			go_on_for(20);
		for (int i = 0; i < PODS; i++) {
			assert_in_range(seen.of[i], round, round + 1);
			again += seen.of[i] == round + 1;
		}
		assert_in_range(again, 1, FEW); /* the next round has just begun */
	}
	assert_in_range(seen.most, 1, FEW);
	assert_in_range(now_ms - begun_ms, 3 * 15000, 3 * 16000);
}

static void few_pods_are_not_looked_at_more_often(void **state)
{
	(void)state;
	pods(1);
	go_on_for(4 * AGENT_SWEEP_S * 1000);
	assert_in_range(seen.of[0], 3, 4);
	assert_in_range(seen.looks, 3, 4);
}

static void who_goes_in_a_round_hides_nobody(void **state)
{
	(void)state;
	pods(100);
	go_on_for(3000);
	while (agent.table.in_turn && agent.table.n > 60)
		attach_drop(&agent.table, agent.table.in_turn); /* 40 that had no turn yet */
	go_on_for(AGENT_SWEEP_S * 1000);
	for (struct attach *a = agent.table.first; a; a = a->next)
		assert_in_range(seen.of[atoi(attach_key(a)->container_id)], 1, 2);
	assert_in_range(seen.most, 1, FEW);
}

static void finish_reading(int64_t took_ms)
{
	now_ms += took_ms;
	agent.stats_busy = false;
	agent.stats_ms = now_ms;
	agent.stats_took_ms = took_ms;
	agent.stats_timer.due_ms = 0;
}

static void a_reading_serves_all_that_ask_for_a_while(void **state)
{
	(void)state;
	agent_want_recent_stats(&agent);
	finish_reading(1);
	for (int i = 0; i < 1000; i++) {
		agent_want_recent_stats(&agent);
		assert_int_equal(agent.stats_timer.due_ms, now_ms); /* at once */
		agent.stats_timer.due_ms = 0;
	}
	assert_int_equal(seen.readings, 1);
	now_ms += AGENT_STATS_FRESH_MS;
	agent_want_recent_stats(&agent);
	assert_int_equal(seen.readings, 2);
	assert_int_equal(agent.stats_timer.due_ms, now_ms + AGENT_STATS_MS);
}

static void readings_that_take_long_are_made_less_often(void **state)
{
	(void)state;
	agent_want_recent_stats(&agent);
	finish_reading(600);
	now_ms += 5900;
	agent_want_recent_stats(&agent);
	assert_int_equal(seen.readings, 1);
	agent.stats_timer.due_ms = 0;
	now_ms += 200;
	agent_want_recent_stats(&agent);
	assert_int_equal(seen.readings, 2);
}

/* Who asks on the socket is root, and wants to see what has just happened. */
static void status_has_a_reading_of_its_own(void **state)
{
	(void)state;
	agent_want_stats(&agent);
	finish_reading(1);
	agent_want_stats(&agent);
	assert_int_equal(seen.readings, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_pod_is_looked_at_once_a_round_and_few_at_a_time),
		TEST(few_pods_are_not_looked_at_more_often),
		TEST(who_goes_in_a_round_hides_nobody),
		TEST(a_reading_serves_all_that_ask_for_a_while),
		TEST(readings_that_take_long_are_made_less_often),
		TEST(status_has_a_reading_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
