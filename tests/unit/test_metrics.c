/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/show/metrics.h"
#include "node-agent/show/process_metrics.h"

static struct smc_stats stats_of(int n, const struct smc_fallback *fallbacks)
{
	struct smc_stats s = { .n_fallbacks = n };

	memcpy(s.fallbacks, fallbacks, (size_t)n * sizeof(*fallbacks));
	return s;
}

static void a_tally_counts_on_when_the_kernels_counter_wraps(void **state)
{
	const struct smc_fallback first = { .code = 0x03010000, .count = 65530 };
	const struct smc_fallback then = { .code = 0x03010000, .count = 4 };
	struct tally_entry list[2 * SMC_FALLBACK_MAX];
	struct smc_stats s = stats_of(1, &first);
	struct tally t = { 0 };

	(void)state;
	tally_update(&t, &s, NULL);
	tally_update(&t, &s, NULL); /* nothing new */
	s = stats_of(1, &then);
	tally_update(&t, &s, NULL);
	assert_int_equal(tally_list(&t, list), 1);
	assert_int_equal(list[0].count, 65540);
	assert_string_equal(list[0].name, "peer-no-smc");
	assert_null(list[0].advice);
}

/* Both are right as far as they go: one has 16 bits, the other saw nothing while no agent ran. */
static void a_tally_takes_the_larger_of_two_counts(void **state)
{
	static const struct {
		uint16_t kernel;
		uint64_t seen;
		uint64_t count;
	} steps[] = {
		{ 7, 5, 7 }, /* two came while nobody watched */
		{ 9, 7, 9 },
		{ 1, 131070, 131073 }, /* it has wrapped twice since the last look */
		{ 2, 131080, 131080 }, /* what came between the two readings */
		{ 10, 131082, 131082 },
		{ 65000, 131082, 196072 }, /* or while nobody watched */
		{ 65000, 0, 196072 }, /* and when the programs' map is a new one */
	};
	struct tally_entry list[2 * SMC_FALLBACK_MAX];
	struct tally t = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct smc_fallback one = { .code = 0x03010000, .count = steps[i].kernel };
		struct smc_stats s = stats_of(1, &one);

		tally_update(&t, &s, &steps[i].seen);
		assert_int_equal(tally_list(&t, list), 1);
		assert_int_equal(list[0].count, steps[i].count);
	}
}

static void a_tally_lists_roles_apart_and_the_most_frequent_first(void **state)
{
	const struct smc_fallback some[] = {
		{ .code = 0x03010000, .count = 1, .server = true },
		{ .code = 0x03010000, .count = 5 },
		{ .code = 0x77770000, .count = 2 }, /* two codes that nobody knows: one name */
		{ .code = 0x77770001, .count = 1 },
	};
	struct tally_entry list[2 * SMC_FALLBACK_MAX];
	struct smc_stats s = stats_of(4, some);
	struct tally t = { 0 };

	(void)state;
	assert_int_equal(tally_list(&t, list), 0);
	tally_update(&t, &s, NULL);
	assert_int_equal(tally_list(&t, list), 3);
	assert_int_equal(list[0].count, 5);
	assert_false(list[0].server);
	assert_int_equal(list[1].count, 3);
	assert_string_equal(list[1].name, "other");
	assert_true(list[2].server);
}

/* Every code there can be, and one more. */
static void a_tally_that_is_full_stays_as_it_is(void **state)
{
	struct smc_stats s = { .n_fallbacks = 2 * SMC_FALLBACK_MAX };
	const struct smc_fallback more = { .code = 1, .count = 1 };
	struct tally_entry list[2 * SMC_FALLBACK_MAX];
	struct tally t = { 0 };

	(void)state;
	for (int i = 0; i < s.n_fallbacks; i++)
		s.fallbacks[i] =
			(struct smc_fallback){ .code = 0x70000000u + (uint32_t)i, .count = 1 };
	tally_update(&t, &s, NULL);
	s = stats_of(1, &more);
	tally_update(&t, &s, NULL);
	assert_int_equal(tally_list(&t, list), 1);
	assert_int_equal(list[0].count, 2 * SMC_FALLBACK_MAX);
}

static char *text; /* of the last rendering */

static int drop_text(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void render(const struct metrics_node *node, const struct metrics_pod *pods, size_t n)
{
	struct err err = ERR_INIT;
	size_t len = 0;

	(void)drop_text(NULL);
	if (metrics_render(node, pods, n, &text, &len, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(strlen(text), len);
	assert_int_equal(text[len - 1], '\n');
}

static void has_line(const char *line)
{
	const char *found = strstr(text, line);

	if (!found || (found != text && found[-1] != '\n') || found[strlen(line)] != '\n')
		fail_msg("no line '%s' in:\n%s", line, text);
}

static const struct latency no_requests[LATENCY_N_VERBS];

static void each_pod_that_asked_has_its_series(void **state)
{
	const struct smc_fallback fallback = { .code = 0x03010000, .count = 3, .server = true };
	struct stats stats = {
		.has_counters = true,
		.counters = { .steered = 7, .unsteered = 2, .ulp_denied = 1 },
		.has_offers = true,
		.offers = { .kept = 8, .blanked = 9 },
		.has_smc = true,
		.smc = stats_of(1, &fallback),
	};
	const struct metrics_pod pods[] = {
		{ "shop", "web", METRICS_STEERED, true, &stats },
		{ "shop", "odd\"\\\nname", METRICS_TCP, true, NULL },
	};
	static const struct facts nothing;
	const struct metrics_node node = { .facts = &nothing, .requests = no_requests };

	(void)state;
	stats.smc.smcr = (struct smc_tech_stats){ 100, 200, 3, 4 };
	stats.smc.smcd = (struct smc_tech_stats){ 10, 20, 1, 2 };
	stats.smc.handshake_errors_client = 1;
	stats.smc.handshake_errors_server = 2;
	tally_update(&stats.tally, &stats.smc, NULL);
	render(&node, pods, 2);
	has_line("smc_cni_pods{state=\"steered\",namespace=\"shop\",pod=\"web\"} 1");
	has_line(
		"smc_cni_pod_info{state=\"steered\",way=\"ebpf\",namespace=\"shop\",pod=\"web\"} 1");
	has_line("smc_cni_pods{state=\"tcp\",namespace=\"shop\",pod=\"odd\\\"\\\\\\nname\"} 1");
	has_line("smc_cni_sockets_steered_total{namespace=\"shop\",pod=\"web\"} 7");
	has_line("smc_cni_sockets_unsteered_total{namespace=\"shop\",pod=\"web\"} 2");
	has_line("smc_cni_offers_total{decision=\"kept\",namespace=\"shop\",pod=\"web\"} 8");
	has_line("smc_cni_offers_total{decision=\"blanked\",namespace=\"shop\",pod=\"web\"} 9");
	has_line("smc_cni_connections_total{transport=\"smcr\",role=\"client\",namespace=\"shop\","
		 "pod=\"web\"} 3");
	has_line("smc_cni_connections_total{transport=\"smcd\",role=\"server\",namespace=\"shop\","
		 "pod=\"web\"} 2");
	has_line("smc_cni_bytes_total{transport=\"smcr\",direction=\"tx\",namespace=\"shop\","
		 "pod=\"web\"} 100");
	has_line("smc_cni_bytes_total{transport=\"smcd\",direction=\"rx\",namespace=\"shop\","
		 "pod=\"web\"} 20");
	has_line("smc_cni_fallback_total{role=\"server\",reason=\"peer-no-smc\",namespace=\"shop\","
		 "pod=\"web\"} 3");
	has_line("smc_cni_handshake_errors_total{namespace=\"shop\",pod=\"web\"} 3");
	has_line("smc_cni_ulp_calls_total{action=\"deny\",namespace=\"shop\",pod=\"web\"} 1");
	assert_null(strstr(text, "steered_total{namespace=\"shop\",pod=\"odd"));
}

static void pods_that_never_asked_are_summed_by_namespace_and_state(void **state)
{
	struct stats stats = { .has_smc = true };
	const struct metrics_pod pods[] = {
		{ "a", "one", METRICS_TCP, false, &stats },
		{ "a", "two", METRICS_TCP, false, NULL },
		{ "b", "asked", METRICS_INVALID, true, NULL },
		{ "b", "other", METRICS_TCP, false, NULL },
	};
	static const struct facts nothing;
	const struct metrics_node node = { .facts = &nothing, .requests = no_requests };

	(void)state;
	render(&node, pods, 4);
	has_line("smc_cni_pods{state=\"tcp\",namespace=\"a\"} 2");
	has_line("smc_cni_pods{state=\"tcp\",namespace=\"b\"} 1");
	has_line("smc_cni_pods{state=\"invalid\",namespace=\"b\",pod=\"asked\"} 1");
	has_line(
		"smc_cni_pod_info{state=\"invalid\",way=\"none\",namespace=\"b\",pod=\"asked\"} 1");
	assert_null(strstr(text, "pod=\"one\""));
	assert_null(strstr(text, "pod=\"other\""));
}

static void the_agent_tells_of_its_own_process(void **state)
{
	static const struct facts nothing;
	struct process_metrics process;
	const struct metrics_node node = { .facts = &nothing,
					   .requests = no_requests,
					   .process = &process };

	(void)state;
	process_metrics_read(&process);
	assert_true(process.resident_bytes > 0 && process.virtual_bytes >= process.resident_bytes);
	assert_true(process.open_fds >= 3 && process.open_fds <= process.max_fds);
	assert_true(process.start_s > 1.7e9 && process.start_s < (double)time(NULL) + 2);
	process = (struct process_metrics){
		.cpu_s = 1.5, .start_s = 1e9, .resident_bytes = 4096, .open_fds = 7
	};
	render(&node, NULL, 0);
	has_line("process_cpu_seconds_total 1.50");
	has_line("process_start_time_seconds 1000000000.00");
	has_line("process_resident_memory_bytes 4096");
	has_line("process_open_fds 7");
}

static void the_node_has_its_series_without_pods_too(void **state)
{
	const struct facts facts = { .smc.ok = true, .smc.failures = 2, .host.unasked = true };
	struct latency requests[LATENCY_N_VERBS] = { 0 };
	const struct metrics_node node = { .ready = true,
					   .facts = &facts,
					   .requests = requests,
					   .paused = true,
					   .paths_closed = 2,
					   .watch_restarts = 3,
					   .events_lost = 4 };

	(void)state;
	latency_observe(&requests[LATENCY_DEL], 1000); /* on the edge: in the bucket */
	latency_observe(&requests[LATENCY_DEL], 1001);
	latency_observe(&requests[LATENCY_DEL], 9000000); /* beyond the last */
	render(&node, NULL, 0);
	has_line("smc_cni_node_ready{check=\"agent\"} 1");
	has_line("smc_cni_node_ready{check=\"smc\"} 1");
	has_line("smc_cni_node_ready{check=\"hook\"} 0");
	assert_null(strstr(text, "check=\"host\"")); /* nobody asks for it */
	has_line("smc_cni_probe_failures_total{check=\"smc\"} 2");
	has_line("smc_cni_probe_failures_total{check=\"hook\"} 0");
	has_line("smc_cni_watch_restarts_total 3");
	has_line("smc_cni_paused 1");
	has_line("smc_cni_breaker_open 2");
	has_line("smc_cni_events_lost_total 4");
	has_line("smc_cni_build_info{version=\"" SMC_CNI_VERSION "\"} 1");
	has_line("# TYPE smc_cni_request_duration_seconds histogram");
	has_line("smc_cni_request_duration_seconds_bucket{verb=\"del\",le=\"0.001000\"} 1");
	has_line("smc_cni_request_duration_seconds_bucket{verb=\"del\",le=\"0.002500\"} 2");
	has_line("smc_cni_request_duration_seconds_bucket{verb=\"del\",le=\"5.000000\"} 2");
	has_line("smc_cni_request_duration_seconds_bucket{verb=\"del\",le=\"+Inf\"} 3");
	has_line("smc_cni_request_duration_seconds_sum{verb=\"del\"} 9.002001");
	has_line("smc_cni_request_duration_seconds_count{verb=\"del\"} 3");
	has_line("smc_cni_request_duration_seconds_count{verb=\"prepare\"} 0");
}

static void verbs_are_those_of_the_wire(void **state)
{
	(void)state;
	assert_int_equal(latency_verb("prepare"), LATENCY_PREPARE);
	assert_int_equal(latency_verb("status"), LATENCY_STATUS);
	assert_int_equal(latency_verb("rubbish"), LATENCY_N_VERBS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tally_counts_on_when_the_kernels_counter_wraps),
		cmocka_unit_test(a_tally_takes_the_larger_of_two_counts),
		cmocka_unit_test(a_tally_lists_roles_apart_and_the_most_frequent_first),
		cmocka_unit_test(a_tally_that_is_full_stays_as_it_is),
		cmocka_unit_test(each_pod_that_asked_has_its_series),
		cmocka_unit_test(pods_that_never_asked_are_summed_by_namespace_and_state),
		cmocka_unit_test(the_agent_tells_of_its_own_process),
		cmocka_unit_test(the_node_has_its_series_without_pods_too),
		cmocka_unit_test(verbs_are_those_of_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, drop_text);
}
