/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone, under what is rare but allowed, or wrong in a way that the kernel
 * takes for something else.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define KIND ",\"interface\":{%s}"
#define VALID ",\"cni.dev/valid-attachments\":[{\"containerID\":\"c1\",\"ifname\":\"eth0\"}]"
#define PTP "\"kind\":\"ptp\""

static const struct world_reply good[] = { { NULL, NULL } };

static int setup(void **state)
{
	(void)world_reset(state);
	(void)world_agent(good);
	world_sh(
		"ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up");
	return 0;
}

/* The caller frees it. */
static json_t *ok(const char *verb, const char *conf)
{
	struct world_run r = world_expect_ok(verb, conf, 0);

	free(r.err);
	return r.doc;
}

static void done(const char *verb, const char *conf)
{
	json_decref(ok(verb, conf));
}

/* ---- names that are formats to the kernel ---- */

static void a_name_with_a_format_makes_nothing(void **state)
{
	auto_free char *before = world_snapshot(), *after = NULL;

	(void)state;
	(void)setenv("CNI_IFNAME", "eth%d", 1);
	world_expect_error("ADD",
			   world_conf("1.1.0", KIND, "\"kind\":\"macvlan\",\"master\":\"up0\""), 4,
			   "CNI_IFNAME is 'eth%d'; allowed is an interface name");
	(void)setenv("CNI_IFNAME", "eth0", 1);
	world_expect_error("ADD",
			   world_conf("1.1.0", KIND, "\"kind\":\"veth\",\"bridge\":\"br%d\""), 7,
			   "'bridge' is 'br%d'");
	after = world_snapshot();
	world_expect_same(before, after);
}

/* ---- who starts the plugin ---- */

static void an_ipam_plugins_status_is_known_under_who_ignores_sigchld(void **state)
{
	static const char conf[] = KIND ",\"ipam\":{\"type\":\"pool\"}";

	(void)state;
	world_ipam("pool",
		   "case $CNI_COMMAND in ADD) echo '{\"ips\":[{\"address\":\"10.7.0.2/24\"}]}';;\n"
		   "*) echo '{\"code\":55,\"msg\":\"no\"}'; exit 1;; esac");
	done("ADD", world_conf("1.1.0", conf, PTP));
	world_sh(
		"env --ignore-signal=CHLD CNI_COMMAND=DEL '%s' <<'END' | grep -q '\"code\": 55'\n%s\nEND\n",
		world_plugin(), world_conf("1.1.0", conf, PTP));
}

/* A result has the path in it. */
static void a_network_namespace_whose_path_is_no_utf8_is_refused(void **state)
{
	(void)state;
	(void)setenv("CNI_NETNS", "/run/netns/\xff", 1);
	world_expect_error("ADD", world_conf("1.1.0", KIND, PTP), 4, "of UTF-8");
}

/* The file of a namespace can be opened, and so locked, by users without any right. */
static void a_lock_on_a_namespace_stops_nobody(void **state)
{
	static const char *const kinds[] = { "\"kind\":\"veth\",\"bridge\":\"br0\"",
					     "\"kind\":\"host-device\",\"device\":\"up0\"" };

	(void)state;
	world_bridge();
	for (int mode = LOCK_SH; mode <= LOCK_EX; mode++) {
		auto_close int host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		auto_close int pod = open(world_netns(0), O_RDONLY | O_CLOEXEC);

		assert_int_equal(flock(host, mode), 0);
		assert_int_equal(flock(pod, mode), 0);
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			done("ADD", world_conf("1.1.0", KIND, kinds[i]));
			done("GC", world_conf("1.1.0", KIND VALID, kinds[i]));
			done("DEL", world_conf("1.1.0", KIND, kinds[i]));
		}
	}
}

/* ---- devices of the host ---- */

static void a_device_may_be_named_by_another_of_its_names(void **state)
{
	static const char device[] = "\"kind\":\"host-device\",\"device\":\"enp9s0\"";
	auto_free char *prev = NULL;
	json_t *added;

	(void)state;
	world_sh("ip link property add dev up0 altname enp9s0");
	added = ok("ADD", world_conf("1.1.0", KIND, device));
	prev = json_dumps(added, JSON_COMPACT);
	json_decref(added);
	done("CHECK", world_conf("1.1.0", KIND ",\"prevResult\":%s", device, prev));
	done("DEL", world_conf("1.1.0", KIND, device));
	world_sh("ip link show up0");
}

static void status_tells_that_there_is_no_master(void **state)
{
	(void)state;
	done("STATUS", world_conf("1.1.0", KIND, "\"kind\":\"macvlan\",\"master\":\"up0\""));
	world_expect_error("STATUS",
			   world_conf("1.1.0", KIND, "\"kind\":\"macvlan\",\"master\":\"no0\""), 50,
			   "interface: 'master': look up interface 'no0'");
	world_expect_error("STATUS", world_conf("1.1.0", KIND, "\"kind\":\"ipvlan\""), 50,
			   "'master' is not set and the host has no default route");
	world_expect_error("STATUS", world_conf("1.1.0", KIND ",\"ipam\":{\"type\":\"none\"}", PTP),
			   50, "find IPAM plugin 'none'");
}

/* ---- no IPv6 ---- */

static void an_mtu_too_small_for_ipv6_is_named(void **state)
{
	(void)state;
	world_ipam("six",
		   "test $CNI_COMMAND != ADD || echo '{\"ips\":[{\"address\":\"fd07::2/64\"}]}'");
	world_expect_error(
		"ADD",
		world_conf("1.1.0", KIND ",\"ipam\":{\"type\":\"six\"}", PTP ",\"mtu\":1000"), 101,
		"IPv6 in the pod: interface 'eth0' has no IPv6: the kernel gives it none below an mtu "
		"of 1280");
}

#define ODD_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ODD_TEST(a_name_with_a_format_makes_nothing),
		ODD_TEST(an_ipam_plugins_status_is_known_under_who_ignores_sigchld),
		ODD_TEST(a_network_namespace_whose_path_is_no_utf8_is_refused),
		ODD_TEST(a_lock_on_a_namespace_stops_nobody),
		ODD_TEST(a_device_may_be_named_by_another_of_its_names),
		ODD_TEST(status_tells_that_there_is_no_master),
		ODD_TEST(an_mtu_too_small_for_ipv6_is_named),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
