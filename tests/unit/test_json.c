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
#include "common/json.h"

static struct err err;

static int parse(const char *text, json_t **ret)
{
	err = ERR_INIT;
	return smc_json_parse_object(text, strlen(text), "stdin", ret, &err);
}

static json_t *must_parse(const char *text)
{
	json_t *root = NULL;

	if (parse(text, &root) < 0)
		fail_msg("%s", err.msg);
	return root;
}

static void refuses(const char *text, const char *why)
{
	json_t *root = NULL;

	assert_int_equal(parse(text, &root), -EINVAL);
	assert_null(root);
	if (!strstr(err.msg, why))
		fail_msg("'%s' does not say '%s'", err.msg, why);
}

static void only_one_whole_object_is_accepted(void **state)
{
	(void)state;
	json_decref(must_parse(" {\"a\":{\"b\":[1,2]}}\n"));
	refuses("", "parse stdin: it is empty");
	refuses("[1]", "expected a JSON object, found an array");
	refuses("{} {}", "end of file expected");
	refuses("{\"a\":1", "line 1");
}

static void an_integer_beyond_64_bits_fails_nobody(void **state)
{
	static const char *const numbers[] = { "9223372036854775808", "18446744073709551615",
					       "-9223372036854775809",
					       "100000000000000000000000000000000000000000" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char text[512];
		json_auto_t *root = NULL;
		int64_t number = 0;

		(void)snprintf(text, sizeof(text),
			       "{\"theirs\":[{\"x\":%s},%s],\"ours\":9223372036854775807,\"least\":"
			       "-9223372036854775808,\"text\":\"%s \\\" %s\",\"real\":1e+21}",
			       numbers[i], numbers[i], numbers[i], numbers[i]);
		root = must_parse(text);
		assert_true(json_is_real(json_array_get(json_object_get(root, "theirs"), 1)));
		assert_int_equal(
			smc_json_get_int(root, "stdin", "ours", 0, INT64_MAX, &number, &err), 1);
		assert_true(number == INT64_MAX);
		assert_true(json_integer_value(json_object_get(root, "least")) == INT64_MIN);
		(void)snprintf(text, sizeof(text), "%s \" %s", numbers[i], numbers[i]);
		assert_string_equal(json_string_value(json_object_get(root, "text")), text);
		assert_true(smc_json_get_int(json_array_get(json_object_get(root, "theirs"), 0),
					     "theirs", "x", 0, INT64_MAX, &number, &err) < 0);
	}
	refuses("{\"a\":1e400}", "real number overflow");
	refuses("{\"a\":18446744073709551615x}", "line 1");
}

static void a_key_given_twice_is_refused(void **state)
{
	(void)state;
	refuses("{\"a\":1,\"a\":2}", "duplicate object key");
}

static void nul_bytes_and_invalid_utf8_are_refused(void **state)
{
	static const char nul[] = "{\"a\":\"x\0y\"}";
	json_t *root = NULL;

	(void)state;
	assert_int_equal(smc_json_parse_object(nul, sizeof(nul) - 1, "stdin", &root, &err),
			 -EINVAL);
	assert_string_equal(err.msg, "parse stdin: it has a NUL byte");
	refuses("{\"a\":\"x\\u0000y\"}", "\\u0000");
	refuses("{\"x\\u0000y\":1}", "\\u0000");
	refuses("{\"a\":\"\xff\"}", "unable to decode byte 0xff");
}

static void nesting_is_bounded_and_brackets_in_strings_do_not_count(void **state)
{
	char text[512] = "{\"a\":";

	(void)state;
	memset(text + 5, '[', 63);
	memset(text + 68, ']', 63);
	strcpy(text + 131, "}");
	json_decref(must_parse(text));
	memset(text + 5, '[', 64);
	memset(text + 69, ']', 64);
	strcpy(text + 133, "}");
	refuses(text, "nested more than 64 deep");
	memset(text, ' ', sizeof(text));
	strcpy(text, "{\"a\":\"\\\"");
	memset(text + 8, '[', 200);
	strcpy(text + 208, "\"}");
	json_decref(must_parse(text));
}

static void absent_and_null_keys_leave_the_value_alone(void **state)
{
	json_t *obj = must_parse("{\"n\":null}"), *child = obj;
	const char *text = "before";
	int64_t number = 7;
	bool flag = true;

	(void)state;
	assert_int_equal(smc_json_get_string(obj, "w", "n", &text, &err), 0);
	assert_int_equal(smc_json_get_string(obj, "w", "absent", &text, &err), 0);
	assert_int_equal(smc_json_get_int(obj, "w", "n", 0, 1, &number, &err), 0);
	assert_int_equal(smc_json_get_bool(obj, "w", "n", &flag, &err), 0);
	assert_int_equal(smc_json_get_object(obj, "w", "n", &child, &err), 0);
	assert_int_equal(smc_json_get_array(obj, "w", "n", &child, &err), 0);
	assert_string_equal(text, "before");
	assert_int_equal(number, 7);
	assert_true(flag);
	assert_ptr_equal(child, obj);
	json_decref(obj);
}

static void right_types_are_returned(void **state)
{
	json_t *obj = must_parse("{\"s\":\"x\",\"i\":-3,\"b\":false,\"o\":{},\"a\":[]}"),
	       *child = NULL;
	const char *text = NULL;
	int64_t number = 0;
	bool flag = true;

	(void)state;
	assert_int_equal(smc_json_get_string(obj, "w", "s", &text, &err), 1);
	assert_string_equal(text, "x");
	assert_int_equal(smc_json_need_string(obj, "w", "s", &text, &err), 1);
	assert_int_equal(smc_json_get_int(obj, "w", "i", -3, -3, &number, &err), 1);
	assert_int_equal(number, -3);
	assert_int_equal(smc_json_get_bool(obj, "w", "b", &flag, &err), 1);
	assert_false(flag);
	assert_int_equal(smc_json_get_object(obj, "w", "o", &child, &err), 1);
	assert_true(json_is_object(child));
	assert_int_equal(smc_json_get_array(obj, "w", "a", &child, &err), 1);
	assert_true(json_is_array(child));
	json_decref(obj);
}

static void wrong_types_name_key_found_and_allowed(void **state)
{
	json_t *obj = must_parse("{\"x\":\"yes\",\"y\":1.5,\"z\":99}"), *child;
	const char *text = "before";
	int64_t number;
	bool flag;

	(void)state;
	assert_int_equal(smc_json_get_bool(obj, "netconf", "x", &flag, &err), -EINVAL);
	assert_string_equal(err.msg, "netconf: 'x' must be true or false, found the string 'yes'");
	assert_int_equal(smc_json_get_int(obj, "netconf", "y", 0, 9, &number, &err), -EINVAL);
	assert_string_equal(err.msg, "netconf: 'y' must be an integer, found a fraction");
	assert_int_equal(smc_json_get_int(obj, "netconf", "z", 0, 9, &number, &err), -EINVAL);
	assert_string_equal(err.msg, "netconf: 'z' must be 0 to 9, found 99");
	assert_int_equal(smc_json_get_string(obj, "netconf", "z", &text, &err), -EINVAL);
	assert_string_equal(err.msg, "netconf: 'z' must be a string, found an integer");
	assert_int_equal(smc_json_get_object(obj, "netconf", "z", &child, &err), -EINVAL);
	assert_int_equal(smc_json_get_array(obj, "netconf", "z", &child, &err), -EINVAL);
	assert_string_equal(text, "before");
	json_decref(obj);
}

static void a_needed_string_may_not_be_absent_or_empty(void **state)
{
	json_t *obj = must_parse("{\"e\":\"\"}");
	const char *text = "before";

	(void)state;
	assert_int_equal(smc_json_need_string(obj, "netconf", "e", &text, &err), -EINVAL);
	assert_string_equal(err.msg, "netconf: 'e' is required");
	assert_int_equal(smc_json_need_string(obj, "netconf", "f", &text, &err), -EINVAL);
	assert_string_equal(text, "before");
	json_decref(obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_whole_object_is_accepted),
		cmocka_unit_test(an_integer_beyond_64_bits_fails_nobody),
		cmocka_unit_test(a_key_given_twice_is_refused),
		cmocka_unit_test(nul_bytes_and_invalid_utf8_are_refused),
		cmocka_unit_test(nesting_is_bounded_and_brackets_in_strings_do_not_count),
		cmocka_unit_test(absent_and_null_keys_leave_the_value_alone),
		cmocka_unit_test(right_types_are_returned),
		cmocka_unit_test(wrong_types_name_key_found_and_allowed),
		cmocka_unit_test(a_needed_string_may_not_be_absent_or_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
