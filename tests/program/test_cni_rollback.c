/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone, failing at each step: nothing is left of an ADD that failed. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdbool.h>

#include "cni-plugin/lock.h"
#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define VETH ",\"interface\":{\"kind\":\"veth\",\"bridge\":\"br0\",\"isGateway\":true}"
#define FAKE ",\"ipam\":{\"type\":\"fake\"},\"ipamTimeoutMs\":%d"
#define WAITS_FOREVER 600000 /* who waits does not come to the end of the test */
#define LEASE \
	"cat <<END\n{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.7.0.2/24\"%s}]%s}\nEND"

static const struct world_reply good[] = { { NULL, NULL } };

static const char *with_ipam(int timeout_ms)
{
	return world_conf("1.0.0", VETH FAKE, timeout_ms);
}

static void lease(const char *in_ip, const char *behind_ips)
{
	char body[1024];

	(void)snprintf(body, sizeof(body), LEASE, in_ip, behind_ips);
	world_ipam("fake", body);
}

static int reset(void **state)
{
	(void)world_reset(state);
	(void)world_agent(good);
	return 0;
}

/* An ADD that fails with this code leaves nothing, and calls IPAM as `calls` says. */
static void expect_clean_failure(const char *conf, int code, const char *text, const char *calls)
{
	auto_free char *copy = strdup(conf), *before = world_snapshot(), *after = NULL, *log = NULL;

	world_expect_error("ADD", copy, code, text);
	after = world_snapshot();
	world_expect_same(before, after);
	log = world_ipam_log();
	assert_string_equal(log, calls);
}

static void the_fake_ipam_works_when_nothing_fails(void **state)
{
	auto_free char *log = NULL;
	struct world_run r;

	(void)state;
	lease("", "");
	r = world_expect_ok("ADD", with_ipam(60000), 0);
	world_run_clear(&r);
	r = world_expect_ok("DEL", with_ipam(60000), 0);
	world_run_clear(&r);
	log = world_ipam_log();
	assert_string_equal(log, "ADD DEL ");
}

/* Which the runtime passes to an ADD that has the capability; it must not be given up in
 * silence. */
static void a_bandwidth_that_is_asked_for(void **state)
{
#define BANDWIDTH ",\"runtimeConfig\":{\"bandwidth\":{\"ingressRate\":%d,\"ingressBurst\":%d}}"
	struct world_run r;

	(void)state;
	lease("", "");
	expect_clean_failure(world_conf("1.0.0", VETH FAKE BANDWIDTH, 60000, 1000000, 1000000), 2,
			     "'bandwidth' is set; the plugin limits none", "");
	r = world_expect_ok("DEL",
			    world_conf("1.0.0", VETH FAKE BANDWIDTH, 60000, 1000000, 1000000), 0);
	world_run_clear(&r);
	r = world_expect_ok("ADD", world_conf("1.0.0", VETH FAKE BANDWIDTH, 60000, 0, 0), 0);
	world_run_clear(&r);
	r = world_expect_ok("DEL", with_ipam(60000), 0);
	world_run_clear(&r);
}

/* The runtime calls DEL with what it had for the ADD. */
static void what_was_asked_for_a_pod_in_vain_does_not_stop_its_del(void **state)
{
	static const struct {
		const char *asked, *text;
	} table[] = {
		{ "\"runtimeConfig\":{\"mac\":\"zz\"}", "'mac' is 'zz'" },
		{ "\"runtimeConfig\":{\"ips\":[\"10.0.0.1/99\"]}", "'ips[0]'" },
		{ "\"args\":{\"cni\":{\"mac\":\"zz\"}}", "'mac' is 'zz'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		auto_free char *conf = strdup(
				       world_conf("1.0.0", VETH FAKE ",%s", 60000, table[i].asked)),
			       *log = NULL;
		struct world_run r;

		(void)reset(state);
		lease("", "");
		expect_clean_failure(conf, 7, table[i].text, "");
		r = world_expect_ok("DEL", conf, 0);
		world_run_clear(&r);
		log = world_ipam_log();
		assert_string_equal(log, "DEL ");
	}
}

static void an_ipam_plugin_that_is_missing(void **state)
{
	(void)state;
	expect_clean_failure(with_ipam(60000), 102, "find IPAM plugin 'fake': not in CNI_PATH", "");
	(void)unsetenv("CNI_PATH");
	expect_clean_failure(with_ipam(60000), 4, "CNI_PATH is required to find IPAM plugin 'fake'",
			     "");
}

/* And is told to give back what it has, which may go wrong, too. */
static void an_ipam_error_is_answered_as_it_is(void **state)
{
	static const char *const types[] = { "fake", "dhcp" };
	json_auto_t *want = json_loads("{\"code\":11,\"msg\":\"no ADD\",\"x\":[1]}", 0, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const char *conf =
			world_conf("1.0.0", VETH ",\"ipam\":{\"type\":\"%s\"}", types[i]);
		auto_free char *before = NULL, *after = NULL, *log = NULL;
		struct world_run r;

		(void)reset(state);
		world_ipam(
			types[i],
			"echo 'a word on stderr' >&2\n"
			"printf '{\"code\":11,\"msg\":\"no %s\",\"x\":[1]}' $CNI_COMMAND; exit 1");
		before = world_snapshot();
		world_run(&r, "ADD", conf, strlen(conf));
		assert_int_equal(r.status, 1);
		assert_true(json_equal(r.doc, want));
		assert_memory_equal(r.err, "a word on stderr\n", 17);
		assert_non_null(strstr(r.err, "give back the address of a failed ADD, ignoring"));
		world_run_clear(&r);
		after = world_snapshot();
		world_expect_same(before, after);
		log = world_ipam_log();
		assert_string_equal(log, "ADD DEL ");
	}
}

/* What it may have leased is given back. */
static void an_ipam_plugin_that_answers_nonsense(void **state)
{
	static const struct {
		const char *body, *text;
	} table[] = {
		{ "echo rubbish", "IPAM plugin 'fake': parse output" },
		{ "exit 0", "IPAM plugin 'fake': parse output: it is empty" },
		{ "exit 3", "failed with status 3 and printed no CNI error" },
		{ "echo '{\"code\":\"x\"}'; exit 1",
		  "failed with status 1 and printed no CNI error" },
		{ "kill -9 $$", "died of signal 9" },
		{ "echo '{\"ips\":[]}'", "gave no address" },
		{ "echo '{\"ips\":[{\"address\":\"10.7.0.2\"}]}'", "'address' is '10.7.0.2'" },
		{ "test $CNI_COMMAND = DEL || head -c 2000000 /dev/zero",
		  "more than 1048576 bytes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		(void)reset(state);
		world_ipam("fake", table[i].body);
		expect_clean_failure(with_ipam(60000), 102, table[i].text, "ADD DEL ");
	}
}

/* The pod is set up with a lease as soon as that is printed; whether the plugin then ends well
 * counts all the same. */
static void an_ipam_plugin_that_fails_behind_its_lease(void **state)
{
	static const struct {
		const char *behind, *text;
		int timeout_ms;
	} table[] = {
		{ "exit 1", "failed with status 1 and printed no CNI error", 20000 },
		{ "kill -9 $$", "died of signal 9", 20000 },
		{ "sleep 0.3; echo rubbish", "IPAM plugin 'fake': parse output", 20000 },
		{ "test $CNI_COMMAND = DEL || exec sleep 1000", "no end within 1000 ms", 1000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		(void)reset(state);
		lease("", "");
		world_sh("echo '%s' >>%s/bin/fake", table[i].behind, world_dir());
		expect_clean_failure(with_ipam(table[i].timeout_ms), 102, table[i].text,
				     "ADD DEL ");
	}
}

static void what_was_committed_at_once_is_taken_back(void **state)
{
	static const struct world_reply at_once[] = {
		{ "prepare", "{\"v\":1,\"ok\":true,\"committed\":true}" },
		{ "del", "{\"v\":1,\"ok\":true}" },
		{ NULL, NULL },
	};
	json_auto_t *log = NULL;

	(void)state;
	(void)world_agent(at_once);
	lease("", "");
	/* It lives until the agent has been asked. */
	world_sh("echo 'until test -s %s/agent.log; do sleep 0.01; done; exit 1' >>%s/bin/fake",
		 world_dir(), world_dir());
	expect_clean_failure(with_ipam(20000), 102, "failed with status 1", "ADD DEL ");
	log = world_agent_log();
	assert_int_equal(json_array_size(log), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(log, 1), "verb")),
			    "del");
}

static void an_ipam_plugin_that_hangs_is_killed_with_its_children(void **state)
{
	(void)state;
	world_ipam(
		"fake",
		"test $CNI_COMMAND = DEL && exit 0\nsleep 1000 &\necho $! >>$(dirname $0)/pids\nwait");
	expect_clean_failure(with_ipam(3000), 102, "no end within 3000 ms", "ADD DEL ");
	/* Dead, be it that nobody has taken note of it yet. */
	world_sh("for i in $(seq 100); do grep -q '^State:.[^Z]' /proc/$(cat %s/bin/pids)/status "
		 "2>/dev/null || exit 0; sleep 0.1; done; exit 1",
		 world_dir());
}

static void what_an_ipam_plugin_leaves_running_is_not_waited_for(void **state)
{
	struct world_run r;

	(void)state;
	lease("", "");
	world_sh("echo 'sleep 1000 & echo $! >$(dirname $0)/pids' >>%s/bin/fake", world_dir());
	r = world_expect_ok("ADD", with_ipam(WAITS_FOREVER), 0);
	world_run_clear(&r);
	world_sh("kill $(cat %s/bin/pids)", world_dir());
	lease("", "");
	r = world_expect_ok("DEL", with_ipam(60000), 0);
	world_run_clear(&r);
}

static void an_interface_that_exists_is_found_before_ipam_is_asked(void **state)
{
	(void)state;
	lease("", "");
	world_sh("nsenter --net=%s ip link add eth0 type bridge", world_netns(0));
	expect_clean_failure(with_ipam(60000), 101, "create interface 'eth0' in the pod: it exists",
			     "");
}

/* It has started by then. */
static void an_ipam_plugin_that_is_not_asked_is_not_waited_for(void **state)
{
	(void)state;
	world_ipam("fake", "sleep 60; touch $(dirname $0)/ended");
	world_sh("sed -i /asked/d %s/bin/fake", world_dir());
	world_sh("nsenter --net=%s ip link add eth0 type bridge", world_netns(0));
	world_expect_error("ADD", with_ipam(WAITS_FOREVER), 101, "it exists");
	world_sh("test ! -e %s/bin/ended", world_dir());
}

static void add_and_del(const char *conf)
{
	struct world_run r = world_expect_ok("ADD", conf, 0);

	world_run_clear(&r);
	r = world_expect_ok("DEL", conf, 0);
	world_run_clear(&r);
}

/* More than a pipe holds, to one that takes it and to one that does not. Both have SIGPIPE as we
 * had it. */
static void an_ipam_plugin_need_not_read_a_long_configuration(void **state)
{
	auto_free char *conf = NULL;

	(void)state;
	assert_true(asprintf(&conf, "%s%300000s", with_ipam(20000), "") > 0);
	lease("", "");
	world_sh("sed -i '/^test/a test ${#asked} -gt 300000 || exit 2' %s/bin/fake", world_dir());
	add_and_del(conf);
	lease("", "");
	world_sh(
		"sed -i -e /asked/d -e '2i grep SigIgn:.*[13579bdf]...$ /proc/self/status && exit 3' %s/bin/fake",
		world_dir());
	add_and_del(conf);
}

static void a_second_add_does_not_harm_the_first(void **state)
{
	struct world_run r;

	(void)state;
	lease("", "");
	r = world_expect_ok("ADD", with_ipam(60000), 0);
	world_run_clear(&r);
	expect_clean_failure(with_ipam(60000), 101, "on the host: it exists", "ADD ");
	r = world_expect_ok("DEL", with_ipam(60000), 0);
	world_run_clear(&r);
}

static void a_bridge_that_is_none(void **state)
{
	(void)state;
	lease("", "");
	world_sh("ip link add br0 type veth peer name br1");
	expect_clean_failure(with_ipam(60000), 101,
			     "use bridge 'br0': it is not a bridge but 'veth'", "ADD DEL ");
}

/* While the IPAM plugin runs. */
static void a_pair_that_cannot_be_made(void **state)
{
	(void)state;
	lease("", "");
	world_sh("ip link add br0 type veth peer name far0");
	expect_clean_failure(with_ipam(60000), 101,
			     "use bridge 'br0': it is not a bridge but 'veth'", "ADD DEL ");
	world_sh("ip link del br0");
}

static void an_address_that_cannot_be_added(void **state)
{
	(void)state;
	lease("},{\"address\":\"10.7.0.2/24\"", "");
	expect_clean_failure(with_ipam(60000), 101, "add address '10.7.0.2/24': File exists",
			     "ADD DEL ");
}

static void a_route_that_cannot_be_added(void **state)
{
	(void)state;
	lease("", ",\"routes\":[{\"dst\":\"10.9.0.0/16\",\"gw\":\"192.0.2.1\"}]");
	expect_clean_failure(with_ipam(60000), 101,
			     "add route '10.9.0.0/16 via 192.0.2.1': ", "ADD DEL ");
}

static void a_gateway_that_cannot_be_added(void **state)
{
	(void)state;
	lease("},{\"address\":\"fd07::2/64\",\"gateway\":\"ff02::1\"", "");
	expect_clean_failure(with_ipam(60000), 101, "bridge 'br0': add address 'ff02::1/64'",
			     "ADD DEL ");
}

static void an_agent_that_refuses_the_pod(void **state)
{
	static const struct world_reply table[][2] = {
		{ { "prepare",
		    "{\"v\":1,\"ok\":false,\"code\":\"required\",\"error\":\"no hook\"}" } },
		{ { "commit",
		    "{\"v\":1,\"ok\":false,\"code\":\"required\",\"error\":\"no hook\"}" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		(void)reset(state);
		lease("", "");
		(void)world_agent(table[i]);
		expect_clean_failure(with_ipam(60000), 11, "the pod requires steering: no hook",
				     "ADD DEL ");
	}
}

static void another_add_of_the_pod_that_does_not_end(void **state)
{
	auto_close int fd = open(world_netns(0), O_RDONLY | O_CLOEXEC);
	auto_close int lock = lock_pod(fd, 0, NULL);

	(void)state;
	assert_true(lock >= 0);
	expect_clean_failure(with_ipam(300), 11, "another ADD or DEL of this pod", "");
}

static void a_bridge_that_was_there_stays(void **state)
{
	(void)state;
	world_bridge();
	lease("},{\"address\":\"10.7.0.2/24\"", "");
	expect_clean_failure(with_ipam(60000), 101, "File exists", "ADD DEL ");
}

static void stand_alone_takes_no_result_of_another_plugin(void **state)
{
	(void)state;
	expect_clean_failure(world_conf("1.0.0", VETH ",\"prevResult\":{}"), 7,
			     "'interface' and 'prevResult' exclude each other", "");
}

/* DEL starts the IPAM plugin early, too. */
static void an_address_goes_back_when_nobody_has_it(void **state)
{
	struct world_run r;

	(void)state;
	lease("", "");
	world_sh("sed -i '/^test/a nsenter --net=%s ip link show eth0 >/dev/null 2>&1 && "
		 "test $CNI_COMMAND = DEL && exit 2' %s/bin/fake",
		 world_netns(0), world_dir());
	r = world_expect_ok("ADD", with_ipam(60000), 0);
	world_run_clear(&r);
	r = world_expect_ok("DEL", with_ipam(60000), 0);
	world_run_clear(&r);
}

static void an_interface_goes_when_its_ipam_plugin_is_missing(void **state)
{
	struct world_run r;

	(void)state;
	lease("", "");
	r = world_expect_ok("ADD", with_ipam(60000), 0);
	world_run_clear(&r);
	world_sh("rm %s/bin/fake", world_dir());
	world_expect_error("DEL", with_ipam(60000), 102,
			   "find IPAM plugin 'fake': not in CNI_PATH");
	world_sh("! nsenter --net=%s ip link show eth0 2>/dev/null", world_netns(0));
}

static void other_verbs_ask_ipam_too_and_pass_its_errors_on(void **state)
{
	static const char *const verbs[] = { "DEL", "GC", "STATUS" };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		json_auto_t *want = json_loads("{\"code\":51,\"msg\":\"no\"}", 0, NULL);
		auto_free char *log = NULL;
		struct world_run r;
		const char *conf;

		(void)reset(state);
		world_ipam("fake", "echo '{\"code\":51,\"msg\":\"no\"}'; exit 1");
		conf = world_conf("1.1.0", VETH FAKE ",\"cni.dev/valid-attachments\":[]", 60000);
		world_run(&r, verbs[i], conf, strlen(conf));
		assert_int_equal(r.status, 1);
		assert_true(json_equal(r.doc, want));
		log = world_ipam_log();
		assert_int_equal(strlen(log), strlen(verbs[i]) + 1);
		assert_memory_equal(log, verbs[i], strlen(verbs[i]));
		world_run_clear(&r);
	}
}

#define WORLD_TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(the_fake_ipam_works_when_nothing_fails),
		WORLD_TEST(a_bandwidth_that_is_asked_for),
		WORLD_TEST(what_was_asked_for_a_pod_in_vain_does_not_stop_its_del),
		WORLD_TEST(an_ipam_plugin_that_is_missing),
		WORLD_TEST(an_ipam_error_is_answered_as_it_is),
		WORLD_TEST(an_ipam_plugin_that_answers_nonsense),
		WORLD_TEST(an_ipam_plugin_that_fails_behind_its_lease),
		WORLD_TEST(what_was_committed_at_once_is_taken_back),
		WORLD_TEST(an_ipam_plugin_that_hangs_is_killed_with_its_children),
		WORLD_TEST(what_an_ipam_plugin_leaves_running_is_not_waited_for),
		WORLD_TEST(an_interface_that_exists_is_found_before_ipam_is_asked),
		WORLD_TEST(an_ipam_plugin_that_is_not_asked_is_not_waited_for),
		WORLD_TEST(an_ipam_plugin_need_not_read_a_long_configuration),
		WORLD_TEST(a_second_add_does_not_harm_the_first),
		WORLD_TEST(a_bridge_that_is_none),
		WORLD_TEST(a_pair_that_cannot_be_made),
		WORLD_TEST(an_address_that_cannot_be_added),
		WORLD_TEST(a_route_that_cannot_be_added),
		WORLD_TEST(a_gateway_that_cannot_be_added),
		WORLD_TEST(an_agent_that_refuses_the_pod),
		WORLD_TEST(another_add_of_the_pod_that_does_not_end),
		WORLD_TEST(a_bridge_that_was_there_stays),
		WORLD_TEST(stand_alone_takes_no_result_of_another_plugin),
		WORLD_TEST(an_address_goes_back_when_nobody_has_it),
		WORLD_TEST(an_interface_goes_when_its_ipam_plugin_is_missing),
		WORLD_TEST(other_verbs_ask_ipam_too_and_pass_its_errors_on),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
