/* SPDX-License-Identifier: Apache-2.0 */
/* Every state there is, against what must hold in each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node-agent/model/reconcile.h"

#define STATES (3 * 64)

static struct reconcile_state state_of(int i)
{
	int bits = i / 3;

	return (struct reconcile_state){
		.phase = (enum record_phase)(i % 3),
		.busy = bits & 1,
		.wanted = bits & 2,
		.commit = bits & 4,
		.changed = bits & 8,
		.damaged = bits & 16,
		.waits = bits & 32,
	};
}

static void nothing_is_due_while_a_job_is_under_way_or_a_failure_waits(void **state)
{
	(void)state;
	for (int i = 0; i < STATES; i++) {
		struct reconcile_state s = state_of(i);

		if (s.busy || s.waits)
			assert_int_equal(reconcile(&s), RECONCILE_NOTHING);
	}
}

static void what_is_not_wanted_is_removed_and_then_forgotten(void **state)
{
	(void)state;
	for (int i = 0; i < STATES; i++) {
		struct reconcile_state s = state_of(i);

		if (s.busy || s.waits || s.wanted)
			continue;
		assert_int_equal(reconcile(&s),
				 s.phase == RECORD_NONE ? RECONCILE_FORGET : RECONCILE_REMOVE);
	}
}

static void what_is_wanted_is_neither_removed_nor_forgotten(void **state)
{
	(void)state;
	for (int i = 0; i < STATES; i++) {
		struct reconcile_state s = state_of(i);

		if (!s.wanted)
			continue;
		assert_int_not_equal(reconcile(&s), RECONCILE_REMOVE);
		assert_int_not_equal(reconcile(&s), RECONCILE_FORGET);
	}
}

static void steps_follow_each_other_and_commit_waits_for_the_plugin(void **state)
{
	(void)state;
	for (int i = 0; i < STATES; i++) {
		struct reconcile_state s = state_of(i);
		enum reconcile_action action = reconcile(&s);

		if (s.busy || s.waits || !s.wanted)
			continue;
		if (s.phase == RECORD_NONE)
			assert_int_equal(action, RECONCILE_PREPARE);
		else if (s.phase == RECORD_PREPARED)
			assert_int_equal(action, s.commit ? RECONCILE_COMMIT : RECONCILE_NOTHING);
		else
			assert_int_equal(action, s.changed || s.damaged ? RECONCILE_ENSURE :
									  RECONCILE_NOTHING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_due_while_a_job_is_under_way_or_a_failure_waits),
		cmocka_unit_test(what_is_not_wanted_is_removed_and_then_forgotten),
		cmocka_unit_test(what_is_wanted_is_neither_removed_nor_forgotten),
		cmocka_unit_test(steps_follow_each_other_and_commit_waits_for_the_plugin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
