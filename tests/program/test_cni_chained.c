/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, chained: what it tells the agent, and what becomes of a pod when the agent
 * fails. */
#include <inttypes.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/netns.h"
#include "common/wire.h"
#include "tests/program/cni_chain.h"

#define RUNTIME                                                                                        \
	",\"runtimeConfig\":{\"cgroupPath\":\"/kubepods/pod1\",\"io.kubernetes.cri.pod-annotations\":" \
	"{\"other\":\"x\",\"smc-cni.io/steer\":\"%s\"}}"

/* ---- with an agent ---- */

static void add_passes_the_result_on_in_its_version(void **state)
{
	static const char *const versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0" };

	(void)state;
	(void)world_agent(chain_good);
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct world_run r = world_expect_ok(
			"ADD", world_conf(versions[i], CHAIN_PREV, world_netns(0)), 0);
		const json_t *ip = json_array_get(json_object_get(r.doc, "ips"), 0);
		const char *form = json_string_value(json_object_get(ip, "version"));

		assert_string_equal(json_string_value(json_object_get(r.doc, "cniVersion")),
				    versions[i]);
		assert_string_equal(json_string_value(json_object_get(ip, "address")),
				    "10.1.0.2/24");
		assert_true(versions[i][0] == '0' ? form && !strcmp(form, "4") : !form);
		assert_non_null(json_object_get(r.doc, "x"));
		assert_int_equal(json_array_size(json_object_get(r.doc, "interfaces")), 2);
		world_run_clear(&r);
	}
	assert_false(chain_is_pending());
}

/* And takes it out, as no two runs say the same. */
static void expect_time_left(json_t *msg)
{
	json_int_t left_ms = json_integer_value(json_object_get(msg, "timeoutMs"));

	assert_true(left_ms > 0 && left_ms <= 60000);
	(void)json_object_del(msg, "timeoutMs");
}

static void the_agent_is_told_who_and_where_and_gets_the_namespace(void **state)
{
	json_auto_t *log = NULL;
	json_auto_t *want = json_loads(
		"{\"v\":1,\"verb\":\"prepare\",\"fd\":true,\"commit\":true,\"attachment\":{\"network\":\"net1\","
		"\"containerID\":\"c1\",\"ifname\":\"eth0\"},\"pod\":{\"namespace\":\"ns\",\"name\":\"pod1\","
		"\"uid\":\"u1\"},\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\","
		"\"ips\":[\"10.1.0.2/24\"]}],\"cgroupPath\":\"/kubepods/pod1\","
		"\"annotations\":{\"smc-cni.io/steer\":\"enabled\"}}",
		0, NULL);
	json_auto_t *want_commit = json_loads(
		"{\"v\":1,\"verb\":\"commit\",\"fd\":false,\"undo\":{\"pnets\":[],\"sysctls\":[]}}",
		0, NULL);
	json_t *found;
	char runtime[512];

	(void)state;
	(void)world_agent(chain_good);
	(void)snprintf(runtime, sizeof(runtime), RUNTIME, "enabled");
	chain_ok("ADD", chain_conf(runtime), 0);
	log = world_agent_log();
	assert_int_equal(json_array_size(log), 2);
	found = json_array_get(log, 0);
	expect_time_left(found);
	if (!json_equal(found, want))
		fail_msg("found %s", json_dumps(found, JSON_COMPACT));
	found = json_array_get(log, 1);
	expect_time_left(found);
	assert_true(json_equal(found, want_commit));
}

static void a_nul_in_an_annotation_makes_a_wrong_value_of_it(void **state)
{
	json_auto_t *log = NULL;
	const json_t *found;
	char runtime[512];

	(void)state;
	(void)world_agent(chain_good);
	(void)snprintf(runtime, sizeof(runtime), RUNTIME, "required\\u0000\",\"a\":\"\\u0000");
	chain_ok("ADD", chain_conf(runtime), 0);
	log = world_agent_log();
	found = json_object_get(json_array_get(log, 0), "annotations");
	assert_int_equal(json_object_size(found), 1);
	assert_string_equal(json_string_value(json_object_get(found, "smc-cni.io/steer")),
			    "required\xef\xbf\xbd");
	chain_ok("DEL", chain_conf(runtime), 0);
}

static void what_is_committed_at_once_needs_no_commit(void **state)
{
	static const struct world_reply at_once[] = {
		{ "prepare", "{\"v\":1,\"ok\":true,\"committed\":true}" },
		{ NULL, NULL },
	};
	json_auto_t *log = NULL;

	(void)state;
	(void)world_agent(at_once);
	chain_ok("ADD", chain_conf(""), 0);
	log = world_agent_log();
	assert_int_equal(json_array_size(log), 1);
	assert_false(chain_is_pending());
}

static void the_agent_has_the_last_word_on_required(void **state)
{
	static const struct world_reply refuse[] = {
		{ "prepare", "{\"v\":1,\"ok\":false,\"code\":\"required\",\"error\":\"no hook\"}" },
		{ NULL, NULL },
	};
	static const struct world_reply dies[] = {
		{ "prepare", "{\"v\":1,\"ok\":true,\"required\":true}" },
		{ "commit", NULL },
		{ NULL, NULL },
	};

	(void)state;
	(void)world_agent(refuse);
	world_expect_error("ADD", chain_conf(""), 11, "the pod requires steering: no hook");
	(void)world_agent(dies);
	world_expect_error("ADD", chain_conf(""), 11, "the pod requires steering: receive message");
	assert_false(chain_is_pending());
}

/* ---- without one ---- */

static void the_request_is_kept_for_an_agent_that_is_away(void **state)
{
	auto_free char *text = NULL;
	auto_free struct wire_prepare *p = calloc(1, sizeof(*p));
	json_auto_t *msg = NULL;
	struct err err = ERR_INIT;
	auto_close int fd = -1;
	struct netns_id id;
	struct stat st;
	char runtime[512], cookie[24];
	size_t len;

	(void)state;
	(void)snprintf(runtime, sizeof(runtime), RUNTIME, "enabled");
	chain_ok("ADD", chain_conf(runtime), 1);
	assert_int_equal(stat(world_path("run/pending"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(chain_is_pending());
	assert_int_equal(stat(world_path("run/pending/cfc834d00ca27332.json"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_read(AT_FDCWD, world_path("run/pending/cfc834d00ca27332.json"),
				   1 << 16, &text, &len, &err),
			 0);
	assert_int_equal(smc_json_parse_object(text, len, "pending", &msg, &err), 0);
	if (wire_prepare_from_json(msg, p, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(p->pod.uid, "u1");
	assert_int_equal(p->interfaces[0].n_ips, 1);
	assert_string_equal(json_string_value(json_object_get(msg, "netnsPath")), world_netns(0));
	assert_int_equal(json_object_size(p->annotations), 1);
	fd = netns_open(world_netns(0), &err);
	assert_int_equal(netns_identify(fd, &id, &err), 0);
	(void)snprintf(cookie, sizeof(cookie), "%" PRIu64, id.cookie);
	assert_string_equal(json_string_value(json_object_get(msg, "netnsCookie")), cookie);
	wire_prepare_clear(p);
}

static void the_warning_says_pod_and_cause(void **state)
{
	struct world_run r = world_expect_ok("ADD", chain_conf(""), 1);

	(void)state;
	assert_non_null(strstr(r.err, "level=warn msg=\"pod starts on TCP"));
	assert_non_null(strstr(r.err, "pod=ns/pod1"));
	assert_non_null(strstr(r.err, "agent.sock': No such file or directory"));
	assert_non_null(strstr(r.err, "kept_for_agent=yes"));
	world_run_clear(&r);
}

static void a_pod_starts_on_tcp_whatever_the_agent_does(void **state)
{
	static const struct world_reply table[][3] = {
		{ { "prepare", NULL } },
		{ { "prepare", "" } },
		{ { "prepare", "}{" } },
		{ { "prepare", "[]" } },
		{ { "prepare", "{\"v\":9,\"ok\":true}" } },
		{ { "prepare", "{\"v\":1}" } },
		{ { "prepare", "{\"v\":1,\"ok\":true,\"required\":\"no\"}" } },
		{ { "prepare", "{\"v\":1,\"ok\":true,\"netns\":{\"pnets\":7}}" } },
		{ { "prepare",
		    "{\"v\":1,\"ok\":false,\"code\":\"unavailable\",\"error\":\"x\"}" } },
		{ { "commit", NULL } },
		{ { "commit", "" } },
		{ { "commit", "}{" } },
		{ { "commit", "{\"v\":1,\"ok\":false,\"code\":\"unavailable\",\"error\":\"x\"}" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		(void)world_reset(state);
		(void)world_agent(table[i]);
		chain_ok("ADD", chain_conf(CHAIN_TIMEOUT), 1);
		if (!chain_is_pending())
			fail_msg("case %zu left no request", i);
	}
}

static void what_the_agent_calls_invalid_is_not_asked_again(void **state)
{
	static const struct world_reply refuse[] = {
		{ "prepare", "{\"v\":1,\"ok\":false,\"code\":\"invalid\",\"error\":\"bad\"}" },
		{ NULL, NULL },
	};

	(void)state;
	(void)world_agent(refuse);
	chain_ok("ADD", chain_conf(""), 1);
	assert_false(chain_is_pending());
}

static void ask_agent_for_node(void)
{
	int64_t deadline_ms = clock_now_ms() + 60000;
	struct err err = ERR_INIT;
	auto_close int sock = wire_connect(world_path("run/agent.sock"), deadline_ms, &err);
	json_auto_t *msg = wire_request("node"), *reply = NULL;

	if (sock < 0 || wire_send(sock, msg, -1, deadline_ms, &err) < 0 ||
	    wire_recv(sock, &reply, NULL, deadline_ms, &err) < 0)
		fail_msg("%s", err.msg);
}

/* It has waited for one answer, once: what it had sent by its end is all that the agent finds when
 * it goes on. */
static void expect_one_wait(const char *command, const char *verb)
{
	pid_t agent = world_agent(chain_good);
	json_auto_t *log = NULL;
	struct world_run r;

	(void)unlink(world_path("agent.log"));
	assert_int_equal(kill(agent, SIGSTOP), 0);
	r = world_expect_ok(command, chain_conf(",\"agentTimeoutMs\":1000"), 1);
	assert_true(r.took_ms >= 1000);
	if (!strstr(r.err, "timed out"))
		fail_msg("%s", r.err);
	world_run_clear(&r);
	assert_int_equal(kill(agent, SIGCONT), 0);
	ask_agent_for_node();
	log = world_agent_log();
	assert_int_equal(json_array_size(log), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(log, 0), "verb")),
			    verb);
}

static void a_stopped_agent_costs_no_more_than_the_time_limit(void **state)
{
	(void)state;
	expect_one_wait("ADD", "prepare");
	assert_true(chain_is_pending());
	expect_one_wait("DEL", "del");
	assert_false(chain_is_pending());
}

static void a_folder_that_cannot_be_made_is_part_of_the_one_warning(void **state)
{
	struct world_run r;

	(void)state;
	world_sh("touch %s/run", world_dir());
	r = world_expect_ok("ADD", chain_conf(""), 1);
	assert_non_null(strstr(r.err, "Not a directory"));
	assert_null(strstr(r.err, "kept_for_agent=yes"));
	world_run_clear(&r);
}

static void a_required_pod_does_not_start_without_the_agent(void **state)
{
	char runtime[512];

	(void)state;
	(void)snprintf(runtime, sizeof(runtime), RUNTIME CHAIN_TIMEOUT, "required");
	world_expect_error("ADD", chain_conf(runtime), 11, "the pod requires steering: connect to");
	assert_int_equal(kill(world_agent(chain_good), SIGSTOP), 0);
	world_expect_error("ADD", chain_conf(runtime), 11,
			   "the pod requires steering: receive message: ");
	assert_false(chain_is_pending());
}

static void a_namespace_of_the_agents_list_is_required_unless_the_pod_says_otherwise(void **state)
{
	char runtime[512];

	(void)state;
	world_sh("mkdir -p %s/run; printf 'nsx\\nns\\nlast' >%s/run/required-namespaces",
		 world_dir(), world_dir());
	world_expect_error("ADD", chain_conf(""), 11, "the pod requires steering");
	(void)snprintf(runtime, sizeof(runtime), RUNTIME, "disabled");
	chain_ok("ADD", chain_conf(runtime), 1);
	(void)setenv("CNI_ARGS", "K8S_POD_NAMESPACE=las", 1);
	chain_ok("ADD", chain_conf(""), 1);
	(void)setenv("CNI_ARGS", "K8S_POD_NAMESPACE=last", 1);
	world_expect_error("ADD", chain_conf(""), 11, "the pod requires steering");
	(void)setenv("CNI_ARGS", "", 1);
	chain_ok("ADD", chain_conf(""), 1);
}

static void a_pnet_id_of_the_configuration_does_not_stop_a_pod_without_smc(void **state)
{
	(void)state;
	chain_ok("ADD", chain_conf(",\"pnetID\":\"NET0\""), 1);
	(void)world_reset(state);
	(void)world_agent(chain_good);
	chain_ok("ADD", chain_conf(",\"pnetID\":\"NET0\""), 0);
	chain_ok("CHECK", chain_conf(",\"pnetID\":\"NET0\""), 0);
}

/* ---- the pod's namespace ---- */

static void add_needs_a_pods_namespace(void **state)
{
	json_auto_t *log = NULL;

	(void)state;
	(void)world_agent(chain_good);
	(void)setenv("CNI_NETNS", "/nonexistent/ns", 1);
	world_expect_error("ADD", chain_conf(""), 3, "open network namespace '/nonexistent/ns'");
	(void)setenv("CNI_NETNS", "/dev/null", 1);
	world_expect_error("ADD", chain_conf(""), 4, "it is not a network namespace");
	(void)setenv("CNI_NETNS", "/proc/self/ns/mnt", 1);
	world_expect_error("ADD", chain_conf(""), 4, "it is not a network namespace");
	(void)setenv("CNI_NETNS", "/proc/self/ns/net", 1);
	world_expect_error("ADD", chain_conf(""), 4, "it is the host's own");
	log = world_agent_log();
	assert_int_equal(json_array_size(log), 0);
}

static void add_needs_a_result_to_pass_on(void **state)
{
	(void)state;
	world_expect_error("ADD", world_conf("1.0.0", " "), 7, "'prevResult' is required");
	world_expect_error("ADD", world_conf("1.0.0", ",\"prevResult\":{\"ips\":[{}]}"), 7,
			   "prevResult.ips[0]: 'address' is required");
	world_expect_error("CHECK", world_conf("1.0.0", " "), 7, "'prevResult' is required");
}

/* What the plugin before ours, and the runtime, understand. */
static void what_is_not_used_is_not_judged(void **state)
{
	static const char *const members[] = {
		",\"prevResult\":{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"mac\":\"02:00:00:00:00:01\","
		"\"mtu\":-1}],\"ips\":[{\"address\":\"10.1.0.2/24\"}]}",
		",\"quota\":18446744073709551615,\"args\":{\"cni\":{\"mac\":\"zz\"}},\"prevResult\":"
		"{\"cniVersion\":\"1.1.0\",\"x\":1e+21,\"ips\":[{\"address\":\"10.1.0.2/24\"}]}",
	};

	(void)state;
	(void)world_agent(chain_good);
	(void)setenv("CNI_ARGS", "IgnoreUnknown=1;MAC=02-00-00-00-00-07", 1);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		for (const char *const *v = (const char *const[]){ "ADD", "CHECK", "DEL", NULL };
		     *v; v++) {
			struct world_run r =
				world_expect_ok(*v, world_conf("1.1.0", "%s", members[i]), 0);

			world_run_clear(&r);
		}
	}
}

#define WORLD_TEST(f) cmocka_unit_test_setup(f, world_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(add_passes_the_result_on_in_its_version),
		WORLD_TEST(the_agent_is_told_who_and_where_and_gets_the_namespace),
		WORLD_TEST(a_nul_in_an_annotation_makes_a_wrong_value_of_it),
		WORLD_TEST(what_is_committed_at_once_needs_no_commit),
		WORLD_TEST(the_agent_has_the_last_word_on_required),
		WORLD_TEST(the_request_is_kept_for_an_agent_that_is_away),
		WORLD_TEST(the_warning_says_pod_and_cause),
		WORLD_TEST(a_pod_starts_on_tcp_whatever_the_agent_does),
		WORLD_TEST(what_the_agent_calls_invalid_is_not_asked_again),
		WORLD_TEST(a_stopped_agent_costs_no_more_than_the_time_limit),
		WORLD_TEST(a_folder_that_cannot_be_made_is_part_of_the_one_warning),
		WORLD_TEST(a_required_pod_does_not_start_without_the_agent),
		WORLD_TEST(
			a_namespace_of_the_agents_list_is_required_unless_the_pod_says_otherwise),
		WORLD_TEST(a_pnet_id_of_the_configuration_does_not_stop_a_pod_without_smc),
		WORLD_TEST(add_needs_a_pods_namespace),
		WORLD_TEST(add_needs_a_result_to_pass_on),
		WORLD_TEST(what_is_not_used_is_not_judged),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
