/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an attachment when a job of it is done: the worker's part is this test's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/agent/events.h"
#include "node-agent/agent/job.h"
#include "node-agent/node/pod.h"

static struct agent agent;
static struct config *config;
static int result, told;
static struct conflicts found; /* by the worker */

void __wrap_worker_add(struct worker *worker, struct work *w, work_run_fn *run, work_done_fn *done);
int __wrap_pod_ensure(struct node *node, struct record *rec, const struct wish *wish,
		      const struct wish_shared *shared, struct pod_extras *extras, struct err *err);
void __wrap_agent_events_changed(struct agent *the_agent, const struct attach *a);
void __wrap_agent_kick(struct agent *the_agent, struct attach *a);

void __wrap_worker_add(struct worker *worker, struct work *w, work_run_fn *run, work_done_fn *done)
{
	static struct node node;

	(void)worker;
	w->rc = run(w, &node, &w->err);
	done(w, &agent);
}

/* As pod.c has it: what may be in force from now on is in the record before it is. */
int __wrap_pod_ensure(struct node *node, struct record *rec, const struct wish *wish,
		      const struct wish_shared *shared, struct pod_extras *extras, struct err *err)
{
	(void)node, (void)shared;
	rec->wish = *wish;
	extras->conflicts = found;
	if (config && conflicts_forbidding(config, &found, false))
		wish_unsteer(&rec->wish, wish);
	return result < 0 ? err_sys(err, result, "write map") : 0;
}

void __wrap_agent_events_changed(struct agent *the_agent, const struct attach *a)
{
	(void)the_agent, (void)a;
	told++;
}

void __wrap_agent_kick(struct agent *the_agent, struct attach *a)
{
	(void)the_agent, (void)a;
}

static void ensure(struct attach *a, bool steer, int rc)
{
	result = rc;
	a->wish.steer = a->verdict.steer = steer;
	assert_int_equal(job_pod(&agent, a, RECONCILE_ENSURE), 0);
	assert_false(a->busy);
}

static void what_failed_is_not_said_to_be_in_force(void **state)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct attach *a;

	(void)state;
	assert_non_null(rec);
	rec->phase = RECORD_COMMITTED;
	a = attach_add(&agent.table, rec);
	ensure(a, true, -ENOMEM);
	assert_false(a->steered);
	assert_true(a->damaged);
	assert_int_equal(told, 0);
	ensure(a, true, 0);
	assert_true(a->steered);
	assert_true(a->late);
	assert_int_equal(told, 1);
	ensure(a, false, -EIO);
	assert_true(a->steered);
	ensure(a, false, 0);
	assert_false(a->steered);
	assert_int_equal(told, 2);
	attach_clear(&agent.table);
}

/* Else the two would go on about it for ever. */
static void what_the_worker_found_in_the_way_the_loop_wishes_no_more(void **state)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct attach *a;

	(void)state;
	assert_non_null(rec);
	rec->phase = RECORD_COMMITTED;
	rec->req.annotations = json_pack("{s:s}", "smc-cni.io/steer", "enabled");
	a = attach_add(&agent.table, rec);
	conflict_set(&found.of[CONFLICT_OWNER_RULES], 1, "table 'nat'", NULL);
	assert_int_equal(config_parse("", 0, "agent.yaml", &config, NULL), 0);
	agent.config = config;
	agent_decide(&agent, a);
	assert_null(strstr(a->verdict.why, "table 'nat'"));
	ensure(a, true, 0);
	assert_false(a->steered);
	assert_false(a->wish.steer);
	assert_true(wish_equal(&a->wish, &a->rec->wish));
	assert_non_null(strstr(a->verdict.why, "table 'nat'"));
	attach_clear(&agent.table);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_failed_is_not_said_to_be_in_force),
		cmocka_unit_test(what_the_worker_found_in_the_way_the_loop_wishes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
