/* SPDX-License-Identifier: Apache-2.0 */
/* How smcctl status shows a pod that names containers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "smcctl/status_text.h"

static char *print(json_t *containers)
{
	json_auto_t *pod = json_pack("{s:s, s:{s:s, s:s}, s:o}", "name", "web", "gate", "by",
				     "cgroup", "why", "", "containers", containers);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	status_text_print_pod(pod, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void named_containers_are_told_in_place_of_the_gate(void **state)
{
	auto_free char *text = print(json_pack("[{s:s, s:b, s:s}, {s:s, s:b, s:s}]", "name", "app",
					       "steered", 1, "why", "", "name", "web", "steered", 0,
					       "why", "not identified yet"));

	(void)state;
	assert_non_null(strstr(text, "\nContainers  app: steered\n"
				     "            web: TCP, not identified yet\n"
				     "            all others are TCP\n"
				     "Cgroup "));
	assert_null(strstr(text, "Gate"));
}

static void a_pod_that_names_none_has_its_gate(void **state)
{
	auto_free char *text = print(json_null());

	(void)state;
	assert_null(strstr(text, "Containers"));
	assert_non_null(strstr(text, "\nGate        the pod's own processes are steered"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_containers_are_told_in_place_of_the_gate),
		cmocka_unit_test(a_pod_that_names_none_has_its_gate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
