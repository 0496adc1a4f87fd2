/* SPDX-License-Identifier: Apache-2.0 */
/* A fallback is never called SMC, and what smc-perf prints fits a terminal. */
#include <math.h>
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
#include "perf/report.h"

#define ROUNDS 3

static struct results results;
static struct options options;
static struct bench bench;
static const struct measure *round_trip;

static const struct verdict smcd = { .kind = VERDICT_SMCD, .n = 1, .buffer_bytes = 131072 };
static const struct verdict tcp = { .kind = VERDICT_TCP, .n = 1 };
static const struct verdict fallen = { .kind = VERDICT_FALLBACK,
				       .n = 10,
				       .fallen = 1,
				       .reason = 0x03030000 };

static void put(size_t over, unsigned int round, enum metric m, double value,
		const struct verdict *v)
{
	struct sample *s = results_sample(&results, &results.cells[0], over, round);

	s->values[m] = value;
	s->verdict = *v;
}

static int begin(void **state)
{
	(void)state;
	options = (struct options){ .rounds = ROUNDS, .seconds = 0.5 };
	bench = (struct bench){ .same_machine = true };
	results = (struct results){ .n_over = 2, .over = { TRANSPORT_TCP, TRANSPORT_SMC } };
	for (size_t i = 0; i < MEASURES_N; i++)
		if (strcmp(measures[i].name, "round-trip") == 0)
			round_trip = &measures[i];
	if (!round_trip || results_add(&results, round_trip, 65536, ROUNDS) < 0)
		return -1;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		put(0, i, METRIC_P50, 100 * (i + 1), &tcp);
		put(1, i, METRIC_P50, 50 * (i + 1), &smcd);
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	results_free(&results);
	return 0;
}

static char *text(void)
{
	static char buf[8192];
	FILE *out = fmemopen(buf, sizeof(buf), "w");

	assert_non_null(out);
	assert_int_equal(report_text(&options, &bench, &results, out), 0);
	assert_int_equal(fclose(out), 0);
	return buf;
}

static void each_round_is_compared_with_its_own_pair(void **state)
{
	struct stats s = results_ratio(&results, &results.cells[0], 1, METRIC_P50);
	enum transport over;

	(void)state;
	assert_true(s.n == ROUNDS && s.least == 0.5 && s.most == 0.5);
	assert_null(results_refused(&results, &over));
	assert_non_null(strstr(text(), "SMC-D"));
	assert_non_null(strstr(text(), "0.50"));
}

static void a_round_that_fell_back_has_no_numbers(void **state)
{
	enum transport over;
	const struct verdict *v;
	struct stats s;

	(void)state;
	put(1, 1, METRIC_P50, 1, &fallen);
	s = results_stats(&results, &results.cells[0], 1, METRIC_P50);
	assert_true(s.n == ROUNDS - 1 && s.least == 50);
	v = results_refused(&results, &over);
	assert_true(v && v->fallen == 1 && over == TRANSPORT_SMC);
	assert_null(strstr(text(), "SMC-D"));
	assert_non_null(strstr(text(), "fallback"));
}

static void only_what_was_asked_for_holds(void **state)
{
	const struct verdict all = { .kind = VERDICT_FALLBACK, .n = 2, .fallen = 2 };
	const struct verdict none = { .n = 0 };

	(void)state;
	assert_true(verdict_holds(TRANSPORT_SMC, &smcd));
	assert_false(verdict_holds(TRANSPORT_SMC, &fallen));
	assert_false(verdict_holds(TRANSPORT_SMC, &none));
	assert_true(verdict_holds(TRANSPORT_FALLBACK, &all));
	assert_false(verdict_holds(TRANSPORT_FALLBACK, &fallen));
	assert_false(verdict_holds(TRANSPORT_FALLBACK, &smcd));
	assert_true(verdict_holds(TRANSPORT_TCP, &tcp));
}

static void a_refusal_names_the_reason_and_what_to_do(void **state)
{
	struct verdict v = fallen;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(verdict_refuse(TRANSPORT_SMC, &v, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.msg, "1 of 10 connections fell back to TCP: no-device"));
	v.peer_diagnosis = 0x03030008;
	(void)verdict_refuse(TRANSPORT_SMC, &v, &err);
	assert_non_null(strstr(err.msg, "the peer says peer-no-ueid"));
	v.reason = 0;
	(void)verdict_refuse(TRANSPORT_SMC, &v, &err);
	assert_non_null(strstr(err.msg, "smc_diag"));
	(void)verdict_refuse(TRANSPORT_FALLBACK, &smcd, &err);
	assert_non_null(strstr(err.msg, "1 of 1 connections became SMC"));
}

static void no_line_is_wider_than_a_terminal(void **state)
{
	char *line, *rest;

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		for (enum metric m = 0; m < METRIC_N; m++) {
			put(0, i, m, 9999999, &tcp);
			put(1, i, m, 9999999 * (i + 0.5), &fallen);
			put(1, i, m, 99999 * (i + 0.5), &smcd);
		}
	}
	(void)snprintf(bench.client.kernel, sizeof(bench.client.kernel), "6.12.48+deb13-amd64");
	for (rest = text(); (line = strsep(&rest, "\n"));)
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
}

/* What docs/perf-format.md promises. */
static void json_has_values_ratios_and_what_the_connections_were(void **state)
{
	json_auto_t *all = report_json(&options, &bench, &results);
	json_t *cell, *smc;

	(void)state;
	assert_non_null(all);
	assert_int_equal(json_integer_value(json_object_get(all, "format")), 1);
	cell = json_array_get(json_object_get(all, "cells"), 0);
	assert_string_equal(json_string_value(json_object_get(cell, "measure")), "round-trip");
	assert_int_equal(json_integer_value(json_object_get(cell, "bytes")), 65536);
	smc = json_object_get(json_object_get(cell, "over"), "smc");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(smc, "transport"), "is")),
		"SMC-D");
	assert_true(json_is_true(json_object_get(smc, "holds")));
	assert_true(json_real_value(json_object_get(
			    json_object_get(json_object_get(smc, "ratio"), "p50_us"), "median")) ==
		    0.5);
	assert_null(json_object_get(json_object_get(smc, "values"), "rate"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_round_is_compared_with_its_own_pair, begin,
						end),
		cmocka_unit_test_setup_teardown(a_round_that_fell_back_has_no_numbers, begin, end),
		cmocka_unit_test(only_what_was_asked_for_holds),
		cmocka_unit_test(a_refusal_names_the_reason_and_what_to_do),
		cmocka_unit_test_setup_teardown(no_line_is_wider_than_a_terminal, begin, end),
		cmocka_unit_test_setup_teardown(
			json_has_values_ratios_and_what_the_connections_were, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
