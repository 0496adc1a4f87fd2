/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that match owners are found in namespaces of the test's own, whoever made them. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/conflict/conflict.h"

#define WAIT_MS 5000
#define CHAIN "table inet mesh { chain out { type filter hook output priority 0; "

static int home_fd;
static char what[128];

static int remember_home(void **state)
{
	(void)state;
	home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return home_fd < 0 ? -1 : 0;
}

/* A new namespace with the rules that the command makes; the test itself stays outside. */
static int namespace_with(const char *command)
{
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(system(command), 0); /* NOLINT: a test */
	assert_int_equal(setns(home_fd, CLONE_NEWNET), 0);
	return fd;
}

static int look(const char *command)
{
	auto_close int fd = namespace_with(command);
	struct err err = ERR_INIT;
	int r;

	what[0] = '\0';
	r = conflict_owner_rules(fd, WAIT_MS, what, sizeof(what), &err);
	if (r < 0)
		fail_msg("%s", err.msg);
	return r;
}

static void a_namespace_without_rules_has_none(void **state)
{
	(void)state;
	assert_int_equal(look("true"), 0);
}

static void other_rules_are_not_meant(void **state)
{
	(void)state;
	assert_int_equal(look("iptables-nft -A OUTPUT -p tcp -m comment --comment owner -j ACCEPT"),
			 0);
	assert_int_equal(look("iptables-legacy -t nat -A OUTPUT -p tcp --dport 1 -j RETURN"), 0);
	assert_int_equal(look("nft '" CHAIN "meta mark set 1; meta mark 1 accept; }\n}'"), 0);
}

static void rules_of_iptables_on_nf_tables_are_found(void **state)
{
	(void)state;
	assert_int_equal(look("iptables-nft -t nat -N MESH && "
			      "iptables-nft -t nat -A MESH -m owner --uid-owner 1337 -j RETURN"),
			 1);
	assert_string_equal(what, "table 'nat', chain 'MESH'");
	assert_int_equal(look("ip6tables-nft -A OUTPUT -m owner --gid-owner 1337 -j ACCEPT"), 1);
	assert_string_equal(what, "table 'filter', chain 'OUTPUT'");
}

static void rules_of_legacy_iptables_are_found(void **state)
{
	(void)state;
	assert_int_equal(look("iptables-legacy -t nat -A OUTPUT -p tcp --dport 1 -j RETURN && "
			      "iptables-legacy -t mangle -A OUTPUT -m owner --uid-owner 1337"),
			 1);
	assert_string_equal(what, "table 'mangle' of iptables");
	assert_int_equal(look("ip6tables-legacy -t nat -A OUTPUT -m owner --gid-owner 1337"), 1);
	assert_string_equal(what, "table 'nat' of ip6tables");
}

static void native_rules_are_found(void **state)
{
	(void)state;
	assert_int_equal(look("nft '" CHAIN "meta skuid 1337 accept; }\n}'"), 1);
	assert_string_equal(what, "table 'mesh', chain 'out'");
	assert_int_equal(look("nft '" CHAIN "meta mark 1 accept; meta skgid != 0 drop; }\n}'"), 1);
}

static void too_many_rules_are_said_to_be_so(void **state)
{
	(void)state;
	assert_int_equal(look("{ echo '" CHAIN "'; for i in $(seq 5000); do "
			      "echo 'tcp dport 1 accept'; done; echo '}'; echo '}'; } | nft -f -"),
			 1);
	assert_non_null(strstr(what, "too many"));
}

/* To ask xtables for a table makes it, and its hooks cost each packet of the pod. */
static void a_look_makes_no_table(void **state)
{
	auto_close int fd = namespace_with("true");
	char names[64] = "";
	struct err err = ERR_INIT;
	auto_fclose FILE *f = NULL;

	(void)state;
	assert_int_equal(conflict_owner_rules(fd, WAIT_MS, what, sizeof(what), &err), 0);
	assert_int_equal(setns(fd, CLONE_NEWNET), 0);
	f = fopen("/proc/self/net/ip_tables_names", "re");
	if (f && !fgets(names, sizeof(names), f))
		names[0] = '\0';
	assert_int_equal(setns(home_fd, CLONE_NEWNET), 0);
	assert_string_equal(names, "");
}

/* As root of the host is, for a pod with a user namespace of its own. */
static void tables_that_may_not_be_listed_are_asked_for(void **state)
{
	auto_close int fd =
		namespace_with("iptables-legacy -t nat -A OUTPUT -m owner --uid-owner 1");
	struct err err = ERR_INIT;
	int r;

	(void)state;
	assert_int_equal(setfsuid(65534), 0);
	r = conflict_owner_rules(fd, WAIT_MS, what, sizeof(what), &err);
	(void)setfsuid(0);
	if (r < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(r, 1);
	assert_string_equal(what, "table 'nat' of iptables");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_namespace_without_rules_has_none),
		cmocka_unit_test(other_rules_are_not_meant),
		cmocka_unit_test(rules_of_iptables_on_nf_tables_are_found),
		cmocka_unit_test(rules_of_legacy_iptables_are_found),
		cmocka_unit_test(native_rules_are_found),
		cmocka_unit_test(too_many_rules_are_said_to_be_so),
		cmocka_unit_test(a_look_makes_no_table),
		cmocka_unit_test(tables_that_may_not_be_listed_are_asked_for),
	};

	return cmocka_run_group_tests(tests, remember_home, NULL);
}
