/* SPDX-License-Identifier: Apache-2.0 */
/* The CNI_ variables of the environment. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cni-plugin/env.h"
#include "common/cleanup.h"

static struct err err;
static struct env env;

static int good_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("CNI_COMMAND", "ADD", 1), 0);
	assert_int_equal(setenv("CNI_CONTAINERID", "c1", 1), 0);
	assert_int_equal(setenv("CNI_NETNS", "/run/netns/cni-1", 1), 0);
	assert_int_equal(setenv("CNI_IFNAME", "eth0", 1), 0);
	assert_int_equal(setenv("CNI_PATH", "/opt/cni/bin", 1), 0);
	assert_int_equal(setenv("CNI_ARGS",
				"IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=p.1;"
				"K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=0a-1;OTHER=x",
				1),
			 0);
	err = ERR_INIT;
	env = (struct env){ 0 };
	return 0;
}

static void everything_that_containerd_sends_is_taken(void **state)
{
	struct wire_attachment a;

	(void)state;
	assert_int_equal(env_read(&env, &err), 0);
	assert_int_equal(env.command, ENV_ADD);
	assert_string_equal(env.container_id, "c1");
	assert_string_equal(env.netns, "/run/netns/cni-1");
	assert_string_equal(env.path, "/opt/cni/bin");
	assert_string_equal(env.pod.namespace, "ns");
	assert_string_equal(env.pod.name, "p.1");
	assert_string_equal(env.pod.uid, "0a-1");
	env_attachment(&env, "net1", &a);
	assert_string_equal(a.network, "net1");
	assert_string_equal(a.container_id, "c1");
	assert_string_equal(a.ifname, "eth0");
}

static void expect_refused(const char *command, const char *name, const char *value,
			   const char *message)
{
	(void)good_environment(NULL);
	assert_int_equal(setenv("CNI_COMMAND", command, 1), 0);
	if (value)
		assert_int_equal(setenv(name, value, 1), 0);
	else
		assert_int_equal(unsetenv(name), 0);
	if (env_read(&env, &err) != -EINVAL)
		fail_msg("%s accepts %s='%s'", command, name, value ? value : "(unset)");
	assert_null(env.container_id);
	if (!strstr(err.msg, message))
		fail_msg("'%s' is not in '%s'", message, err.msg);
}

static void a_bad_variable_is_named_with_its_value(void **state)
{
	static const struct {
		const char *command, *name, *value, *message;
	} table[] = {
		{ "ADD", "CNI_COMMAND", NULL, "CNI_COMMAND is required" },
		{ "ADD", "CNI_COMMAND", "add", "CNI_COMMAND is 'add'; allowed are ADD, DEL" },
		{ "ADD", "CNI_COMMAND", "ADD\n", "CNI_COMMAND is 'ADD\\n'" },
		{ "ADD", "CNI_CONTAINERID", NULL, "CNI_CONTAINERID is required" },
		{ "DEL", "CNI_CONTAINERID", "", "CNI_CONTAINERID is required" },
		{ "CHECK", "CNI_CONTAINERID", "../x", "CNI_CONTAINERID is '../x'" },
		{ "DEL", "CNI_CONTAINERID", "a\nb", "CNI_CONTAINERID is 'a\\nb'" },
		{ "ADD", "CNI_CONTAINERID", "-a", "CNI_CONTAINERID is '-a'" },
		{ "ADD", "CNI_IFNAME", NULL, "CNI_IFNAME is required" },
		{ "DEL", "CNI_IFNAME", "eth0/1", "CNI_IFNAME is 'eth0/1'" },
		{ "ADD", "CNI_IFNAME", "..", "CNI_IFNAME is '..'" },
		{ "ADD", "CNI_IFNAME", "sixteen-letters-", "CNI_IFNAME is 'sixteen-letters-'" },
		{ "ADD", "CNI_IFNAME", "a:b", "CNI_IFNAME is 'a:b'" },
		{ "ADD", "CNI_NETNS", NULL, "CNI_NETNS is required" },
		{ "CHECK", "CNI_NETNS", "", "CNI_NETNS is required" },
		{ "ADD", "CNI_NETNS", "run/netns/a",
		  "CNI_NETNS is 'run/netns/a'; allowed is an absolute" },
		{ "DEL", "CNI_NETNS", "/run/a\nb", "CNI_NETNS is '/run/a\\nb'" },
		{ "GC", "CNI_PATH", NULL, "CNI_PATH is required" },
		{ "ADD", "CNI_ARGS", "K8S_POD_NAME",
		  "CNI_ARGS has 'K8S_POD_NAME'; allowed are KEY=VALUE" },
		{ "ADD", "CNI_ARGS", "=x", "CNI_ARGS has '=x'" },
		{ "ADD", "CNI_ARGS", "K8S_POD_NAME=a/b", "CNI_ARGS: 'K8S_POD_NAME' is 'a/b'" },
		{ "ADD", "CNI_ARGS", "K8S_POD_NAMESPACE=a b", "'K8S_POD_NAMESPACE' is 'a b'" },
		{ "ADD", "CNI_ARGS", "FOO=1", "CNI_ARGS has the unknown key 'FOO'" },
		{ "ADD", "CNI_ARGS", "FOO=1;IgnoreUnknown=0", "the unknown key 'FOO'" },
	};
	char text[5000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		expect_refused(table[i].command, table[i].name, table[i].value, table[i].message);
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	expect_refused("DEL", "CNI_CONTAINERID", text, "CNI_CONTAINERID is 'aaaa");
	expect_refused("ADD", "CNI_IFNAME", text, "CNI_IFNAME is 'aaaa");
	text[0] = '/';
	expect_refused("ADD", "CNI_NETNS", text, "CNI_NETNS is '/aaaa");
	memcpy(text, "K8S_POD_UID=", 12);
	expect_refused("ADD", "CNI_ARGS", text, "'K8S_POD_UID' is 'aaaa");
}

static void each_verb_needs_no_more_than_the_specification_says(void **state)
{
	static const char *const del[] = { "CNI_NETNS", "CNI_PATH", "CNI_ARGS" };
	static const char *const attachment[] = { "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME",
						  "CNI_ARGS" };

	(void)state;
	assert_int_equal(setenv("CNI_COMMAND", "DEL", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(del); i++)
		assert_int_equal(unsetenv(del[i]), 0);
	assert_int_equal(env_read(&env, &err), 0);
	assert_string_equal(env.netns, "");
	assert_string_equal(env.path, "");
	(void)good_environment(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(attachment); i++)
		assert_int_equal(unsetenv(attachment[i]), 0);
	assert_int_equal(setenv("CNI_COMMAND", "GC", 1), 0);
	assert_int_equal(env_read(&env, &err), 0);
	assert_int_equal(setenv("CNI_COMMAND", "STATUS", 1), 0);
	assert_int_equal(env_read(&env, &err), 0);
	assert_int_equal(unsetenv("CNI_PATH"), 0);
	assert_int_equal(setenv("CNI_COMMAND", "VERSION", 1), 0);
	assert_int_equal(env_read(&env, &err), 0);
}

static void bad_arguments_cannot_stop_a_del(void **state)
{
	(void)state;
	assert_int_equal(setenv("CNI_COMMAND", "DEL", 1), 0);
	assert_int_equal(setenv("CNI_ARGS", "K8S_POD_NAME=a/b;rubbish", 1), 0);
	assert_int_equal(env_read(&env, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(everything_that_containerd_sends_is_taken, good_environment),
		cmocka_unit_test_setup(a_bad_variable_is_named_with_its_value, good_environment),
		cmocka_unit_test_setup(each_verb_needs_no_more_than_the_specification_says,
				       good_environment),
		cmocka_unit_test_setup(bad_arguments_cannot_stop_a_del, good_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
