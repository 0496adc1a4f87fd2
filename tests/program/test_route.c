/* SPDX-License-Identifier: Apache-2.0 */
/* Real routes, in a network namespace of the test's own. The interface is a bridge made by
 * ip(8). */
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

#include "common/cleanup.h"
#include "common/link.h"
#include "common/nlsock.h"
#include "common/route.h"

static struct nl_sock *sk;
static struct link br;
static struct err err;

static int open_socket(void **state)
{
	(void)state;
	err = ERR_INIT;
	if (unshare(CLONE_NEWNET) < 0 ||
	    system("ip link add br0 type bridge && ip link set br0 up && ip addr add 10.0.0.1/24 dev br0 "
		   "&& ip -6 addr add fd00::1/64 dev br0 nodad") != 0) /* NOLINT: a test */
		return -1;
	if (nlsock_open(-1, NETLINK_ROUTE, 5000, &sk, &err) < 0)
		return -1;
	return link_get(sk, "br0", &br, &err);
}

static int close_socket(void **state)
{
	(void)state;
	nlsock_close(&sk);
	return 0;
}

static struct route route_to(const char *dst, const char *gateway)
{
	struct route route = { .ifindex = br.index, .scope = RT_SCOPE_UNIVERSE };

	assert_int_equal(inet_parse(dst, &route.dst, &err), 0);
	if (gateway)
		assert_int_equal(inet_parse(gateway, &route.gateway, &err), 0);
	else
		route.scope = RT_SCOPE_LINK;
	return route;
}

/* The route of the table to this prefix; fails if there is none. */
static struct route find(const struct route *wanted)
{
	auto_free struct route *list = NULL;
	int n = route_list(sk, wanted->dst.family, wanted->table, &list, &err);

	for (int i = 0; i < n; i++) {
		if (list[i].dst.prefix_len == wanted->dst.prefix_len &&
		    inet_covers(&list[i].dst, &wanted->dst))
			return list[i];
	}
	fail_msg("the route is not there (%d)", n);
	return (struct route){ 0 };
}

static void expect_there_and_back(const struct route *wanted)
{
	struct route found;

	if (route_add(sk, wanted, &err) < 0)
		fail_msg("%s", err.msg);
	found = find(wanted);
	assert_int_equal(found.ifindex, br.index);
	assert_int_equal(found.gateway.family, wanted->gateway.family);
	if (wanted->gateway.family)
		assert_true(inet_equal(&found.gateway, &wanted->gateway));
	assert_int_equal(found.protocol, RTPROT_STATIC);
	if (wanted->mtu)
		assert_int_equal(found.mtu, wanted->mtu);
	if (wanted->priority)
		assert_int_equal(found.priority, wanted->priority);
	assert_int_equal(route_add(sk, wanted, &err), -EEXIST);
	assert_int_equal(route_del(sk, wanted, &err), 0);
	assert_int_equal(route_del(sk, wanted, &err), -ESRCH);
}

static void routes_of_both_families_come_and_go(void **state)
{
	struct route table[] = {
		route_to("0.0.0.0/0", "10.0.0.254"), route_to("10.9.0.0/16", "10.0.0.254"),
		route_to("192.0.2.0/25", NULL),	     route_to("::/0", "fd00::ff"),
		route_to("fd09::/33", "fd00::ff"),   route_to("fd0a::/64", NULL),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		expect_there_and_back(&table[i]);
}

static void table_metric_and_mtu_are_kept(void **state)
{
	struct route v4 = route_to("10.9.0.0/16", "10.0.0.254");
	struct route v6 = route_to("fd09::/64", "fd00::ff");

	(void)state;
	v4.table = 1000;
	v4.priority = 7;
	v4.mtu = 1300;
	v4.advmss = 1200;
	expect_there_and_back(&v4);
	v6.table = 77;
	v6.priority = 7;
	v6.mtu = 1300;
	expect_there_and_back(&v6);
}

/* A second interface with the same gateway. */
static struct link second_bridge(void)
{
	struct link second;

	assert_int_equal(system("ip link add br1 type bridge && ip link set br1 up && "
				"ip addr add 10.0.0.2/24 dev br1 && "
				"ip -6 addr add fd00::2/64 dev br1 nodad"), /* NOLINT: a test */
			 0);
	assert_int_equal(link_get(sk, "br1", &second, &err), 0);
	return second;
}

static void a_second_interface_has_its_routes_behind_the_first_one(void **state)
{
	struct route first[] = { route_to("10.9.0.0/16", "10.0.0.254"),
				 route_to("192.0.2.0/25", NULL), route_to("fd09::/64", "fd00::ff"),
				 route_to("fd0a::/64", NULL) };
	struct link second = second_bridge();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		struct route behind = first[i];
		auto_free struct route *list = NULL;
		int seen = 0;
		int n;

		behind.ifindex = second.index;
		assert_int_equal(route_append(sk, &first[i], &err), 0);
		assert_int_equal(route_append(sk, &behind, &err), 0);
		assert_int_equal(route_append(sk, &first[i], &err), -EEXIST);
		assert_int_equal(route_append(sk, &behind, &err), -EEXIST);
		n = route_list(sk, first[i].dst.family, 0, &list, &err);
		for (int k = 0; k < n; k++) {
			if (list[k].dst.prefix_len != first[i].dst.prefix_len ||
			    !inet_covers(&list[k].dst, &first[i].dst))
				continue;
			assert_int_equal(list[k].ifindex, seen++ ? second.index : br.index);
		}
		assert_int_equal(seen, 2);
	}
}

static void host_bits_of_the_destination_are_cleared(void **state)
{
	struct route route = route_to("10.9.255.255/15", "10.0.0.254");
	char text[INET_TEXT_MAX];
	struct route found;

	(void)state;
	assert_int_equal(route_add(sk, &route, &err), 0);
	found = find(&route);
	assert_string_equal(inet_format(&found.dst, text), "10.8.0.0/15");
}

static void a_gateway_that_is_not_on_the_link_is_named(void **state)
{
	struct route route = route_to("10.9.0.0/16", "203.0.113.1");

	(void)state;
	assert_int_equal(route_add(sk, &route, &err), -ENETUNREACH);
	assert_non_null(
		strstr(err.msg, "add route '10.9.0.0/16 via 203.0.113.1': Network is unreachable"));
}

static void the_list_is_of_one_table_and_family(void **state)
{
	auto_free struct route *v4 = NULL, *v6 = NULL, *none = NULL;
	int n4 = route_list(sk, AF_INET, 0, &v4, &err), n6 = route_list(sk, AF_INET6, 0, &v6, &err);

	(void)state;
	assert_int_equal(n4, 1); /* 10.0.0.0/24; local and broadcast routes are elsewhere */
	assert_true(n6 >= 1);
	for (int i = 0; i < n6; i++)
		assert_int_equal(v6[i].dst.family, AF_INET6);
	assert_int_equal(route_list(sk, AF_INET, 4711, &none, &err), 0);
}

#define ROUTE_TEST(f) cmocka_unit_test_setup_teardown(f, open_socket, close_socket)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTE_TEST(routes_of_both_families_come_and_go),
		ROUTE_TEST(table_metric_and_mtu_are_kept),
		ROUTE_TEST(a_second_interface_has_its_routes_behind_the_first_one),
		ROUTE_TEST(host_bits_of_the_destination_are_cleared),
		ROUTE_TEST(a_gateway_that_is_not_on_the_link_is_named),
		ROUTE_TEST(the_list_is_of_one_table_and_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
