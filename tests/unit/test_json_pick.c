/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/parse/json_pick.h"
#include "node-agent/parse/pairs.h"

static const struct json_pick named[] = { { "name", NULL }, { 0 } };
static const struct json_pick picks[] = {
	{ "kind", NULL },
	{ "one", named },
	{ "many", named },
	{ 0 },
};

static int pick(const char *text, json_t **ret, struct err *err)
{
	/* no byte behind the text may be looked at: the sanitizer sees to it */
	size_t len = strlen(text);
	auto_free char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	*err = ERR_INIT;
	return json_pick(copy, len, picks, ret, err);
}

static void picks_are(const char *text, const char *want)
{
	json_auto_t *obj = NULL;
	auto_free char *got = NULL;
	struct err err;

	if (pick(text, &obj, &err) < 0)
		fail_msg("%s", err.msg);
	got = json_dumps(obj, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(got, want);
}

static void only_what_is_asked_for_is_read(void **state)
{
	(void)state;
	picks_are("{}", "{}");
	picks_are(" {\"kind\" : \"Pod\", \"other\":{\"kind\":\"no\"}}\n", "{\"kind\":\"Pod\"}");
	picks_are("{\"other\":[1,{\"a\":[\"}]\\\"\",null]},-1e5,true],\"kind\":{\"a\":[1]}}",
		  "{\"kind\":{\"a\":[1]}}");
	picks_are("{\"one\":{\"name\":\"a\",\"env\":[{\"name\":\"X\",\"value\":\"secret\"}]}}",
		  "{\"one\":{\"name\":\"a\"}}");
	picks_are("{\"many\":[{\"name\":\"a\",\"x\":1},{\"name\":\"b\"},{}]}",
		  "{\"many\":[{\"name\":\"a\"},{\"name\":\"b\"},{}]}");
	picks_are("{\"kinds\":1,\"kin\":2,\"\":3}", "{}");
}

static void what_has_another_shape_is_taken_or_passed_over(void **state)
{
	(void)state;
	picks_are("{\"one\":7,\"many\":null}", "{\"many\":null,\"one\":7}");
	picks_are("{\"many\":[7,\"x\",[{\"name\":\"deep\"}],{\"name\":\"a\"}]}",
		  "{\"many\":[{\"name\":\"a\"}]}");
	picks_are("{\"kind\":1,\"kind\":2}", "{\"kind\":2}");
	picks_are("{\"kind\":\"a\\u0000b\"}", "{\"kind\":\"a\\u0000b\"}");
}

static void what_is_no_json_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "it is no JSON: a value is missing (byte 0)" },
		{ "[1]", "it is no object" },
		{ "7", "it is no object" },
		{ "{", "a name is missing" },
		{ "{\"a", "a string does not end" },
		{ "{\"a\\", "a string does not end" },
		{ "{\"a\\\"", "a string does not end" },
		{ "{\"a\"", "a colon is missing" },
		{ "{\"a\":", "a value is missing" },
		{ "{\"a\":1", "a comma or a bracket is missing" },
		{ "{\"a\":1]", "a comma or a bracket is missing" },
		{ "{\"a\":[1}", "a bracket closes what is not open" },
		{ "{\"a\":}", "a bracket closes what is not open" },
		{ "{\"a\":1,}", "a name is missing" },
		{ "{\"kind\":1 2}", "a comma or a bracket is missing" },
		{ "{\"kind\":nonsense}", "(byte " },
		{ "{\"kind\":[1,]}", "(byte " },
		{ "{\"many\":[1,]}", "a bracket closes what is not open" },
		{ "{}{}", "something follows it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *obj = NULL;
		struct err err;

		assert_int_equal(pick(rows[i].text, &obj, &err), -EINVAL);
		assert_null(obj);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("'%s' is not in: %s", rows[i].why, err.msg);
	}
}

/* A million brackets are a million levels to a reader that calls itself. */
static void no_depth_is_too_much_for_the_stack(void **state)
{
	static const char *const fronts[] = { "{\"other\":", "{\"kind\":", "{\"many\":",
					      "{\"one\":" };
	const size_t depth = 1000000;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fronts); i++) {
		size_t n = strlen(fronts[i]);
		auto_free char *text = malloc(n + depth);
		struct err err = ERR_INIT;
		json_t *obj = NULL;

		assert_non_null(text);
		memcpy(text, fronts[i], n);
		memset(text + n, '[', depth);
		assert_int_equal(json_pick(text, n + depth, picks, &obj, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "it is nested too deeply"));
	}
}

/* ---- pairs ---- */

static void pairs_are_gone_through_and_found(void **state)
{
	const char *text = "app=12ab,init=,side-car=7", *pos = text;
	struct pair pair;
	int n = 0;

	(void)state;
	while (pairs_next(&pos, &pair))
		n++;
	assert_int_equal(n, 3);
	assert_true(pairs_find(text, "app", 3, &pair));
	assert_int_equal(pair.value_len, 4);
	assert_memory_equal(pair.value, "12ab", 4);
	assert_true(pairs_find(text, "init", 4, &pair));
	assert_int_equal(pair.value_len, 0);
	assert_true(pairs_find(text, "side-car", 8, &pair));
	assert_string_equal(pair.value, "7");
	assert_false(pairs_find(text, "side", 4, &pair));
	assert_false(pairs_find(text, "ap", 2, &pair));
	assert_false(pairs_find("", "", 0, &pair));
	assert_false(pairs_find(NULL, "app", 3, &pair));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_asked_for_is_read),
		cmocka_unit_test(what_has_another_shape_is_taken_or_passed_over),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(no_depth_is_too_much_for_the_stack),
		cmocka_unit_test(pairs_are_gone_through_and_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
