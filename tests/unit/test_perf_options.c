/* SPDX-License-Identifier: Apache-2.0 */
/* What smc-perf is told, and what it reads from /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "perf/load.h"
#include "perf/options.h"

#define WORDS_MAX 12

static struct options o;
static struct err err;

/* Words with blanks between, as a shell would take them. */
static int take(int (*parse)(int argc, char **argv, struct options *ret, struct err *err),
		const char *line)
{
	static char copy[256];
	char *argv[WORDS_MAX + 1] = { NULL };
	char *rest = copy;
	int argc = 0;

	err = ERR_INIT;
	(void)snprintf(copy, sizeof(copy), "%s", line);
	while (argc < WORDS_MAX && (argv[argc] = strsep(&rest, " ")))
		argc++;
	return parse(argc, argv, &o, &err);
}

static void client(const char *line)
{
	if (take(options_client, line) < 0)
		fail_msg("%s: %s", line, err.msg);
}

static void refuses(const char *line, const char *why)
{
	if (take(options_client, line) != -EINVAL || !strstr(err.msg, why))
		fail_msg("%s: '%s' does not say '%s'", line, err.msg, why);
}

static void tcp_and_smc_are_what_is_compared(void **state)
{
	(void)state;
	client("client 10.0.0.1");
	assert_string_equal(o.host, "10.0.0.1");
	assert_true(o.n_over == 2 && o.over[0] == TRANSPORT_TCP && o.over[1] == TRANSPORT_SMC);
	assert_true(o.port == PROTO_PORT && o.rounds == 6 && o.connections == 1000);
	for (size_t i = 0; i < MEASURES_N; i++)
		assert_true(o.measures[i]);
	client("client --unix /tmp/x 10.0.0.1");
	assert_true(o.n_over == 3 && o.over[2] == TRANSPORT_UNIX);
}

static void the_order_of_the_rivals_is_as_it_was_told(void **state)
{
	(void)state;
	client("client h --over smc,fallback,tcp --json --seconds 0.25");
	assert_true(o.n_over == 3 && o.over[0] == TRANSPORT_SMC &&
		    o.over[1] == TRANSPORT_FALLBACK && o.over[2] == TRANSPORT_TCP);
	assert_true(o.json && o.seconds == 0.25);
}

static void only_measures_that_are_named_are_taken(void **state)
{
	(void)state;
	client("client h --measure stream,round-trip --rounds 3 --connections 10 --wait 20");
	assert_int_equal(o.wait_s, 20);
	for (size_t i = 0; i < MEASURES_N; i++)
		assert_true(o.measures[i] == (strcmp(measures[i].name, "stream") == 0 ||
					      strcmp(measures[i].name, "round-trip") == 0));
	assert_true(o.rounds == 3 && o.connections == 10);
}

static void bad_values_are_named_with_what_is_allowed(void **state)
{
	(void)state;
	refuses("client h --over tcp,smk", "did you mean 'smc'?");
	refuses("client h --over tcp,tcp", "'tcp' is named twice");
	refuses("client h --over ", "tcp, smc, unix, fallback");
	refuses("client h --over unix", "--unix PATH");
	refuses("client h --measure streams", "did you mean 'stream'?");
	refuses("client h --rounds 0", "allowed: 1 to 100");
	refuses("client h --rounds 1.5", "whole numbers");
	refuses("client h --rounds nan", "got 'nan'");
	refuses("client h --port 65535", "allowed: 1 to 65534");
	refuses("client h --port 80x", "got '80x'");
	refuses("client h --seconds 0", "0.01 to 60");
	refuses("client h --connections 100000", "1 to 10000");
	refuses("client h --wait 3601", "0 to 3600");
	refuses("client h --once", "--once: no such option");
	refuses("client h --port", "--port: needs a value");
	refuses("client", "got 0 words");
	refuses("client a b", "got 2 words");
}

static void a_server_has_options_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(take(options_server, "server --bind :: --port 5000 --once"), 0);
	assert_true(o.once && o.port == 5000);
	assert_string_equal(o.host, "::");
	assert_int_equal(take(options_server, "server"), 0);
	assert_null(o.host);
	assert_int_equal(take(options_server, "server 10.0.0.1"), -EINVAL);
	assert_non_null(strstr(err.msg, "--bind"));
	assert_int_equal(take(options_server, "server --json"), -EINVAL);
	assert_int_equal(take(options_client, "client --help"), 0);
	assert_true(o.help);
}

static void busy_is_neither_idle_nor_stolen(void **state)
{
	uint64_t us = 0;

	(void)state;
	assert_int_equal(load_parse_stat("cpu  1 2 4 1000 1000 8 16 1000 0 0\ncpu0 9 9 9 9 9 9 9\n",
					 100, &us, &err),
			 0);
	assert_int_equal(us, 31 * 10000);
	assert_int_equal(load_parse_stat("intr 5\n", 100, &us, &err), -EPROTO);
	assert_non_null(strstr(err.msg, "/proc/stat"));
}

static void used_is_what_no_cache_can_give_back(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(load_parse_meminfo("MemTotal:  1000 kB\nMemFree: 100 kB\nBuffers: 20 kB\n"
					    "Cached: 30 kB\nSwapCached: 500 kB\n"
					    "SReclaimable: 50 kB\n",
					    &bytes, &err),
			 0);
	assert_int_equal(bytes, 800 * 1024);
	assert_int_equal(load_parse_meminfo("MemTotal: 1000 kB\n", &bytes, &err), -EPROTO);
	assert_non_null(strstr(err.msg, "MemFree"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_and_smc_are_what_is_compared),
		cmocka_unit_test(the_order_of_the_rivals_is_as_it_was_told),
		cmocka_unit_test(only_measures_that_are_named_are_taken),
		cmocka_unit_test(bad_values_are_named_with_what_is_allowed),
		cmocka_unit_test(a_server_has_options_of_its_own),
		cmocka_unit_test(busy_is_neither_idle_nor_stolen),
		cmocka_unit_test(used_is_what_no_cache_can_give_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
