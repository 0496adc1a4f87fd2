/* SPDX-License-Identifier: Apache-2.0 */
/* Real interfaces and addresses, in a network namespace of the test's own. Interfaces are bridges
 * made by ip(8): what kinds link_add_ makes this machine's kernel may not have; those are tried in
 * tests/vm. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/addr.h"
#include "common/link.h"
#include "common/nlsock.h"

static struct nl_sock *sk;
static struct err err;

static int open_socket(void **state)
{
	(void)state;
	err = ERR_INIT;
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	return nlsock_open(-1, NETLINK_ROUTE, 2000, &sk, &err);
}

static int close_socket(void **state)
{
	(void)state;
	nlsock_close(&sk);
	return 0;
}

static void link_get_finds_loopback_by_name_and_by_index(void **state)
{
	struct link l;

	(void)state;
	assert_int_equal(link_get(sk, "lo", &l, &err), 0);
	assert_int_equal(l.index, 1);
	assert_false(l.up);
	assert_string_equal(l.kind, "");
	assert_int_equal(l.mtu, 65536);
	memset(&l, 0, sizeof(l));
	assert_int_equal(link_get_by_index(sk, 1, &l, &err), 0);
	assert_string_equal(l.name, "lo");
}

static void link_get_names_the_interface_that_is_missing(void **state)
{
	struct link l = { .index = 77 };

	(void)state;
	assert_int_equal(link_get(sk, "nope0", &l, &err), -ENODEV);
	assert_string_equal(err.msg, "look up interface 'nope0': No such device");
	assert_int_equal(link_get_by_index(sk, 4711, &l, &err), -ENODEV);
	assert_string_equal(err.msg, "look up interface with index 4711: No such device");
	assert_int_equal(l.index, 77);
}

static int index_of_new(const char *name)
{
	char command[64];
	struct link l;

	(void)snprintf(command, sizeof(command), "ip link add %s type bridge", name);
	assert_int_equal(system(command), 0);
	assert_int_equal(link_get(sk, name, &l, &err), 0);
	return l.index;
}

static void link_del_removes_once(void **state)
{
	struct link l;

	(void)state;
	(void)index_of_new("d0");
	assert_int_equal(link_get(sk, "d0", &l, &err), 0);
	assert_string_equal(l.kind, "bridge");
	assert_false(l.up);
	assert_int_equal(link_del(sk, "d0", &err), 0);
	assert_int_equal(link_del(sk, "d0", &err), -ENODEV);
	assert_string_equal(err.msg, "delete interface 'd0': No such device");
	assert_int_equal(link_get(sk, "d0", &l, &err), -ENODEV);
}

static void link_set_master_enslaves_and_sets_free(void **state)
{
	int bridge = index_of_new("d0");
	struct link l;

	(void)state;
	assert_int_equal(system("ip link add v0 type veth peer name v1"), 0);
	assert_int_equal(link_set_master(sk, "v0", bridge, &err), 0);
	assert_int_equal(link_get(sk, "v0", &l, &err), 0);
	assert_string_equal(l.kind, "veth");
	assert_int_equal(l.master, bridge);
	assert_int_equal(link_set_master(sk, "v0", 0, &err), 0);
	assert_int_equal(link_get(sk, "v0", &l, &err), 0);
	assert_int_equal(l.master, 0);
	assert_int_not_equal(l.peer, 0);
}

static void link_set_changes_one_thing_at_a_time(void **state)
{
	struct link l;

	(void)state;
	(void)index_of_new("d0");
	assert_int_equal(link_set_alias(sk, "d0", "smc-cni", &err), 0);
	assert_int_equal(link_set_up(sk, "d0", true, &err), 0);
	assert_int_equal(link_get(sk, "d0", &l, &err), 0);
	assert_string_equal(l.alias, "smc-cni");
	assert_true(l.up);
	assert_int_equal(link_set_up(sk, "d0", false, &err), 0);
	assert_int_equal(link_set_alias(sk, "d0", "", &err), 0);
	assert_int_equal(link_get(sk, "d0", &l, &err), 0);
	assert_string_equal(l.alias, "");
	assert_false(l.up);
	assert_int_equal(link_set_up(sk, "nope0", true, &err), -ENODEV);
	assert_string_equal(err.msg, "set interface 'nope0' up: No such device");
}

static void link_list_returns_every_interface(void **state)
{
	struct link *links = NULL;
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		char name[IFNAMSIZ];

		(void)snprintf(name, sizeof(name), "d%d", i);
		(void)index_of_new(name);
	}
	assert_int_equal(link_list(sk, &links, &err), 21);
	assert_string_equal(links[0].name, "lo");
	assert_string_equal(links[20].name, "d19");
	free(links);
}

static struct addr addr_of(const char *local, const char *peer)
{
	struct addr a = { .scope = RT_SCOPE_LINK };

	assert_int_equal(inet_parse(local, &a.local, &err), 0);
	if (peer)
		assert_int_equal(inet_parse(peer, &a.peer, &err), 0);
	return a;
}

static void addr_list_reads_back_what_addr_add_wrote(void **state)
{
	struct addr a = addr_of("169.254.47.91", "10.244.0.0/16"), *list = NULL;

	(void)state;
	a.ifindex = index_of_new("d0");
	a.protocol = 0x53;
	a.flags = IFA_F_NOPREFIXROUTE;
	assert_int_equal(addr_add(sk, &a, &err), 0);
	assert_int_equal(addr_list(sk, AF_INET, a.ifindex, &list, &err), 1);
	assert_int_equal(list[0].ifindex, a.ifindex);
	assert_true(inet_equal(&list[0].local, &a.local));
	assert_true(inet_equal(&list[0].peer, &a.peer));
	assert_int_equal(list[0].scope, RT_SCOPE_LINK);
	assert_int_equal(list[0].protocol, 0x53);
	assert_int_equal(list[0].flags, IFA_F_NOPREFIXROUTE | IFA_F_PERMANENT);
	free(list);
	assert_int_equal(addr_del(sk, &a, &err), 0);
	assert_int_equal(addr_list(sk, AF_INET, 0, &list, &err), 0);
}

static void addr_without_peer_keeps_its_prefix(void **state)
{
	struct addr a = addr_of("10.9.0.1/24", NULL), six = addr_of("fd00::1/64", NULL),
		    *list = NULL;

	(void)state;
	a.ifindex = six.ifindex = index_of_new("d0");
	six.flags = IFA_F_NODAD;
	assert_int_equal(addr_add(sk, &a, &err), 0);
	assert_int_equal(addr_add(sk, &six, &err), 0);
	assert_int_equal(addr_list(sk, AF_UNSPEC, a.ifindex, &list, &err), 2);
	assert_true(inet_equal(&list[0].local, &a.local));
	assert_int_equal(list[0].peer.family, AF_UNSPEC);
	assert_true(inet_equal(&list[1].local, &six.local));
	free(list);
}

static void addr_list_of_one_interface_leaves_out_the_others(void **state)
{
	struct addr a = addr_of("10.9.0.1/24", NULL), *list = NULL;

	(void)state;
	a.ifindex = index_of_new("d0");
	assert_int_equal(addr_add(sk, &a, &err), 0);
	assert_int_equal(addr_list(sk, AF_INET, index_of_new("d1"), &list, &err), 0);
	assert_int_equal(addr_list(sk, AF_INET, 0, &list, &err), 1);
	free(list);
}

static void addr_errors_name_the_address(void **state)
{
	struct addr a = addr_of("169.254.47.91", "10.244.0.0/16");

	(void)state;
	a.ifindex = index_of_new("d0");
	assert_int_equal(addr_del(sk, &a, &err), -EADDRNOTAVAIL);
	assert_non_null(strstr(err.msg, "delete address '169.254.47.91 peer 10.244.0.0/16': "));
	assert_int_equal(addr_add(sk, &a, &err), 0);
	assert_int_equal(addr_add(sk, &a, &err), -EEXIST);
	a.ifindex = 4711;
	assert_int_equal(addr_add(sk, &a, &err), -ENODEV);
	assert_int_equal(addr_del(sk, &a, &err), -ENODEV);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_socket, close_socket)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(link_get_finds_loopback_by_name_and_by_index),
		TEST(link_get_names_the_interface_that_is_missing),
		TEST(link_del_removes_once),
		TEST(link_set_master_enslaves_and_sets_free),
		TEST(link_set_changes_one_thing_at_a_time),
		TEST(link_list_returns_every_interface),
		TEST(addr_list_reads_back_what_addr_add_wrote),
		TEST(addr_without_peer_keeps_its_prefix),
		TEST(addr_list_of_one_interface_leaves_out_the_others),
		TEST(addr_errors_name_the_address),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		(void)printf("skip: needs the right to make a network namespace: %s\n",
			     strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
