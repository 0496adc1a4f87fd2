/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin: DEL, CHECK, GC, STATUS and VERSION, and what is on stdin. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/program/cni_chain.h"

/* ---- DEL ---- */

static void del_takes_the_request_back_and_can_be_repeated(void **state)
{
	(void)state;
	chain_ok("ADD", chain_conf(""), 1);
	assert_true(chain_is_pending());
	chain_ok("DEL", chain_conf(""), 0);
	assert_false(chain_is_pending());
	chain_ok("DEL", chain_conf(""), 0);
}

static void del_works_with_as_little_as_there_may_be(void **state)
{
	json_auto_t *log = NULL;

	(void)state;
	chain_ok("DEL", world_conf("1.0.0", " "), 0);
	(void)world_agent(chain_good);
	chain_ok("DEL", world_conf("1.0.0", " "), 0);
	(void)setenv("CNI_NETNS", "/nonexistent/ns", 1);
	chain_ok("DEL", world_conf("1.0.0", ",\"prevResult\":{\"ips\":[7]}"), 0);
	(void)setenv("CNI_NETNS", "/dev/null", 1);
	chain_ok("DEL", world_conf("1.0.0", " "), 0);
	(void)setenv("CNI_NETNS", "/proc/self/ns/net", 1);
	chain_ok("DEL", world_conf("1.0.0", " "), 0);
	(void)unsetenv("CNI_NETNS");
	(void)unsetenv("CNI_PATH");
	(void)unsetenv("CNI_ARGS");
	chain_ok("DEL", world_conf("1.0.0", " "), 0);
	log = world_agent_log();
	assert_int_equal(json_array_size(log), 5);
	for (size_t i = 0; i < 5; i++) {
		const json_t *msg = json_array_get(log, i);

		assert_string_equal(json_string_value(json_object_get(msg, "verb")), "del");
		assert_int_equal(json_is_true(json_object_get(msg, "fd")), i == 0);
	}
}

static void del_succeeds_whatever_the_agent_does(void **state)
{
	static const struct world_reply table[][2] = {
		{ { "del", NULL } },
		{ { "del", "" } },
		{ { "del", "}{" } },
		{ { "del", "{\"v\":1,\"ok\":true,\"undo\":7}" } },
		{ { "del", "{\"v\":1,\"ok\":true,\"undo\":{\"pnets\":7}}" } },
		{ { "del", "{\"v\":1,\"ok\":false,\"code\":\"unavailable\",\"error\":\"x\"}" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		(void)world_agent(table[i]);
		chain_ok("DEL", chain_conf(CHAIN_TIMEOUT), 1);
	}
}

/* ---- CHECK, GC, STATUS ---- */

static void check_passes_while_the_agent_is_down(void **state)
{
	static const struct world_reply busy[] = {
		{ "check", "{\"v\":1,\"ok\":false,\"code\":\"unavailable\",\"error\":\"x\"}" },
		{ NULL, NULL },
	};

	(void)state;
	chain_ok("CHECK", chain_conf(""), 1);
	(void)world_agent(busy);
	chain_ok("CHECK", chain_conf(""), 1);
	assert_int_equal(kill(world_agent(chain_good), SIGSTOP), 0);
	chain_ok("CHECK", chain_conf(CHAIN_TIMEOUT), 1);
}

static void check_fails_when_the_agent_misses_something(void **state)
{
	static const struct world_reply missing[] = {
		{ "check",
		  "{\"v\":1,\"ok\":false,\"code\":\"missing\",\"error\":\"no map entry\"}" },
		{ NULL, NULL },
	};

	(void)state;
	(void)world_agent(chain_good);
	chain_ok("CHECK", chain_conf(""), 0);
	(void)world_agent(missing);
	world_expect_error("CHECK", chain_conf(""), 103, "no map entry");
}

static void gc_keeps_what_is_valid_and_of_other_networks(void **state)
{
	static const char valid[] =
		",\"cni.dev/valid-attachments\":[{\"containerID\":\"%s\",\"ifname\":\"eth0\"}]";
	json_auto_t *log = NULL;

	(void)state;
	chain_ok("ADD", chain_conf(""), 1);
	world_sh(
		"cd %s/run/pending; sed s/net1/net2/ cfc834d00ca27332.json >other.json; echo x >bad.json",
		world_dir());
	chain_ok("GC", world_conf("1.1.0", valid, "c1"), 0);
	assert_true(chain_is_pending());
	(void)world_agent(chain_good);
	chain_ok("GC", world_conf("1.1.0", valid, "c2"), 0);
	assert_false(chain_is_pending());
	assert_int_equal(access(world_path("run/pending/other.json"), F_OK), 0);
	assert_int_equal(access(world_path("run/pending/bad.json"), F_OK), 0);
	log = world_agent_log();
	assert_int_equal(json_array_size(log), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(log, 0), "network")),
			    "net1");
	assert_int_equal(json_array_size(json_object_get(json_array_get(log, 0), "valid")), 1);
}

static void gc_without_a_list_removes_nothing(void **state)
{
	(void)state;
	chain_ok("ADD", chain_conf(""), 1);
	chain_ok("GC", world_conf("1.1.0", " "), 1);
	world_expect_error("GC", world_conf("1.1.0", ",\"cni.dev/valid-attachments\":[7]"), 7,
			   "each entry must be an object");
	world_expect_error("GC",
			   world_conf("1.1.0",
				      ",\"cni.dev/valid-attachments\":[{\"containerID\":\"../x\","
				      "\"ifname\":\"eth0\"}]"),
			   7, "'../x'");
	assert_true(chain_is_pending());
}

static void gc_with_null_for_a_list_takes_it_for_an_empty_one(void **state)
{
	(void)state;
	chain_ok("ADD", chain_conf(""), 1);
	chain_ok("GC", world_conf("1.1.0", ",\"cni.dev/valid-attachments\":null"), 0);
	assert_false(chain_is_pending());
}

static void gc_says_when_the_agent_could_not_do_its_part(void **state)
{
	static const struct world_reply busy[] = {
		{ "gc", "{\"v\":1,\"ok\":false,\"code\":\"unavailable\",\"error\":\"busy\"}" },
		{ NULL, NULL },
	};

	(void)state;
	(void)world_agent(busy);
	world_expect_error("GC", world_conf("1.1.0", ",\"cni.dev/valid-attachments\":[]"), 104,
			   "busy");
}

static void status_is_ready_unless_it_is_to_be_strict(void **state)
{
	static const struct world_reply ready[] = {
		{ "node", "{\"v\":1,\"ok\":true,\"ready\":true}" }, { NULL, NULL }
	};
	static const struct world_reply not_ready[] = {
		{ "node",
		  "{\"v\":1,\"ok\":true,\"ready\":false,\"why\":\"no SMC in the kernel\"}" },
		{ NULL, NULL }
	};

	(void)state;
	chain_ok("STATUS", world_conf("1.1.0", " "), 0);
	world_expect_error("STATUS", world_conf("1.1.0", ",\"strictStatus\":true"), 50,
			   "connect to");
	(void)world_agent(not_ready);
	chain_ok("STATUS", world_conf("1.1.0", " "), 0);
	world_expect_error("STATUS", world_conf("1.1.0", ",\"strictStatus\":true"), 50,
			   "steering is not ready: no SMC in the kernel");
	(void)world_agent(ready);
	chain_ok("STATUS", world_conf("1.1.0", ",\"strictStatus\":true"), 0);
}

static void verbs_exist_since_their_version_of_the_specification(void **state)
{
	(void)state;
	world_expect_error("CHECK", world_conf("0.3.1", CHAIN_PREV, world_netns(0)), 1,
			   "exists since '0.4.0'");
	world_expect_error("GC", world_conf("1.0.0", ",\"cni.dev/valid-attachments\":[]"), 1,
			   "exists since '1.1.0'");
	world_expect_error("STATUS", world_conf("1.0.0", " "), 1, "exists since '1.1.0'");
}

/* ---- what is on stdin ---- */

static void expect_stdin_error(const char *text, size_t len, int code, const char *details)
{
	struct world_run r;
	const char *found;

	world_run(&r, "ADD", text, len);
	found = json_string_value(json_object_get(r.doc, "details"));
	assert_int_equal(r.status, 1);
	assert_int_equal(json_integer_value(json_object_get(r.doc, "code")), code);
	if (!found || !strstr(found, details))
		fail_msg("'%s' is not in '%s'", details, found);
	assert_string_equal(r.err, "");
	world_run_clear(&r);
}

static void stdin_that_is_no_configuration_has_its_code(void **state)
{
	static const char nul[] = "{\"cniVersion\":\"1.0.0\",\0\"name\":\"n\"}";
	const size_t large = 10 * 1024 * 1024;
	auto_free char *text = malloc(large);

	(void)state;
	expect_stdin_error("", 0, 6, "it is empty");
	expect_stdin_error("{", 1, 6, "line 1");
	expect_stdin_error("[]", 2, 6, "found an array");
	expect_stdin_error("\xff", 1, 6, "unable to decode byte 0xff");
	expect_stdin_error("{} {}", 5, 6, "end of file expected");
	expect_stdin_error("{\"a\":1,\"a\":2}", 13, 6, "duplicate");
	expect_stdin_error(nul, sizeof(nul) - 1, 6, "NUL byte");
	memset(text, '[', large);
	expect_stdin_error(text, 10000, 6, "nested more than");
	expect_stdin_error(text, large, 5, "larger");
}

/* A sanitizer's own memory is beyond any limit. */
#ifndef __SANITIZE_ADDRESS__
#define STEP (16 * 1024)
#define LONG_LIST 6000

/* An ADD with a long prevResult, and ever less memory, till there is none to parse it. */
static void without_memory_the_answer_has_code_100(void **state)
{
	static char list[3 * LONG_LIST], conf[4 * LONG_LIST];
	bool at_start = false;

	(void)state;
	for (int i = 0; i < LONG_LIST; i++)
		memcpy(list + 2 * i, ",1", 3);
	(void)snprintf(conf, sizeof(conf), "%s",
		       world_conf("1.0.0", ",\"prevResult\":{\"cniVersion\":\"1.0.0\",\"x\":[%s]}",
				  list + 1));
	for (size_t limit = 2 * 1024 * 1024; !at_start; limit -= STEP) {
		struct world_run r;
		const char *details;

		world_limit_memory(limit);
		world_run(&r, "ADD", conf, strlen(conf));
		details = json_string_value(json_object_get(r.doc, "details"));
		if (r.status != 0) {
			assert_int_equal(r.status, 1);
			assert_int_equal(json_integer_value(json_object_get(r.doc, "code")), 100);
			assert_non_null(strstr(details, "memory")); /* whatever libc says */
			at_start = !strncmp(details, "parse netconf", 13);
		}
		world_run_clear(&r);
	}
}
#endif

static void bad_variables_have_code_4(void **state)
{
	(void)state;
	world_expect_error("ROLL", world_conf("1.0.0", " "), 4, "CNI_COMMAND is 'ROLL'");
	(void)setenv("CNI_CONTAINERID", "../../etc", 1);
	world_expect_error("DEL", world_conf("1.0.0", " "), 4, "CNI_CONTAINERID is '../../etc'");
	(void)unsetenv("CNI_CONTAINERID");
	world_expect_error("ADD", world_conf("1.0.0", " "), 4, "CNI_CONTAINERID is required");
}

static void a_version_that_is_not_spoken_has_code_1(void **state)
{
	(void)state;
	world_expect_error("ADD", world_conf("0.2.0", " "), 1,
			   "'cniVersion' is '0.2.0'; supported are");
}

static void what_is_wrong_with_a_configuration_is_said_in_its_version(void **state)
{
	const char *conf = world_conf("0.4.0", ",\"interface\":{\"kind\":\"tap\"}");
	struct world_run r;

	(void)state;
	world_run(&r, "ADD", conf, strlen(conf));
	assert_int_equal(r.status, 1);
	assert_string_equal(json_string_value(json_object_get(r.doc, "cniVersion")), "0.4.0");
	world_run_clear(&r);
}

static void version_answers_with_and_without_a_configuration(void **state)
{
	static const char *const texts[] = { "", "{\"cniVersion\":\"0.4.0\"}", "x" };

	(void)state;
	(void)unsetenv("CNI_CONTAINERID");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct world_run r = world_expect_ok("VERSION", texts[i], 0);

		assert_string_equal(json_string_value(json_object_get(r.doc, "cniVersion")),
				    i == 1 ? "0.4.0" : "1.1.0");
		assert_int_equal(json_array_size(json_object_get(r.doc, "supportedVersions")), 5);
		world_run_clear(&r);
	}
}

/* ---- by hand ---- */

static void by_hand(const char *arguments, const char *pattern)
{
	world_sh("unset CNI_COMMAND; said=$('%s' %s 2>&1; echo \"rc $?\")\ncase $said in %s) ;; *) "
		 "echo \"$said\" >&2; exit 1;; esac",
		 world_plugin(), arguments, pattern);
}

static void a_person_is_told_version_and_usage(void **state)
{
	(void)state;
	by_hand("--version", "'smc-cni " SMC_CNI_VERSION "\nrc 0'");
	by_hand("--help", "Usage:*smc-cni*'\nrc 0'");
	by_hand("ADD", "*\\'ADD\\'*Usage:*'\nrc 2'");
	by_hand("--version now", "*\\'now\\'*Usage:*'\nrc 2'");
	by_hand("", "'{'*'CNI_COMMAND is required'*'\nrc 1'");
	world_sh("CNI_COMMAND=VERSION '%s' --help </dev/null | grep -q supportedVersions",
		 world_plugin());
}

#define WORLD_TEST(f) cmocka_unit_test_setup(f, world_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(del_takes_the_request_back_and_can_be_repeated),
		WORLD_TEST(del_works_with_as_little_as_there_may_be),
		WORLD_TEST(del_succeeds_whatever_the_agent_does),
		WORLD_TEST(check_passes_while_the_agent_is_down),
		WORLD_TEST(check_fails_when_the_agent_misses_something),
		WORLD_TEST(gc_keeps_what_is_valid_and_of_other_networks),
		WORLD_TEST(gc_without_a_list_removes_nothing),
		WORLD_TEST(gc_with_null_for_a_list_takes_it_for_an_empty_one),
		WORLD_TEST(gc_says_when_the_agent_could_not_do_its_part),
		WORLD_TEST(status_is_ready_unless_it_is_to_be_strict),
		WORLD_TEST(verbs_exist_since_their_version_of_the_specification),
		WORLD_TEST(stdin_that_is_no_configuration_has_its_code),
#ifndef __SANITIZE_ADDRESS__
		WORLD_TEST(without_memory_the_answer_has_code_100),
#endif
		WORLD_TEST(bad_variables_have_code_4),
		WORLD_TEST(a_version_that_is_not_spoken_has_code_1),
		WORLD_TEST(what_is_wrong_with_a_configuration_is_said_in_its_version),
		WORLD_TEST(version_answers_with_and_without_a_configuration),
		WORLD_TEST(a_person_is_told_version_and_usage),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
