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

#include <unistd.h>

#include "common/log.h"

/* Runs one log call with stderr in a pipe and returns what came out; every call is one read. */
#define CAPTURE(buf, call)                                                     \
	do {                                                                   \
		int fds_[2], old_ = dup(STDERR_FILENO);                        \
		ssize_t n_;                                                    \
		assert_int_equal(pipe(fds_), 0);                               \
		assert_int_equal(dup2(fds_[1], STDERR_FILENO), STDERR_FILENO); \
		call;                                                          \
		assert_int_equal(dup2(old_, STDERR_FILENO), STDERR_FILENO);    \
		(void)close(fds_[1]);                                          \
		(void)close(old_);                                             \
		n_ = read(fds_[0], (buf), sizeof(buf) - 1);                    \
		assert_true(n_ >= 0);                                          \
		(buf)[n_] = '\0';                                              \
		(void)close(fds_[0]);                                          \
	} while (0)

static void a_line_has_level_message_and_pairs(void **state)
{
	char out[8192];

	(void)state;
	CAPTURE(out, log_warn("steer pod", "pod", "ns/name-1", "err", "open 'a': no"));
	assert_string_equal(out,
			    "level=warn msg=\"steer pod\" pod=ns/name-1 err=\"open 'a': no\"\n");
}

static void what_would_break_the_line_is_escaped(void **state)
{
	char out[8192];

	(void)state;
	CAPTURE(out, log_error("a\nb", "k", "x\"y\\z\t\x1b[0m", "empty", ""));
	assert_string_equal(out,
			    "level=error msg=\"a\\nb\" k=\"x\\\"y\\\\z\\t\\x1b[0m\" empty=\"\"\n");
}

static void what_a_terminal_takes_for_a_command_is_escaped(void **state)
{
	char out[8192];

	(void)state;
	CAPTURE(out, log_error("a", "k",
			       "\xc2\x9b"
			       "2J",
			       "l", "\x9b", "m",
			       "\xe2\x80\xae"
			       "x"));
	assert_string_equal(out,
			    "level=error msg=\"a\" k=\"\\u{9b}2J\" l=\"\\x9b\" m=\"\\u{202e}x\"\n");
}

static void a_pair_without_value_is_left_out(void **state)
{
	char out[8192];

	(void)state;
	CAPTURE(out, log_error("m", "a", NULL, "b", "2"));
	assert_string_equal(out, "level=error msg=\"m\" b=2\n");
}

static void lines_below_the_level_are_not_written(void **state)
{
	char out[8192];

	(void)state;
	CAPTURE(out, log_debug("quiet"));
	assert_string_equal(out, "");
	log_set_level(LOG_LEVEL_DEBUG);
	CAPTURE(out, log_debug("loud"));
	assert_string_equal(out, "level=debug msg=\"loud\"\n");
	log_set_level(LOG_LEVEL_INFO);
	assert_int_equal(log_get_level(), LOG_LEVEL_INFO);
}

static void a_huge_value_is_cut_and_the_line_still_ends(void **state)
{
	char out[8192], big[6000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CAPTURE(out, log_error("m", "key", big, "next", "1"));
	assert_true(strlen(out) <= 4096);
	assert_string_equal(out + strlen(out) - 4, "...\n");
}

static void levels_are_parsed_exactly(void **state)
{
	enum log_level level = LOG_LEVEL_ERROR;

	(void)state;
	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_parse("Debug", &level), -EINVAL);
	assert_int_equal(log_level_parse("", &level), -EINVAL);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_level_message_and_pairs),
		cmocka_unit_test(what_a_terminal_takes_for_a_command_is_escaped),
		cmocka_unit_test(what_would_break_the_line_is_escaped),
		cmocka_unit_test(a_pair_without_value_is_left_out),
		cmocka_unit_test(lines_below_the_level_are_not_written),
		cmocka_unit_test(a_huge_value_is_cut_and_the_line_still_ends),
		cmocka_unit_test(levels_are_parsed_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
