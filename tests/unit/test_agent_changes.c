/* SPDX-License-Identifier: Apache-2.0 */
/* A burst of changes is decided a few pods at a time, is written once, and keeps no ADD waiting. */
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
#include "node-agent/agent/job.h"
#include "node-agent/agent/listen.h"
#include "node-agent/source/impl.h"

#define PODS 1000
#define NAMESPACES 100
#define TURN_MAX 64 /* pods that one turn may decide about */
#define WAIT_MS 20000

static struct agent agent;
static struct source source; /* of which it is known that it knows namespaces, and no more */
static const struct source_ops ops = { .kind = "test", .may_lag = true };
static struct {
	int decided, told, written, generations, backlog;
} seen;

void __wrap_agent_decide_again(struct agent *a, struct attach *attach);
void __wrap_listen_source_changed(struct agent *a);
void __wrap_agent_events_node(struct agent *a);
int __wrap_job_keep(struct agent *a);
void __wrap_job_generation(struct agent *a);
int __wrap_worker_backlog(struct worker *worker);

void __wrap_agent_decide_again(struct agent *a, struct attach *attach)
{
	(void)a, (void)attach;
	seen.decided++;
}

void __wrap_listen_source_changed(struct agent *a)
{
	(void)a;
	seen.told++;
}

void __wrap_agent_events_node(struct agent *a)
{
	(void)a;
}

int __wrap_job_keep(struct agent *a)
{
	a->kept.stale = false;
	seen.written++;
	return 0;
}

void __wrap_job_generation(struct agent *a)
{
	(void)a;
	assert_true(TAILQ_EMPTY(&a->table.undecided));
	seen.generations++;
}

int __wrap_worker_backlog(struct worker *worker)
{
	(void)worker;
	return seen.backlog;
}

static int set_up(void **state)
{
	(void)state;
	memset(&agent, 0, sizeof(agent));
	memset(&seen, 0, sizeof(seen));
	source = (struct source){ .ops = &ops, .synced = true };
	agent.source = &source;
	agent.started = true;
	assert_int_equal(loop_new(&agent.loop, NULL), 0);
	for (int i = 0; i < PODS; i++) {
		struct record *rec = calloc(1, sizeof(*rec));

		assert_non_null(rec);
		(void)sprintf(rec->req.attachment.container_id, "c%d", i);
		(void)sprintf(rec->req.pod.namespace, "ns%d", i % NAMESPACES);
		(void)sprintf(rec->req.pod.name, "p%d", i);
		assert_non_null(attach_add(&agent.table, rec));
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	attach_clear(&agent.table);
	loop_free(agent.loop);
	return 0;
}

static void namespace_changes(int i)
{
	char name[16];

	(void)sprintf(name, "ns%d", i % NAMESPACES);
	agent_source_changed(&agent, name, "");
}

/* Each turn decides about some, until all that is due is decided. */
static void turn_until_decided(int n)
{
	int64_t end = clock_now_ms() + WAIT_MS;

	while (seen.decided < n || seen.generations == 0) {
		int before = seen.decided;

		assert_true(clock_now_ms() < end);
		(void)loop_turn(agent.loop, 20, NULL);
		assert_true(seen.decided - before <= TURN_MAX);
	}
	assert_int_equal(seen.decided, n);
}

static void a_burst_is_decided_in_turns_and_each_pod_once(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++)
		namespace_changes(i);
	assert_int_equal(seen.decided, 0); /* not while the burst is read */
	turn_until_decided(PODS);
	assert_int_equal(seen.generations, 1);
	assert_in_range(seen.told, 1, 2); /* who waits for the source */
	assert_in_range(seen.written, 1, 2); /* at once, and what came after that in one go */
}

static void a_change_concerns_the_pods_it_is_about(void **state)
{
	(void)state;
	namespace_changes(7);
	turn_until_decided(PODS / NAMESPACES);
	memset(&seen, 0, sizeof(seen));
	agent_source_changed(&agent, "ns7", "p7");
	turn_until_decided(1);
	assert_int_equal(seen.written, 0); /* a pod is not kept */
	memset(&seen, 0, sizeof(seen));
	agent_source_changed(&agent, NULL, "");
	turn_until_decided(PODS);
}

static void while_jobs_wait_no_more_are_made(void **state)
{
	(void)state;
	seen.backlog = 100; /* an ADD may be among them */
	agent_source_changed(&agent, NULL, "");
	for (int i = 0; i < 20; i++)
		(void)loop_turn(agent.loop, 5, NULL);
	assert_int_equal(seen.decided, 0);
	assert_int_equal(seen.generations, 0);
	seen.backlog = 0;
	turn_until_decided(PODS);
}

static void what_could_not_be_written_waits_for_the_sweep(void **state)
{
	(void)state;
	namespace_changes(0);
	assert_int_equal(seen.written, 1);
	agent.kept.bad = agent.kept.stale = true; /* as keep_done() leaves it */
	while (agent.keep_timer.due_ms)
		(void)loop_turn(agent.loop, 20, NULL);
	assert_int_equal(seen.written, 1);
	agent_keep_namespaces(&agent);
	assert_int_equal(seen.written, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_burst_is_decided_in_turns_and_each_pod_once,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_change_concerns_the_pods_it_is_about, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(while_jobs_wait_no_more_are_made, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_could_not_be_written_waits_for_the_sweep,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
