/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone: real bridges, veth pairs and leases of host-local. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define VETH ",\"interface\":{\"kind\":\"veth\",\"bridge\":\"br0\"%s}"
#define HOST_LOCAL                                                                              \
	",\"ipam\":{\"type\":\"host-local\",\"dataDir\":\"%s/lease\",\"ranges\":[[{\"subnet\":" \
	"\"10.7.0.0/24\"}],[{\"subnet\":\"fd07::/64\"}]],\"routes\":[{\"dst\":\"10.9.0.0/16\"}]}"
#define GATEWAY ",\"isDefaultGateway\":true"

static const struct world_reply good[] = { { NULL, NULL } };

/* Stand-alone with host-local; prev: a result for CHECK, or NULL. Valid until the next call. */
static const char *standalone(const char *version, const char *interface, const json_t *prev)
{
	auto_free char *text = prev ? json_dumps(prev, JSON_COMPACT) : NULL;

	if (!prev)
		return world_conf(version, VETH HOST_LOCAL, interface, world_dir());
	return world_conf(version, VETH HOST_LOCAL ",\"prevResult\":%s", interface, world_dir(),
			  text);
}

static void use_pod(int pod)
{
	(void)setenv("CNI_CONTAINERID", pod ? "c2" : "c1", 1);
	(void)setenv("CNI_NETNS", world_netns(pod), 1);
}

static json_t *add(int pod, const char *interface)
{
	struct world_run r;

	use_pod(pod);
	r = world_expect_ok("ADD", standalone("1.0.0", interface, NULL), 0);
	free(r.err);
	return r.doc;
}

static void del(int pod, const char *interface)
{
	struct world_run r;

	use_pod(pod);
	r = world_expect_ok("DEL", standalone("1.0.0", interface, NULL), 0);
	world_run_clear(&r);
}

static int reset(void **state)
{
	(void)world_reset(state);
	(void)world_agent(good);
	return 0;
}

static const char *member(const json_t *doc, const char *list, size_t index, const char *key)
{
	const char *text = json_string_value(
		json_object_get(json_array_get(json_object_get(doc, list), index), key));

	return text ? text : "(none)";
}

/* ---- ADD ---- */

static void two_pods_reach_each_other_over_ipv4_and_ipv6(void **state)
{
	json_auto_t *a = add(0, GATEWAY);
	json_auto_t *b = add(1, GATEWAY);

	(void)state;
	assert_string_equal(member(a, "ips", 0, "address"), "10.7.0.2/24");
	assert_string_equal(member(b, "ips", 1, "address"), "fd07::3/64");
	/* At once: nothing has to settle when ADD has returned. */
	world_sh("cat >%s/talk.py <<'END'\n"
		 "import os, socket, sys\n"
		 "def enter(path):\n"
		 "    import ctypes\n"
		 "    fd = os.open(path, os.O_RDONLY)\n"
		 "    assert ctypes.CDLL(None).setns(fd, 0x40000000) == 0\n"
		 "for family, ip in (socket.AF_INET, '10.7.0.3'), (socket.AF_INET6, 'fd07::3'):\n"
		 "    enter(sys.argv[2])\n"
		 "    server = socket.socket(family)\n"
		 "    server.bind((ip, 0)); server.listen()\n"
		 "    enter(sys.argv[1])\n"
		 "    client = socket.create_connection((ip, server.getsockname()[1]), 5)\n"
		 "END\n"
		 "/usr/bin/python3 %s/talk.py %s %s",
		 world_dir(), world_dir(), world_netns(0), world_netns(1));
	del(0, GATEWAY);
	del(1, GATEWAY);
}

static void the_pod_has_what_the_result_says(void **state)
{
	json_auto_t *r = add(0, ",\"mtu\":1400" GATEWAY);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(r, "interfaces")), 3);
	assert_string_equal(member(r, "interfaces", 0, "name"), "br0");
	assert_string_equal(member(r, "interfaces", 2, "name"), "eth0");
	assert_string_equal(member(r, "interfaces", 2, "sandbox"), world_netns(0));
	assert_string_equal(member(r, "ips", 0, "gateway"), "10.7.0.1");
	assert_string_equal(member(r, "routes", 0, "dst"), "10.9.0.0/16");
	assert_string_equal(member(r, "routes", 1, "dst"), "0.0.0.0/0");
	assert_string_equal(member(r, "routes", 2, "gw"), "fd07::1");
	world_sh("nsenter --net=%s ip link show dev eth0 | grep -q 'mtu 1400.*UP'", world_netns(0));
	world_sh("nsenter --net=%s ip link show dev eth0 | grep -q %s", world_netns(0),
		 member(r, "interfaces", 2, "mac"));
	world_sh("ip link show dev %s | grep -q 'mtu 1400.*master br0'",
		 member(r, "interfaces", 1, "name"));
	world_sh("ip link show dev %s | grep -q 'alias smc-cni:net1'",
		 member(r, "interfaces", 1, "name"));
	world_sh("nsenter --net=%s ip route | grep -q '10.9.0.0/16 via 10.7.0.1'", world_netns(0));
	world_sh("nsenter --net=%s ip -6 route | grep -q 'default via fd07::1'", world_netns(0));
	world_sh("! nsenter --net=%s ip addr | grep -q tentative", world_netns(0));
	world_sh("ip addr show dev br0 | grep -q 10.7.0.1/24");
	world_sh("test $(cat /proc/sys/net/ipv4/ip_forward) = 1");
	del(0, "");
}

static void without_gateway_the_bridge_stays_a_switch(void **state)
{
	(void)state;
	json_decref(add(0, ",\"hairpin\":true"));
	world_sh("! ip addr show dev br0 | grep -q 10.7.0.1");
	world_sh("bridge -d link show | grep -q 'hairpin on' || ip -d link show master br0 | "
		 "grep -q 'hairpin on'");
	del(0, "");
}

static void the_bridge_keeps_its_address_when_pods_come(void **state)
{
	json_auto_t *a = add(0, "");
	json_auto_t *b = add(1, "");

	(void)state;
	assert_string_equal(member(a, "interfaces", 0, "mac"), member(b, "interfaces", 0, "mac"));
	world_sh("ip link show dev br0 | grep -q %s", member(a, "interfaces", 0, "mac"));
	del(0, "");
	del(1, "");
}

static void results_have_the_form_of_their_version(void **state)
{
	static const char *const versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0" };

	(void)state;
	use_pod(0);
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct world_run r = world_expect_ok("ADD", standalone(versions[i], "", NULL), 0);

		assert_string_equal(json_string_value(json_object_get(r.doc, "cniVersion")),
				    versions[i]);
		assert_string_equal(member(r.doc, "ips", 0, "version"), i < 3 ? "4" : "(none)");
		world_run_clear(&r);
		r = world_expect_ok("DEL", standalone(versions[i], "", NULL), 0);
		world_run_clear(&r);
	}
}

static void an_interface_without_ipam_has_no_addresses(void **state)
{
	struct world_run r;

	(void)state;
	r = world_expect_ok("ADD", world_conf("1.1.0", VETH, ""), 0);
	assert_null(json_object_get(r.doc, "ips"));
	world_sh("nsenter --net=%s ip link show dev eth0 | grep -q UP", world_netns(0));
	world_run_clear(&r);
	r = world_expect_ok("DEL", world_conf("1.1.0", VETH, ""), 0);
	world_run_clear(&r);
}

/* ---- DEL ---- */

static void the_dns_of_the_lease_stays_unless_another_is_configured(void **state)
{
	static const char lease[] =
		"echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.7.0.2/24\"}],"
		"\"dns\":{\"domain\":\"lease\"}}'";
	static const char *const table[][2] = { { "{}", "lease" },
						{ "{\"domain\":\"own\"}", "own" } };

	(void)state;
	world_ipam("fake", lease);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *conf = world_conf(
			"1.0.0", VETH ",\"ipam\":{\"type\":\"fake\"},\"dns\":%s", "", table[i][0]);
		struct world_run r = world_expect_ok("ADD", conf, 0);

		assert_string_equal(
			json_string_value(json_object_get(json_object_get(r.doc, "dns"), "domain")),
			table[i][1]);
		world_run_clear(&r);
		r = world_expect_ok("DEL", conf, 0);
		world_run_clear(&r);
	}
}

/* It answers at once; the IPAM plugin takes its time between its lease and its end. */
static void the_time_of_the_agent_does_not_run_while_others_are_waited_for(void **state)
{
	static const struct world_reply steers[] = {
		{ "prepare",
		  "{\"v\":1,\"ok\":true,\"steer\":true,\"required\":false,\"why\":\"asked\"}" },
		{ NULL, NULL },
	};
	json_auto_t *log = NULL;
	const char *conf = world_conf("1.0.0", VETH ",\"ipam\":{\"type\":\"fake\"}", "");
	struct world_run r;
	json_int_t left_ms[2];

	(void)state;
	(void)world_agent(steers);
	world_ipam(
		"fake",
		"echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.7.0.2/24\"}]}'; sleep 4");
	r = world_expect_ok("ADD", conf, 0);
	world_run_clear(&r);
	log = world_agent_log();
	assert_int_equal(json_array_size(log), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(log, 1), "verb")),
			    "commit");
	for (size_t i = 0; i < 2; i++)
		left_ms[i] =
			json_integer_value(json_object_get(json_array_get(log, i), "timeoutMs"));
	assert_true(left_ms[0] <= 60000 && left_ms[0] - left_ms[1] < 4000);
}

static void nothing_but_the_bridge_is_left_after_del(void **state)
{
	auto_free char *before = NULL, *after = NULL;
	json_t *r;

	(void)state;
	world_bridge();
	before = world_snapshot();
	r = add(0, "");
	json_decref(r);
	del(0, "");
	after = world_snapshot();
	world_expect_same(before, after);
	del(0, "");
}

static void del_works_when_namespace_or_interface_went_first(void **state)
{
	json_t *r = add(0, "");

	(void)state;
	world_sh("ip link del %s", member(r, "interfaces", 1, "name"));
	json_decref(r);
	del(0, "");
	r = add(0, "");
	(void)setenv("CNI_NETNS", "/nonexistent/ns", 1);
	{
		struct world_run run = world_expect_ok("DEL", standalone("1.0.0", "", NULL), 0);

		world_run_clear(&run);
	}
	world_sh("! ip link show dev %s 2>/dev/null", member(r, "interfaces", 1, "name"));
	world_sh("test -z \"$(find %s/lease -name '10.7*')\"", world_dir());
	json_decref(r);
}

static void del_leaves_the_other_pod_alone(void **state)
{
	json_auto_t *b = NULL;
	struct world_run r;

	(void)state;
	json_decref(add(0, ""));
	b = add(1, "");
	del(0, "");
	use_pod(1);
	r = world_expect_ok("CHECK", standalone("1.0.0", "", b), 0);
	world_run_clear(&r);
	del(1, "");
}

static void del_does_not_remove_what_is_not_ours(void **state)
{
	json_auto_t *r = add(0, "");
	const char *host = member(r, "interfaces", 1, "name");

	(void)state;
	world_sh("ip link set dev %s alias smc-cni:net", host);
	world_expect_error("DEL", standalone("1.0.0", "", NULL), 101, "it is not ours");
	world_sh("ip link set dev %s alias other group 7", host);
	world_expect_error("DEL", standalone("1.0.0", "", NULL), 101, "it is not ours");
	world_sh("ip link set dev %s alias smc-cni:net1", host);
	del(0, "");
}

static struct world_run gc(const char *valid)
{
	return world_expect_ok(
		"GC", world_conf("1.1.0", VETH ",\"cni.dev/valid-attachments\":[%s]", "", valid),
		0);
}

/* People label the ports of their nodes. */
static void a_link_with_an_alias_of_somebody_is_still_ours(void **state)
{
	static const char *const aliases[] = { "port of pod x", "smc-cni", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		json_auto_t *a = add(0, "");
		json_auto_t *b = add(1, "");
		struct world_run r;

		world_sh("for i in %s %s; do ip link set dev $i alias '%s'; done",
			 member(a, "interfaces", 1, "name"), member(b, "interfaces", 1, "name"),
			 aliases[i]);
		del(0, "");
		r = gc("{\"containerID\":\"c2\",\"ifname\":\"eth0\"}");
		world_run_clear(&r);
		world_sh("! ip link show dev %s 2>/dev/null", member(a, "interfaces", 1, "name"));
		world_sh("ip link show dev %s >/dev/null", member(b, "interfaces", 1, "name"));
		r = gc("");
		world_run_clear(&r);
		world_sh("! ip link show dev %s 2>/dev/null", member(b, "interfaces", 1, "name"));
		del(1, "");
	}
}

/* ---- CHECK ---- */

static void replaced_sh(const char *line, const json_t *r)
{
	world_sh(
		"eval \"$(echo '%s' | sed 's:HOST:%s:g; s:POD:%s:g; s=IP4=%s=g; s=IP6=%s=g; s=MAC=%s=g')\"",
		line, member(r, "interfaces", 1, "name"), world_netns(0),
		member(r, "ips", 0, "address"), member(r, "ips", 1, "address"),
		member(r, "interfaces", 2, "mac"));
}

#define IN_POD "nsenter --net=POD ip "

static void check_finds_what_was_taken_away(void **state)
{
	static const struct {
		const char *break_it, *repair, *message;
	} table[] = {
		{ "ip link set dev HOST nomaster", "ip link set dev HOST master br0",
		  "is not on the bridge 'br0'" },
		{ "ip link set dev HOST down", "ip link set dev HOST up", "on the host is down" },
		{ "ip addr del 10.7.0.1/24 dev br0", "ip addr add 10.7.0.1/24 dev br0",
		  "lacks the gateway address '10.7.0.1/24'" },
		{ "echo 0 >/proc/sys/net/ipv4/ip_forward", "echo 1 >/proc/sys/net/ipv4/ip_forward",
		  "the node does not forward IPv4" },
		{ "echo 0 >/proc/sys/net/ipv6/conf/all/forwarding",
		  "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
		  "the node does not forward IPv6" },
		{ IN_POD "link set dev eth0 address 02:00:00:00:00:77",
		  IN_POD "link set dev eth0 address MAC", "has the address 02:00:00:00:00:77" },
		{ IN_POD "route del 10.9.0.0/16", IN_POD "route add 10.9.0.0/16 via 10.7.0.1",
		  "lacks the route to '10.9.0.0/16'" },
		{ IN_POD "-6 route del default", IN_POD "-6 route add default via fd07::1",
		  "lacks the route to '::/0'" },
		{ IN_POD "-6 addr del IP6 dev eth0",
		  IN_POD "-6 addr add IP6 dev eth0 nodad; " IN_POD
			 "-6 route replace default via fd07::1",
		  "lacks the address 'fd07::" },
		{ IN_POD "addr del IP4 dev eth0", "true", "lacks the address '10.7.0." },
		{ IN_POD "link set dev eth0 down", "true", "'eth0' of the pod is down" },
		{ "ip link del HOST", "true", "interface 'eth0' of the pod is missing" },
	};
	json_auto_t *r = add(0, GATEWAY);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		replaced_sh(table[i].break_it, r);
		world_expect_error("CHECK", standalone("1.0.0", GATEWAY, r), 103, table[i].message);
		replaced_sh(table[i].repair, r);
	}
	del(0, GATEWAY);
}

/* Up to 1.0.0 it has no way to say so. */
static void check_of_older_results_does_not_compare_the_mtu(void **state)
{
#define MTU ",\"mtu\":1400"
	struct world_run r;
	json_auto_t *result = add(0, MTU);

	(void)state;
	world_sh("nsenter --net=%s ip link set dev eth0 mtu 1350", world_netns(0));
	r = world_expect_ok("CHECK", standalone("1.0.0", MTU, result), 0);
	world_run_clear(&r);
	del(0, MTU);
}

static void check_passes_on_what_add_made(void **state)
{
	json_auto_t *r = add(0, GATEWAY);
	struct world_run run = world_expect_ok("CHECK", standalone("1.0.0", GATEWAY, r), 0);

	(void)state;
	world_run_clear(&run);
	del(0, GATEWAY);
}

/* ---- GC ---- */

static void gc_removes_the_stale_links_of_our_network_only(void **state)
{
	json_auto_t *a = add(0, "");
	json_auto_t *b = add(1, "");
	struct world_run r;

	(void)state;
	world_sh(
		"ip link add other0 type veth peer name other1; ip link set other0 alias smc-cni:net; "
		"ip link set %s alias ''; ip link set other1 alias smc-cni:net2 group $(ip -d -j link "
		"show dev %s | sed 's/.*\"group\":\"\\([0-9]*\\)\".*/\\1/')",
		member(b, "interfaces", 1, "name"), member(b, "interfaces", 1, "name"));
	r = gc("{\"containerID\":\"c1\",\"ifname\":\"eth0\"}");
	world_run_clear(&r);
	world_sh("ip link show dev %s >/dev/null", member(a, "interfaces", 1, "name"));
	world_sh("! ip link show dev %s 2>/dev/null", member(b, "interfaces", 1, "name"));
	world_sh("ip link del other0");
	del(0, "");
	del(1, "");
}

#define WORLD_TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(two_pods_reach_each_other_over_ipv4_and_ipv6),
		WORLD_TEST(the_pod_has_what_the_result_says),
		WORLD_TEST(without_gateway_the_bridge_stays_a_switch),
		WORLD_TEST(the_bridge_keeps_its_address_when_pods_come),
		WORLD_TEST(results_have_the_form_of_their_version),
		WORLD_TEST(an_interface_without_ipam_has_no_addresses),
		WORLD_TEST(the_dns_of_the_lease_stays_unless_another_is_configured),
		WORLD_TEST(the_time_of_the_agent_does_not_run_while_others_are_waited_for),
		WORLD_TEST(nothing_but_the_bridge_is_left_after_del),
		WORLD_TEST(del_works_when_namespace_or_interface_went_first),
		WORLD_TEST(del_leaves_the_other_pod_alone),
		WORLD_TEST(del_does_not_remove_what_is_not_ours),
		WORLD_TEST(a_link_with_an_alias_of_somebody_is_still_ours),
		WORLD_TEST(check_passes_on_what_add_made),
		WORLD_TEST(check_of_older_results_does_not_compare_the_mtu),
		WORLD_TEST(check_finds_what_was_taken_away),
		WORLD_TEST(gc_removes_the_stale_links_of_our_network_only),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
