/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone: who is whose IPv6 router, what the node's settings are afterwards,
 * and what stays when somebody takes a link down and up again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define CONF "/proc/sys/net/ipv6/conf"
#define GATEWAY ",\"isGateway\":true"
#define BR0 ",\"bridge\":\"br0\""

static const char lease[] = "echo '{\"cniVersion\":\"1.0.0\",\"ips\":["
			    "{\"address\":\"10.7.0.2/24\",\"gateway\":\"10.7.0.1\"},"
			    "{\"address\":\"fd07::2/64\",\"gateway\":\"fd07::1\"}]}'";
static const char lease_ipv4[] = "echo '{\"cniVersion\":\"1.0.0\",\"ips\":["
				 "{\"address\":\"10.7.0.2/24\",\"gateway\":\"10.7.0.1\"}]}'";
static const char with_ipam[] = ",\"ipam\":{\"type\":\"fake\"}";

static int reset(void **state)
{
	static const struct world_reply good[] = { { NULL, NULL } };

	(void)world_reset(state);
	(void)world_agent(good);
	world_ipam("fake", lease);
	world_sh("echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >" CONF "/all/forwarding");
	return 0;
}

static const char *conf_of(const char *kind, const char *keys, const char *ipam)
{
	return world_conf("1.0.0", ",\"interface\":{\"kind\":\"%s\"%s}%s", kind, keys, ipam);
}

static void verb(const char *command, const char *conf)
{
	struct world_run r = world_expect_ok(command, conf, 0);

	world_run_clear(&r);
}

static void expect_setting(const char *where, const char *ifname, const char *key, int value)
{
	world_sh("%s cat " CONF "/%s/%s | grep -qx %d", where, ifname, key, value);
}

static const char *in_pod(void)
{
	static char text[256];

	(void)snprintf(text, sizeof(text), "nsenter --net=%s", world_netns(0));
	return text;
}

static const char host_end[] = "$(ip -o link show type veth | grep -o 'smc[0-9a-f]*' | head -1)";

static void the_host_hears_no_router_in_a_pod(void **state)
{
	(void)state;
	verb("ADD", conf_of("veth", ",\"bridge\":\"brx\"", with_ipam));
	expect_setting("", "brx", "accept_ra", 0);
	expect_setting("", host_end, "accept_ra", 0);
	world_sh("ip -o link show brx | grep -q ',UP'");
	verb("DEL", conf_of("veth", ",\"bridge\":\"brx\"", with_ipam));
	world_sh("ip link del brx");
	verb("ADD", conf_of("ptp", "", with_ipam));
	expect_setting("", host_end, "accept_ra", 0);
	verb("DEL", conf_of("ptp", "", with_ipam));
}

/* It is somebody's who knows what he wants: his uplink may hang on it. */
static void a_bridge_that_is_there_and_up_keeps_its_settings(void **state)
{
	(void)state;
	world_bridge();
	verb("ADD", conf_of("veth", BR0, ""));
	expect_setting("", "br0", "accept_ra", 1);
	verb("DEL", conf_of("veth", BR0, ""));
}

static void a_pod_with_ipam_takes_no_addresses_from_a_router(void **state)
{
	(void)state;
	world_bridge();
	world_ipam("fake", lease_ipv4);
	verb("ADD", conf_of("veth", BR0, with_ipam));
	expect_setting(in_pod(), "eth0", "accept_ra", 0);
	expect_setting(in_pod(), "eth0", "autoconf", 0);
	verb("DEL", conf_of("veth", BR0, with_ipam));
	/* It has no other way to any. */
	verb("ADD", conf_of("veth", BR0, ""));
	expect_setting(in_pod(), "eth0", "accept_ra", 1);
	expect_setting(in_pod(), "eth0", "autoconf", 1);
	verb("DEL", conf_of("veth", BR0, ""));
}

static void forwarding_does_not_cost_the_node_its_own_router(void **state)
{
	(void)state;
	world_bridge();
	world_sh("ip link add up0 type veth peer name up1; ip link add up2 type bridge;"
		 "echo 0 >" CONF "/up2/accept_ra");
	world_ipam("fake", lease_ipv4);
	verb("ADD", conf_of("veth", BR0 GATEWAY, with_ipam));
	expect_setting("", "up0", "accept_ra", 1); /* only IPv4 is forwarded so far */
	verb("DEL", conf_of("veth", BR0 GATEWAY, with_ipam));
	world_ipam("fake", lease);
	world_sh("echo 0 >" CONF "/br0/disable_ipv6");
	verb("ADD", conf_of("veth", BR0 GATEWAY, with_ipam));
	expect_setting("", "up0", "accept_ra", 2);
	expect_setting("", "up2", "accept_ra", 0);
	expect_setting("", "br0", "accept_ra", 1); /* and forwarding, and so deaf */
	expect_setting("", "br0", "forwarding", 1);
	expect_setting("", "default", "accept_ra", 1);
	verb("DEL", conf_of("veth", BR0 GATEWAY, with_ipam));
	world_sh("ip link del up0; ip link del up2");
}

static void what_is_so_already_is_not_written(void **state)
{
	static const char ro[] = "mount --bind /proc/sys /proc/sys && "
				 "mount -o remount,ro,bind /proc/sys /proc/sys";
	struct world_run r;

	(void)state;
	world_sh("echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >" CONF "/all/forwarding; %s", ro);
	/* One line for each setting of the pod's that would be better otherwise. */
	r = world_expect_ok("ADD", conf_of("veth", ",\"bridge\":\"brx\"" GATEWAY, with_ipam), 5);
	world_run_clear(&r);
	verb("DEL", conf_of("veth", ",\"bridge\":\"brx\"" GATEWAY, with_ipam));
	r = world_expect_ok("ADD", conf_of("ptp", "", with_ipam), 4);
	world_run_clear(&r);
	verb("DEL", conf_of("ptp", "", with_ipam));
	world_sh("umount /proc/sys; ip link del brx; echo 0 >" CONF "/all/forwarding; %s", ro);
	/* Without forwarding the host would hear the pod. */
	world_expect_error("ADD", conf_of("ptp", "", ""), 101,
			   "keep router advertisements of pods away");
	world_sh("umount /proc/sys; ! ip -o link | grep smc");
}

static void addresses_outlive_a_link_that_is_taken_down_and_up(void **state)
{
	(void)state;
	verb("ADD", conf_of("veth", ",\"bridge\":\"brx\"" GATEWAY, with_ipam));
	world_sh("%s ip link set eth0 down && %s ip link set eth0 up", in_pod(), in_pod());
	world_sh("%s ip -6 addr show dev eth0 | grep -q 'inet6 fd07::2/64'", in_pod());
	world_sh("ip link set brx down && ip link set brx up");
	world_sh("ip -6 addr show dev brx | grep -q 'inet6 fd07::1/64'");
	verb("DEL", conf_of("veth", ",\"bridge\":\"brx\"" GATEWAY, with_ipam));
	world_sh("ip link del brx");
}

static void a_pod_does_not_lower_the_mtu_of_its_bridge(void **state)
{
	(void)state;
	world_sh("ip link add brx type bridge && ip link add up0 mtu 9000 type veth peer name up1 "
		 "mtu 9000 && ip link set up0 master brx && ip link set brx up");
	verb("ADD", conf_of("veth", ",\"bridge\":\"brx\"", ""));
	world_sh("ip -o link show brx | grep -q 'mtu 9000'");
	world_sh("%s ip -o link show eth0 | grep -q 'mtu 9000'", in_pod());
	verb("DEL", conf_of("veth", ",\"bridge\":\"brx\"", ""));
	/* What is configured counts. */
	verb("ADD", conf_of("veth", ",\"bridge\":\"brx\",\"mtu\":1400", ""));
	world_sh("%s ip -o link show eth0 | grep -q 'mtu 1400'", in_pod());
	verb("DEL", conf_of("veth", ",\"bridge\":\"brx\",\"mtu\":1400", ""));
	world_sh("ip link del brx; ip link del up0");
}

#define WORLD_TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(the_host_hears_no_router_in_a_pod),
		WORLD_TEST(a_bridge_that_is_there_and_up_keeps_its_settings),
		WORLD_TEST(a_pod_with_ipam_takes_no_addresses_from_a_router),
		WORLD_TEST(forwarding_does_not_cost_the_node_its_own_router),
		WORLD_TEST(what_is_so_already_is_not_written),
		WORLD_TEST(addresses_outlive_a_link_that_is_taken_down_and_up),
		WORLD_TEST(a_pod_does_not_lower_the_mtu_of_its_bridge),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
