/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities: what is one, and which number it is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/config/quantity.h"

#define MAX (1LL << 40)

static void each_suffix_has_its_factor(void **state)
{
	static const struct {
		const char *text;
		int64_t number;
	} cases[] = {
		{ "1", 1 },
		{ "7Ki", 7168 },
		{ "3Mi", 3145728 },
		{ "1Gi", 1073741824 },
		{ "0.5Ti", MAX / 2 },
		{ "0.0001Pi", 112589990685 },
		{ "0.0000001Ei", 115292150461 },
		{ "12k", 12000 },
		{ "12M", 12000000 },
		{ "12G", 12000000000 },
		{ "0.1T", 100000000000 },
		{ "0.0001P", 100000000000 },
		{ "0.00000001E", 10000000000 },
		{ "5000m", 5 },
		{ "5000000u", 5 },
		{ "5000000000n", 5 },
		{ "2e3", 2000 },
		{ "2E3", 2000 },
		{ "2e+3", 2000 },
		{ "2000e-3", 2 },
		{ "+4", 4 },
		{ "4.", 4 },
		{ ".5Ki", 512 },
		{ "007", 7 },
	};
	int64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		n = 0;
		if (quantity_parse(cases[i].text, 1, MAX, &n) < 0 || n != cases[i].number)
			fail_msg("%s is %lld", cases[i].text, (long long)n);
	}
}

static void what_is_no_whole_number_is_rounded_up(void **state)
{
	int64_t n;

	(void)state;
	assert_int_equal(quantity_parse("1.5", 1, 10, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(quantity_parse("1001m", 1, 10, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(quantity_parse("0.3Ki", 1, 1000, &n), 0);
	assert_int_equal(n, 308);
	assert_int_equal(quantity_parse("1.00000000000000001", 1, 10, &n), 0);
	assert_int_equal(n, 2);
}

/* Not after it was rounded. */
static void the_bounds_are_kept_to(void **state)
{
	int64_t n;

	(void)state;
	assert_int_equal(quantity_parse("2", 2, 3, &n), 0);
	assert_int_equal(quantity_parse("3", 2, 3, &n), 0);
	assert_int_equal(quantity_parse("1.9", 2, 3, &n), -EINVAL);
	assert_int_equal(quantity_parse("3.1", 2, 3, &n), -EINVAL);
	assert_int_equal(quantity_parse("999999999999999999Ei", 2, INT64_MAX, &n), -EINVAL);
	assert_int_equal(quantity_parse("999999999999999999e99", 2, INT64_MAX, &n), -EINVAL);
	/* 19 digits. */
	assert_int_equal(quantity_parse("9223372036854775807", 1, INT64_MAX, &n), -EINVAL);
	assert_int_equal(quantity_parse("0", 1, 3, &n), -EINVAL);
}

static void what_is_no_quantity_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	 " ",	 ".",	 "+",	"-1",  "++1", "1 ",  " 1",    "1..2",  "1.2.3",
		"1K",	 "1ki",	 "1KiB", "Ki",	"e3",  "1e",  "1e+", "1e3Ki", "1e100", "1e 3",
		"1e0x3", "0x10", "1,5",	 "nan", "inf", "1\n", "1kk", "1mm",
	};
	int64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (quantity_parse(texts[i], 1, MAX, &n) != -EINVAL)
			fail_msg("'%s' is taken for %lld", texts[i], (long long)n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_suffix_has_its_factor),
		cmocka_unit_test(what_is_no_whole_number_is_rounded_up),
		cmocka_unit_test(the_bounds_are_kept_to),
		cmocka_unit_test(what_is_no_quantity_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
