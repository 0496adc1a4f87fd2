/* SPDX-License-Identifier: Apache-2.0 */
/* Lists as people have them: read, joined and left again. */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
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
#include "node-agent/install/list.h"

#define LISTS "tests/fuzz/corpus/install" /* from the top of the tree */

static struct err err;

static struct install_list parse(const char *text)
{
	struct install_list l = { 0 };
	int r = install_list_parse("x.conflist", text, strlen(text), &l, &err);

	if (r < 0)
		fail_msg("%s", err.msg);
	return l;
}

static char *compact(const char *text)
{
	json_auto_t *json = json_loads(text, 0, NULL);

	return json_dumps(json, JSON_COMPACT);
}

/* In, behind all others, and out again: then it is what it was, to the order of the keys. */
static void expect_round_trip(const char *name, const char *text)
{
	struct install_list l = parse(text), in, out;
	auto_free char *with = install_list_text(&l, "/run/smc-cni/agent.sock");
	auto_free char *without = NULL, *was = compact(text), *is = NULL;
	const json_t *plugins;

	in = parse(with);
	plugins = json_object_get(in.root, "plugins");
	assert_int_equal(in.n_ours, 1);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(plugins, json_array_size(plugins) - 1), "type")),
			    INSTALL_TYPE);
	assert_string_equal(in.name, l.name);
	if (l.n_ours == 0 && json_object_get(l.root, "plugins")) {
		without = install_list_text(&in, NULL);
		out = parse(without);
		is = compact(without);
		if (strcmp(was, is) != 0)
			fail_msg("%s: was %s, is %s", name, was, is);
		install_list_clear(&out);
	}
	install_list_clear(&in);
	install_list_clear(&l);
}

static void lists_as_people_have_them_come_back_as_they_were(void **state)
{
	auto_closedir DIR *dir = opendir(LISTS);
	const struct dirent *de;
	int n = 0;

	(void)state;
	assert_non_null(dir);
	while ((de = readdir(dir))) {
		auto_free char *text = NULL;

		if (!install_is_conf_name(de->d_name))
			continue;
		assert_int_equal(
			file_read(dirfd(dir), de->d_name, INSTALL_LIST_MAX, &text, NULL, &err), 0);
		expect_round_trip(de->d_name, text);
		n++;
	}
	assert_true(n >= 12);
}

#define P ", \"plugins\": [{\"type\": \"bridge\"}]}"

static void the_version_is_the_one_that_the_runtime_takes(void **state)
{
	static const struct {
		const char *text, *version;
	} table[] = {
		{ "{\"name\": \"a\", \"cniVersion\": \"0.4.0\"" P, "0.4.0" },
		{ "{\"name\": \"a\", \"cniVersions\": [\"0.4.0\", \"1.0.0\", \"0.3.0\"]" P,
		  "1.0.0" },
		{ "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"cniVersions\": [\"0.4.0\"]" P,
		  "1.0.0" },
		/* newer ones are passed over, as by a runtime that does not know them */
		{ "{\"name\": \"a\", \"cniVersion\": \"0.3.1\", \"cniVersions\": [\"1.1.0\", \"9.0.0\"]" P,
		  "1.1.0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct install_list l = parse(table[i].text);

		assert_string_equal(l.version, table[i].version);
		install_list_clear(&l);
	}
}

static void what_no_runtime_loads_or_we_cannot_join_is_told_apart(void **state)
{
	static const struct {
		const char *text, *says;
		int rc;
	} table[] = {
		{ "", "x.conflist", -EINVAL },
		{ "[]", "x.conflist", -EINVAL },
		{ "{\"cniVersion\": \"1.0.0\"" P, "name", -EINVAL },
		{ "{\"name\": 7, \"cniVersion\": \"1.0.0\"" P, "name", -EINVAL },
		{ "{\"name\": \"a\", \"cniVersion\": 1" P, "cniVersion", -EINVAL },
		{ "{\"name\": \"a\", \"cniVersions\": \"1.0.0\"" P, "cniVersions", -EINVAL },
		{ "{\"name\": \"a\", \"cniVersions\": [1]" P, "cniVersions[0]", -EINVAL },
		{ "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"loadOnlyInlinedPlugins\": \"maybe\"" P,
		  "allowed are true and false", -EINVAL },
		{ "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"plugins\": [7]}", "plugins[0]",
		  -EINVAL },
		{ "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"plugins\": [{}]}", "type",
		  -EINVAL },
		{ "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"plugins\": {}}", "plugins",
		  -EINVAL },
		{ "{\"name\": \"a\"" P, "0.1.0", -EOPNOTSUPP },
		{ "{\"name\": \"a\", \"cniVersion\": \"2.0.0\"" P, "2.0.0", -EOPNOTSUPP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct install_list l = { 0 };
		int r = install_list_parse("x.conflist", table[i].text, strlen(table[i].text), &l,
					   &err);

		if (r != table[i].rc || !strstr(err.msg, table[i].says) || l.root)
			fail_msg("case %zu: %d, '%s'", i, r, err.msg);
	}
}

static void a_runtime_reads_true_in_quotes_too(void **state)
{
	static const char head[] =
		"{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"loadOnlyInlinedPlugins\": ";
	auto_free char *yes_text = NULL, *no_text = NULL;
	struct install_list yes, no;

	(void)state;
	assert_true(asprintf(&yes_text, "%s\"True\"" P, head) > 0);
	assert_true(asprintf(&no_text, "%s\"false\"" P, head) > 0);
	yes = parse(yes_text);
	no = parse(no_text);
	assert_true(yes.inlined_only);
	assert_false(no.inlined_only);
	install_list_clear(&yes);
	install_list_clear(&no);
}

static void only_three_endings_are_loaded(void **state)
{
	static const char *const no[] = { ".smc-cni.new",  "..smc-cni.new.tmp",
					  ".smc-cni.poke", "a.conf.bak",
					  "conf",	   "a.yaml" };

	(void)state;
	/* ".conf" is an ending to filepath.Ext() */
	assert_true(install_is_conf_name("a.conf") && install_is_conf_name("a.conflist") &&
		    install_is_conf_name("a.json") && install_is_conf_name(".conf"));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (install_is_conf_name(no[i]))
			fail_msg("'%s'", no[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_as_people_have_them_come_back_as_they_were),
		cmocka_unit_test(the_version_is_the_one_that_the_runtime_takes),
		cmocka_unit_test(what_no_runtime_loads_or_we_cannot_join_is_told_apart),
		cmocka_unit_test(a_runtime_reads_true_in_quotes_too),
		cmocka_unit_test(only_three_endings_are_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
