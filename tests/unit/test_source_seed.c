/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/loop/loop.h"
#include "node-agent/object/manifest.h"
#include "node-agent/source/source.h"
#include "tests/unit/source_folder.h"

#define BANK "kind: Namespace\nmetadata: {name: bank, annotations: {smc-cni.io/steer: required}}\n"

static const struct object_namespace *bank(void)
{
	return source_namespace(source, "bank");
}

/* What the agent writes down, and reads at its next start. */
static void seed(const char *pods)
{
	json_auto_t *saved = NULL;
	auto_free char *text = NULL;

	assert_true(asprintf(&text,
			     "{\"namespaces\":{\"bank\":{\"smc-cni.io/steer\":\"required\"}},"
			     "\"pods\":[%s]}",
			     pods) > 0);
	saved = json_loads(text, 0, NULL);
	assert_non_null(saved);
	assert_int_equal(source_seed(source, saved, NULL), 0);
}

static void a_bad_file_at_the_start_says_what_it_said_before(void **state)
{
	(void)state;
	put("ns.yaml", BANK "  labels: [\n");
	put_pod("a.yaml", "a", "enabled");
	open_source();
	assert_null(bank());
	seed("{\"namespace\":\"default\",\"name\":\"b\",\"uid\":\"\","
	     "\"annotations\":{\"smc-cni.io/steer\":\"enabled\"}},"
	     "{\"namespace\":\"default\",\"name\":\"a\",\"uid\":\"\",\"annotations\":{}}");
	expect("bank/ default/b ");
	assert_non_null(bank());
	expect_steer("a", "enabled"); /* as a good file says it now */
	expect_steer("b", "enabled");
	assert_true(says("/ns.yaml' has errors"));
	put("ns.yaml", BANK);
	expect("default/b "); /* all is known now */
	expect_steer("b", NULL);
	assert_non_null(bank());
	put("ns.yaml", "");
	expect("bank/ ");
}

static void a_folder_that_is_away_at_the_start_says_what_it_said_before(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/x", top);
	open_source();
	seed("");
	expect("bank/ ");
	assert_non_null(bank());
	assert_int_equal(mkdir(folder, 0755), 0);
	expect("bank/ ");
	assert_null(bank());
}

static void a_folder_that_is_whole_needs_nothing_of_before(void **state)
{
	(void)state;
	put_pod("a.yaml", "a", "enabled");
	open_source();
	seed("");
	expect("");
	assert_null(bank());
}

static void what_an_earlier_run_left_half_is_refused(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"namespaces\":{}}",
		"{\"namespaces\":[],\"pods\":[]}",
		"{\"namespaces\":{\"A\":{}},\"pods\":[]}",
		"{\"namespaces\":{\"a\":{\"k\":7}},\"pods\":[]}",
		"{\"namespaces\":{},\"pods\":[7]}",
		"{\"namespaces\":{},\"pods\":[{\"namespace\":\"a\",\"name\":\"b\",\"uid\":\"\"}]}",
	};

	(void)state;
	put("bad.yaml", "kind: [\n");
	open_source();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_auto_t *saved = json_loads(texts[i], 0, NULL);
		struct err err = ERR_INIT;

		assert_non_null(saved);
		assert_int_equal(source_seed(source, saved, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "of an earlier run cannot be taken over"));
	}
	expect("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_bad_file_at_the_start_says_what_it_said_before),
		CASE(a_folder_that_is_away_at_the_start_says_what_it_said_before),
		CASE(a_folder_that_is_whole_needs_nothing_of_before),
		CASE(what_an_earlier_run_left_half_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
