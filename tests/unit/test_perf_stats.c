/* SPDX-License-Identifier: Apache-2.0 */
/* What smc-perf makes of its samples: percentiles, medians, ratios of pairs, turns. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "perf/hist.h"
#include "perf/stats.h"

static struct hist *hist;

static int new_hist(void **state)
{
	(void)state;
	hist = calloc(1, sizeof(*hist));
	return hist ? 0 : -1;
}

static int free_hist(void **state)
{
	(void)state;
	free(hist);
	return 0;
}

static void near(double got, double wanted, double part)
{
	if (isnan(got) || fabs(got - wanted) > wanted * part)
		fail_msg("got %g, not %g", got, wanted);
}

static void percentiles_of_small_numbers_are_exact(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 100; i++)
		hist_add(hist, i);
	near(hist_percentile(hist, 500), 50, 0);
	near(hist_percentile(hist, 990), 99, 0);
	near(hist_percentile(hist, 10), 1, 0);
}

static void percentiles_of_great_ones_are_within_a_hundredth(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 100000; i++)
		hist_add(hist, i * 1000);
	near(hist_percentile(hist, 500), 50e6, 0.01);
	near(hist_percentile(hist, 990), 99e6, 0.01);
	near(hist_percentile(hist, 999), 99.9e6, 0.01);
}

static void every_value_is_found_again_within_a_hundredth(void **state)
{
	(void)state;
	for (uint64_t ns = 1; ns < 1ULL << HIST_BITS; ns += ns / 3 + 1) {
		memset(hist, 0, sizeof(*hist));
		hist_add(hist, ns);
		hist_add(hist, ns);
		near(hist_percentile(hist, 500), (double)ns, 0.01);
	}
}

static void what_takes_forever_is_the_greatest_there_is(void **state)
{
	(void)state;
	hist_add(hist, UINT64_MAX);
	hist_add(hist, 1);
	near(hist_percentile(hist, 500), 1, 0);
	hist_add(hist, UINT64_MAX);
	near(hist_percentile(hist, 500), 1LL << HIST_BITS, 0.01);
}

static void a_percentile_that_too_few_samples_have_is_not_known(void **state)
{
	(void)state;
	assert_true(isnan(hist_percentile(hist, 500)));
	for (int i = 0; i < 999; i++)
		hist_add(hist, 10);
	assert_true(isnan(hist_percentile(hist, 999)));
	near(hist_percentile(hist, 990), 10, 0);
	hist_add(hist, 10);
	near(hist_percentile(hist, 999), 10, 0);
}

static void one_slow_sample_in_a_thousand_is_no_p999(void **state)
{
	(void)state;
	for (int i = 0; i < 999; i++)
		hist_add(hist, 10);
	hist_add(hist, 100000);
	near(hist_percentile(hist, 999), 10, 0);
	hist_add(hist, 100000);
	near(hist_percentile(hist, 999), 100000, 0.01);
}

static void medians_of_odd_and_even_numbers(void **state)
{
	const double values[] = { 9, 1, 5, 3 };
	struct stats s = stats_of(values, 3);

	(void)state;
	assert_true(s.n == 3 && s.median == 5 && s.least == 1 && s.most == 9);
	s = stats_of(values, 4);
	assert_true(s.n == 4 && s.median == 4 && s.least == 1 && s.most == 9);
	near(stats_spread(&s), 2, 0);
	s = stats_of(values, 1);
	assert_true(s.median == 9 && s.least == 9 && s.most == 9 && stats_spread(&s) == 0);
}

static void what_is_not_known_is_passed_over(void **state)
{
	const double values[] = { NAN, 2, NAN, 4 };
	struct stats s = stats_of(values, 4);

	(void)state;
	assert_true(s.n == 2 && s.median == 3 && s.least == 2 && s.most == 4);
	s = stats_of(values, 1);
	assert_true(s.n == 0 && isnan(s.median) && isnan(stats_spread(&s)));
	s = stats_of(values, 0);
	assert_true(s.n == 0 && isnan(s.median));
}

/* The machine becomes three times slower on the way; each round says the same. */
static void a_drift_of_the_machine_is_not_in_the_ratios(void **state)
{
	const double a[] = { 10, 20, 30 }, b[] = { 5, 10, 15 };
	struct stats s = stats_of_ratios(a, b, 3);

	(void)state;
	assert_true(s.n == 3 && s.median == 0.5 && s.least == 0.5 && s.most == 0.5);
}

static void a_round_without_its_pair_has_no_ratio(void **state)
{
	const double a[] = { NAN, 20, 0, 10 }, b[] = { 5, NAN, 15, 30 };
	struct stats s = stats_of_ratios(a, b, 4);

	(void)state;
	assert_true(s.n == 1 && s.median == 3);
}

static void rivals_come_in_turns(void **state)
{
	size_t order[3];

	(void)state;
	stats_order(0, 3, order);
	assert_true(order[0] == 0 && order[1] == 1 && order[2] == 2);
	stats_order(1, 3, order);
	assert_true(order[0] == 2 && order[1] == 1 && order[2] == 0);
	stats_order(2, 3, order);
	assert_true(order[0] == 0 && order[2] == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(percentiles_of_small_numbers_are_exact, new_hist,
						free_hist),
		cmocka_unit_test_setup_teardown(percentiles_of_great_ones_are_within_a_hundredth,
						new_hist, free_hist),
		cmocka_unit_test_setup_teardown(every_value_is_found_again_within_a_hundredth,
						new_hist, free_hist),
		cmocka_unit_test_setup_teardown(what_takes_forever_is_the_greatest_there_is,
						new_hist, free_hist),
		cmocka_unit_test_setup_teardown(a_percentile_that_too_few_samples_have_is_not_known,
						new_hist, free_hist),
		cmocka_unit_test_setup_teardown(one_slow_sample_in_a_thousand_is_no_p999, new_hist,
						free_hist),
		cmocka_unit_test(medians_of_odd_and_even_numbers),
		cmocka_unit_test(what_is_not_known_is_passed_over),
		cmocka_unit_test(a_drift_of_the_machine_is_not_in_the_ratios),
		cmocka_unit_test(a_round_without_its_pair_has_no_ratio),
		cmocka_unit_test(rivals_come_in_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
