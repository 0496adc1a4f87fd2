/* SPDX-License-Identifier: Apache-2.0 */
/* CHECK of the built plugin, stand-alone: all that the result says of a route counts, and nothing
 * else. What is said of links and addresses: test_cni_standalone, test_cni_kinds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define LEASE                                                                     \
	"cat <<END\n{\"cniVersion\":\"1.1.0\",\"ips\":["                          \
	"{\"address\":\"10.7.0.2/24\",\"gateway\":\"10.7.0.1\"},"                 \
	"{\"address\":\"fd07::2/64\",\"gateway\":\"fd07::1\"}],\"routes\":["      \
	"{\"dst\":\"10.9.0.0/16\",\"mtu\":1300,\"advmss\":1200,\"priority\":50}," \
	"{\"dst\":\"10.10.0.0/16\"},"                                             \
	"{\"dst\":\"10.11.0.0/16\",\"scope\":253},"                               \
	"{\"dst\":\"10.12.0.0/16\",\"mtu\":70000,\"advmss\":70000},"              \
	"{\"dst\":\"fd09::/64\",\"mtu\":1350,\"priority\":50},"                   \
	"{\"dst\":\"fd10::/64\",\"scope\":253}]}\nEND"

static const struct world_reply good[] = { { NULL, NULL } };

static int setup(void **state)
{
	(void)world_reset(state);
	(void)world_agent(good);
	world_ipam("fake", LEASE);
	world_bridge();
	return 0;
}

static const char *conf(const json_t *prev)
{
	auto_free char *text = prev ? json_dumps(prev, JSON_COMPACT) : NULL;

	return world_conf("1.1.0",
			  ",\"interface\":{\"kind\":\"veth\",\"bridge\":\"br0\"},"
			  "\"ipam\":{\"type\":\"fake\"}%s%s",
			  prev ? ",\"prevResult\":" : "", prev ? text : "");
}

static json_t *add(void)
{
	struct world_run r = world_expect_ok("ADD", conf(NULL), 0);

	free(r.err);
	return r.doc;
}

static void check(const json_t *result)
{
	struct world_run r = world_expect_ok("CHECK", conf(result), 0);

	world_run_clear(&r);
}

static void in_pod(const char *what)
{
	world_sh("nsenter --net=%s ip %s", world_netns(0), what);
}

#define V4 "route replace 10.9.0.0/16 via 10.7.0.1 dev eth0 "
#define V6 "-6 route replace fd09::/64 via fd07::1 dev eth0 "

static void a_route_that_was_changed_is_found(void **state)
{
	static const struct {
		const char *remove, *instead, *repair, *message;
	} table[] = {
		{ "route del 10.9.0.0/16", V4 "metric 99 mtu 1300 advmss 1200",
		  V4 "metric 50 mtu 1300 advmss 1200",
		  "the route to '10.9.0.0/16' not as the result has it, but with priority 99, mtu 1300" },
		{ "route del 10.9.0.0/16", V4 "metric 50 mtu 900 advmss 1200",
		  V4 "metric 50 mtu 1300 advmss 1200",
		  "not as the result has it, but with priority 50, mtu 900, advmss 1200" },
		{ "route del 10.9.0.0/16", V4 "metric 50 mtu 1300",
		  V4 "metric 50 mtu 1300 advmss 1200", "mtu 1300, advmss 0" },
		{ "route del 10.11.0.0/16", "route add 10.11.0.0/16 dev eth0 scope host",
		  "route add 10.11.0.0/16 dev eth0 scope link", "scope 254" },
		{ "-6 route del fd09::/64", V6 "metric 99 mtu 1350", V6 "metric 50 mtu 1350",
		  "'fd09::/64' not as the result has it, but with priority 99" },
		{ "-6 route del fd09::/64", V6 "metric 50 mtu 1290", V6 "metric 50 mtu 1350",
		  "priority 50, mtu 1290" },
	};
	json_auto_t *r = add();
	char repair[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		check(r);
		in_pod(table[i].remove);
		in_pod(table[i].instead);
		world_expect_error("CHECK", conf(r), 103, table[i].message);
		in_pod(table[i].remove[0] == '-' ? "-6 route flush proto boot" :
						   "route flush table all proto boot");
		(void)snprintf(repair, sizeof(repair), "%s proto static", table[i].repair);
		in_pod(repair);
	}
	check(r);
}

/* A later plugin may have changed it; and results before 1.1.0 say nothing of all this. */
static void what_the_result_does_not_say_may_be_anything(void **state)
{
	json_auto_t *r = add();

	(void)state;
	in_pod("route del 10.10.0.0/16");
	in_pod("route add 10.10.0.0/16 via 10.7.0.1 metric 9 mtu 900 advmss 800");
	check(r);
}

/* "tuning" behind ours sets another MTU, which IPv6 routes take over when it is below theirs. */
static void an_ipv6_route_may_follow_the_interface(void **state)
{
	json_auto_t *r = add();
	json_t *pod = json_array_get(json_object_get(r, "interfaces"), 2);

	(void)state;
	in_pod("link set dev eth0 mtu 1320");
	check(r); /* as it is: tuning says nothing of it */
	json_object_set_new(pod, "mtu", json_integer(1320));
	check(r);
}

/* "sbr" behind ours does that, and leaves the result as it is. */
static void a_route_may_be_in_another_table(void **state)
{
	json_auto_t *r = add();

	(void)state;
	in_pod("route del 10.9.0.0/16");
	world_expect_error("CHECK", conf(r), 103, "lacks the route to '10.9.0.0/16'");
	in_pod(V4 "metric 50 mtu 1300 advmss 1200 table 100");
	check(r);
}

static void addresses_of_an_interface_of_others_are_not_looked_for(void **state)
{
	json_auto_t *r = add();
	json_t *interfaces = json_object_get(r, "interfaces"), *ips = json_object_get(r, "ips");

	(void)state;
	(void)json_array_append_new(interfaces, json_pack("{s:s, s:s}", "name", "net7", "sandbox",
							  world_netns(0)));
	(void)json_array_append_new(ips, json_pack("{s:s, s:i}", "address", "10.6.0.2/24",
						   "interface", 3));
	check(r);
	(void)json_object_set_new(json_array_get(ips, 2), "interface", json_integer(2));
	world_expect_error("CHECK", conf(r), 103, "lacks the address '10.6.0.2/24'");
}

/* Two interfaces of one network: the second one's IPv6 routes have metrics of their own. */
static void routes_behind_those_of_another_interface_are_as_they_should_be(void **state)
{
	json_auto_t *first = add();
	json_auto_t *second = NULL;

	(void)state;
	(void)setenv("CNI_IFNAME", "net1", 1);
	second = add();
	check(second);
	(void)setenv("CNI_IFNAME", "eth0", 1);
	check(first);
}

#define CHECK_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_TEST(a_route_that_was_changed_is_found),
		CHECK_TEST(what_the_result_does_not_say_may_be_anything),
		CHECK_TEST(an_ipv6_route_may_follow_the_interface),
		CHECK_TEST(a_route_may_be_in_another_table),
		CHECK_TEST(addresses_of_an_interface_of_others_are_not_looked_for),
		CHECK_TEST(routes_behind_those_of_another_interface_are_as_they_should_be),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
