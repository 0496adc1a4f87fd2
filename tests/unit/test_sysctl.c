/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a network namespace of the test's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sched.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "common/sysctl.h"

#define NAME "net.ipv4.ip_unprivileged_port_start"

static int inside = -1;
static struct err err;

static int make_netns(void **state)
{
	auto_close int outside = netns_open("/proc/self/ns/net", &err);

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	inside = netns_open("/proc/self/ns/net", &err);
	return inside < 0 ? -1 : setns(outside, CLONE_NEWNET);
}

static int close_netns(void **state)
{
	(void)state;
	cleanup_close(&inside);
	return 0;
}

static void a_value_is_set_inside_and_not_outside(void **state)
{
	char before[32], value[32], after[32];

	(void)state;
	assert_int_equal(sysctl_get(-1, NAME, before, sizeof(before), &err), 0);
	assert_int_equal(sysctl_set(inside, NAME, "85", &err), 0);
	assert_int_equal(sysctl_get(inside, NAME, value, sizeof(value), &err), 0);
	assert_int_equal(sysctl_get(-1, NAME, after, sizeof(after), &err), 0);
	assert_string_equal(value, "85");
	assert_string_equal(before, after);
}

static void errors_name_setting_and_value(void **state)
{
	char value[32] = "before";

	(void)state;
	assert_int_equal(sysctl_set(inside, NAME, "abc", &err), -EINVAL);
	assert_string_equal(err.msg, "set sysctl '" NAME "' to 'abc': Invalid argument");
	assert_int_equal(sysctl_get(inside, "net.nope.x", value, sizeof(value), &err), -ENOENT);
	assert_non_null(strstr(err.msg, "read sysctl 'net.nope.x': "));
	assert_string_equal(value, "before");
}

static void a_value_that_does_not_fit_is_an_error(void **state)
{
	char value[3] = "x";

	(void)state;
	assert_int_equal(sysctl_set(inside, NAME, "1000", &err), 0);
	assert_int_equal(sysctl_get(inside, NAME, value, sizeof(value), &err), -EOVERFLOW);
	assert_string_equal(value, "x");
}

static void names_cannot_leave_proc_sys(void **state)
{
	static const char *const bad[] = { "",	   ".",	       "..",	"net..smc",	".net",
					   "net.", "net/../x", "Net.x", "net.smc.wmem " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (sysctl_name_valid(bad[i]))
			fail_msg("'%s' was accepted", bad[i]);
		assert_int_equal(sysctl_set(inside, bad[i], "1", &err), -EINVAL);
	}
	assert_true(sysctl_name_valid("net.smc.wmem"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_set_inside_and_not_outside),
		cmocka_unit_test(errors_name_setting_and_value),
		cmocka_unit_test(a_value_that_does_not_fit_is_an_error),
		cmocka_unit_test(names_cannot_leave_proc_sys),
	};

	return cmocka_run_group_tests(tests, make_netns, close_netns);
}
