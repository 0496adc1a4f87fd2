/* SPDX-License-Identifier: Apache-2.0 */
/* What others wrote does nothing to a terminal, and is one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/printable.h"

static const char *shown(const char *text)
{
	static char buf[256];

	return printable(text, buf, sizeof(buf));
}

static void text_as_people_write_it_stays(void **state)
{
	static const char text[] =
		"got 'a\\b', erlaubt: \xc3\xa4\xc3\xb6 \xe6\xbc\xa2 \xf0\x9f\x98\x80 ~";

	(void)state;
	assert_string_equal(shown(text), text);
	assert_true(printable_is(text));
	assert_string_equal(shown(""), "");
}

static void what_moves_a_cursor_is_escaped(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "\x1b[2J\x1b]0;x\x07", "\\x1b[2J\\x1b]0;x\\x07" },
		{ "a\nb\r\tc\x7f", "a\\nb\\r\\tc\\x7f" },
		{ "\xc2\x9b"
		  "2J",
		  "\\u{9b}2J" }, /* C1: CSI */
		{ "\xe2\x80\xae"
		  "evil",
		  "\\u{202e}evil" }, /* right to left */
		{ "a\xe2\x80\xa8"
		  "b",
		  "a\\u{2028}b" }, /* a line's end to some */
		{ "a\xe2\x80\x8b"
		  "b",
		  "a\\u{200b}b" }, /* nothing to see */
		{ "\xf3\xa0\x81\x81", "\\u{e0041}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(shown(cases[i].text), cases[i].shown);
		assert_false(printable_is(cases[i].text));
	}
}

static void what_is_no_utf8_is_shown_byte_by_byte(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "\x9b"
		  "2J",
		  "\\x9b2J" }, /* C1 in eight bits */
		{ "\xc0\x9b", "\\xc0\\x9b" }, /* too long for what it is */
		{ "\xe0\x80\x9b", "\\xe0\\x80\\x9b" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* half of a pair */
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
		{ "a\xe6\xbc", "a\\xe6\\xbc" }, /* cut */
		{ "\xff", "\\xff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(shown(cases[i].text), cases[i].shown);
}

static void no_character_is_cut(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(printable("abc\x1b\x1b", buf, sizeof(buf)), "abc\\x1b");
	assert_string_equal(printable("abcd\x1b", buf, sizeof(buf)), "abcd");
	assert_string_equal(printable("abcdef\xc3\xa4", buf, sizeof(buf)), "abcdef");
}

/* Each message of an error may quote what a tenant wrote. */
static void a_message_of_an_error_is_one_harmless_line(void **state)
{
	struct err err = ERR_INIT;
	char path[600];

	(void)state;
	(void)err_set(&err, -EINVAL, "got '%s'", "\x1b[2J\nb");
	assert_string_equal(err.msg, "got '\\x1b[2J\\nb'");
	(void)err_prefix(&err, -EINVAL, "a\x07");
	assert_string_equal(err.msg, "a\\x07: got '\\x1b[2J\\nb'");
	(void)err_sys(&err, EINVAL, "open '%s'", "\xc2\x9b");
	assert_string_equal(err.msg, "open '\\u{9b}': Invalid argument");
	memset(path, '\x1b', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	(void)err_set(&err, -EINVAL, "%s", path);
	assert_true(printable_is(err.msg));
	assert_in_range(strlen(err.msg), sizeof(err.msg) - PRINTABLE_ONE_MAX, sizeof(err.msg) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_as_people_write_it_stays),
		cmocka_unit_test(what_moves_a_cursor_is_escaped),
		cmocka_unit_test(what_is_no_utf8_is_shown_byte_by_byte),
		cmocka_unit_test(no_character_is_cut),
		cmocka_unit_test(a_message_of_an_error_is_one_harmless_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
