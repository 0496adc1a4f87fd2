/* SPDX-License-Identifier: Apache-2.0 */
/* The rights that the agent misses and those that the DaemonSet gives are the same ones. */
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/node/rights.h"

#define DAEMONSET "deploy/base/daemonset.yaml"

static void who_has_all_misses_none(void **state)
{
	(void)state;
	assert_int_equal(rights_next_missing(UINT64_MAX, 0), rights_n);
}

static void who_has_none_misses_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < rights_n; i++)
		assert_int_equal(rights_next_missing(0, i), i);
}

static void the_one_that_is_missing_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < rights_n; i++) {
		uint64_t set = ~(UINT64_C(1) << rights[i].capability);

		assert_int_equal(rights_next_missing(set, 0), i);
		assert_int_equal(rights_next_missing(set, i + 1), rights_n);
	}
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static void they_are_those_of_the_daemonset(void **state)
{
	auto_free char *text = NULL;
	const char *add;
	char *end;

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, DAEMONSET, 1 << 20, &text, NULL, NULL), 0);
	add = strstr(text, "\n              add:\n");
	assert_non_null(add);
	end = strstr(add, "volumeMounts:");
	assert_non_null(end);
	*end = '\0';
	assert_int_equal(count(add, "\n                - "), rights_n);
	for (size_t i = 0; i < rights_n; i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "\n                - %s #",
			       rights[i].name + strlen("CAP_"));
		if (!strstr(add, line))
			fail_msg("%s does not give %s", DAEMONSET, rights[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_all_misses_none),
		cmocka_unit_test(who_has_none_misses_each),
		cmocka_unit_test(the_one_that_is_missing_is_found),
		cmocka_unit_test(they_are_those_of_the_daemonset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
