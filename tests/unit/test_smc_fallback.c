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

#include <ctype.h>

#include "common/cleanup.h"
#include "common/smc_fallback.h"

/* Every SMC_CLC_DECL_* of net/smc/smc_clc.h in kernel 7.3. */
static const uint32_t codes[] = {
	0x01010000, 0x02010000, 0x02020000, 0x03000000, 0x03010000, 0x03020000,
	0x03030000, 0x03030001, 0x03030002, 0x03030003, 0x03030004, 0x03030005,
	0x03030006, 0x03030007, 0x03030008, 0x03030009, 0x0303000a, 0x0303000b,
	0x03040000, 0x03050000, 0x03060000, 0x03070000, 0x03080000, 0x03090000,
	0x030a0000, 0x030b0000, 0x030c0000, 0x030d0000, 0x030e0000, 0x030f0000,
	0x04000000, 0x05000000, 0x09990000, 0x09990001, 0x09990002, 0x09990003,
};

static void every_code_of_the_kernel_has_words_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		const struct smc_fallback_reason *r = smc_fallback_reason(codes[i]);

		assert_int_equal(r->code, codes[i]);
		assert_true(strlen(r->text) > 20);
		assert_int_equal(r->text[strlen(r->text) - 1], '.');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(r->name, smc_fallback_reason(codes[j])->name);
	}
}

static void names_fit_a_metric_label(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		const char *name = smc_fallback_reason(codes[i])->name;

		assert_in_range(strlen(name), 3, 28);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				 strlen(name));
	}
}

static void a_peer_without_smc_is_normal(void **state)
{
	(void)state;
	assert_string_equal(smc_fallback_reason(0x03010000)->name, "peer-no-smc");
	assert_null(smc_fallback_reason(0x03010000)->advice);
}

static void unknown_codes_are_other(void **state)
{
	(void)state;
	assert_string_equal(smc_fallback_reason(0)->name, "other");
	assert_string_equal(smc_fallback_reason(0xdeadbeef)->name, "other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_of_the_kernel_has_words_of_its_own),
		cmocka_unit_test(names_fit_a_metric_label),
		cmocka_unit_test(a_peer_without_smc_is_normal),
		cmocka_unit_test(unknown_codes_are_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
