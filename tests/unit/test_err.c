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

#include "common/err.h"

static void err_set_returns_the_code_and_keeps_the_text(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, -EINVAL, "parse '%s': %d", "x", 7), -EINVAL);
	assert_string_equal(err.msg, "parse 'x': 7");
}

static void err_set_may_quote_its_own_message(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	(void)err_set(&err, -EIO, "cause");
	(void)err_set(&err, -EIO, "open '%s': %s", "a", err.msg);
	assert_string_equal(err.msg, "open 'a': cause");
}

static void err_sys_adds_the_system_text_for_either_sign(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&err, ENOENT, "open 'a'"), -ENOENT);
	assert_string_equal(err.msg, "open 'a': No such file or directory");
	assert_int_equal(err_sys(&err, -EPERM, "open 'b'"), -EPERM);
	assert_string_equal(err.msg, "open 'b': Operation not permitted");
}

static void err_sys_never_turns_an_error_into_success(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&err, 0, "read"), -EIO);
	assert_string_equal(err.msg, "read: Input/output error");
}

static void err_sys_has_the_number_of_what_libc_does_not_know(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&err, 524, "ask"), -524);
	assert_string_equal(err.msg, "ask: Unknown error 524");
}

static void err_prefix_goes_before_what_is_there(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	(void)err_set(&err, -EIO, "cause");
	assert_int_equal(err_prefix(&err, -EAGAIN, "add '%s'", "x"), -EAGAIN);
	assert_string_equal(err.msg, "add 'x': cause");
}

static void a_null_error_only_returns(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, -EINVAL, "x"), -EINVAL);
	assert_int_equal(err_sys(NULL, 0, "x"), -EIO);
	assert_int_equal(err_prefix(NULL, -EPERM, "x"), -EPERM);
}

static void long_messages_are_cut_at_the_end_of_the_buffer(void **state)
{
	char text[2000];
	struct err err = ERR_INIT;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_sys(&err, ENOENT, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	(void)err_prefix(&err, -EIO, "head");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_memory_equal(err.msg, "head: aaa", 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_set_returns_the_code_and_keeps_the_text),
		cmocka_unit_test(err_set_may_quote_its_own_message),
		cmocka_unit_test(err_sys_adds_the_system_text_for_either_sign),
		cmocka_unit_test(err_sys_never_turns_an_error_into_success),
		cmocka_unit_test(err_sys_has_the_number_of_what_libc_does_not_know),
		cmocka_unit_test(err_prefix_goes_before_what_is_there),
		cmocka_unit_test(a_null_error_only_returns),
		cmocka_unit_test(long_messages_are_cut_at_the_end_of_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
