/* SPDX-License-Identifier: Apache-2.0 */
/* What a turn of the loop hands out, and what it leaves for the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node-agent/loop/loop.h"

static struct loop *loop;
static struct loop_timer first, second;
static int fired;

static void again(void *arg)
{
	fired++;
	loop_arm(loop, arg, clock_now_ms());
}

static void disarm(void *arg)
{
	fired++;
	loop_disarm(arg);
}

static int set_up(void **state)
{
	(void)state;
	fired = 0;
	first = second = (struct loop_timer){ 0 };
	return loop_new(&loop, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void a_timer_armed_for_now_while_it_fires_waits_for_the_next_turn(void **state)
{
	(void)state;
	first = (struct loop_timer){ .fn = again, .arg = &first };
	second = (struct loop_timer){ .fn = again, .arg = &second };
	loop_arm(loop, &first, clock_now_ms());
	loop_arm(loop, &second, clock_now_ms());
	for (int turn = 1; turn <= 50; turn++) {
		assert_int_equal(loop_turn(loop, 0, NULL), 1);
		assert_int_equal(fired, 2 * turn);
	}
}

static void a_timer_may_disarm_one_that_is_due_too(void **state)
{
	(void)state;
	first = (struct loop_timer){ .fn = disarm, .arg = &second };
	second = (struct loop_timer){ .fn = disarm, .arg = &first };
	loop_arm(loop, &first, clock_now_ms());
	loop_arm(loop, &second, clock_now_ms());
	assert_int_equal(loop_turn(loop, 0, NULL), 1);
	assert_int_equal(fired, 1);
	assert_int_equal(loop_turn(loop, 0, NULL), 0);
	assert_int_equal(fired, 1);
}

static void a_timer_that_is_not_due_stays(void **state)
{
	(void)state;
	first = (struct loop_timer){ .fn = again, .arg = &first };
	loop_arm(loop, &first, clock_now_ms() + 60000);
	assert_int_equal(loop_turn(loop, 0, NULL), 0);
	assert_int_equal(fired, 0);
	assert_true(first.due_ms > 0);
	loop_disarm(&first);
	assert_int_equal(loop_turn(loop, 0, NULL), 0);
}

#define loop_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(a_timer_armed_for_now_while_it_fires_waits_for_the_next_turn),
		loop_test(a_timer_may_disarm_one_that_is_due_too),
		loop_test(a_timer_that_is_not_due_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
