/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone, with real IPAM plugins: static, host-local, and dhcp with its
 * daemon and a DHCP server. What fails in them on demand is in test_cni_rollback.c.
 */
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
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define VETH ",\"interface\":{\"kind\":\"veth\",\"bridge\":\"br0\"}"

static const struct world_reply good[] = { { NULL, NULL } };

static int reset(void **state)
{
	(void)world_reset(state);
	(void)world_agent(good);
	return 0;
}

static const char *address(const json_t *result, size_t index)
{
	const char *text = json_string_value(
		json_object_get(json_array_get(json_object_get(result, "ips"), index), "address"));

	return text ? text : "(none)";
}

/* ADD, CHECK with its result, DEL; the caller frees the result. `conf` has a place (%s) at its
 * end. */
static json_t *live(const char *conf)
{
	auto_free char *prev = NULL, *text = NULL;
	struct world_run add, run;

	add = world_expect_ok("ADD", world_conf("1.0.0", "%s", conf), 0);
	text = json_dumps(add.doc, JSON_COMPACT);
	assert_true(asprintf(&prev, "%s,\"prevResult\":%s", conf, text) > 0);
	run = world_expect_ok("CHECK", world_conf("1.0.0", "%s", prev), 0);
	world_run_clear(&run);
	run = world_expect_ok("DEL", world_conf("1.0.0", "%s", conf), 0);
	world_run_clear(&run);
	free(add.err);
	return add.doc;
}

static void the_plugin_static_gives_what_the_configuration_lists(void **state)
{
	json_auto_t *r = NULL;

	(void)state;
	r = live(VETH ",\"ipam\":{\"type\":\"static\",\"addresses\":[{\"address\":\"10.7.0.9/24\","
		      "\"gateway\":\"10.7.0.1\"},{\"address\":\"fd07::9/64\"}],"
		      "\"routes\":[{\"dst\":\"10.9.0.0/16\"}]}");
	assert_string_equal(address(r, 0), "10.7.0.9/24");
	assert_string_equal(address(r, 1), "fd07::9/64");
}

static void the_runtime_chooses_addresses(void **state)
{
	json_auto_t *r = NULL;

	(void)state;
	r = live(VETH ",\"ipam\":{\"type\":\"static\"},\"capabilities\":{\"ips\":true},"
		      "\"runtimeConfig\":{\"ips\":[\"10.7.0.77/24\"]}");
	assert_string_equal(address(r, 0), "10.7.0.77/24");
}

static void cni_args_choose_address_and_mac(void **state)
{
	auto_free char *conf = NULL;
	json_auto_t *r = NULL;
	const json_t *list;

	(void)state;
	assert_true(asprintf(&conf,
			     VETH ",\"ipam\":{\"type\":\"host-local\",\"dataDir\":\"%s/lease\","
				  "\"subnet\":\"10.7.0.0/24\"}",
			     world_dir()) > 0);
	(void)setenv("CNI_ARGS", "IgnoreUnknown=1;IP=10.7.0.55;MAC=02:00:00:00:00:55", 1);
	r = live(conf);
	list = json_object_get(r, "interfaces");
	assert_string_equal(address(r, 0), "10.7.0.55/24");
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(list, json_array_size(list) - 1), "mac")),
			    "02:00:00:00:00:55");
	world_sh("test -z \"$(find %s/lease -name '10.7*')\"", world_dir());
	(void)setenv("CNI_ARGS", "MAC=02:00:00", 1);
	world_expect_error("ADD", world_conf("1.0.0", "%s", conf), 4, "'MAC' is '02:00:00'");
}

/* It has no GC of its own: Debian 12's refuses the verb, later ones succeed. docs/cni-config.md
 * says who comes for the lease. */
static void gc_takes_the_links_and_del_the_lease_of_host_local(void **state)
{
	auto_free char *conf = NULL;
	struct world_run r;
	const char *gc;

	(void)state;
	assert_true(asprintf(&conf,
			     VETH ",\"ipam\":{\"type\":\"host-local\",\"dataDir\":\"%s/lease\","
				  "\"subnet\":\"10.7.0.0/24\"}",
			     world_dir()) > 0);
	r = world_expect_ok("ADD", world_conf("1.0.0", "%s", conf), 0);
	world_run_clear(&r);
	gc = world_conf("1.1.0", "%s,\"cni.dev/valid-attachments\":[]", conf);
	world_run(&r, "GC", gc, strlen(gc));
	world_run_clear(&r);
	world_sh("! ip -d link | grep smc-cni: && test -e %s/lease/net1/10.7.0.2", world_dir());
	(void)setenv("CNI_NETNS", "/nonexistent", 1);
	r = world_expect_ok("DEL", world_conf("1.0.0", "%s", conf), 0);
	world_run_clear(&r);
	world_sh("test ! -e %s/lease/net1/10.7.0.2", world_dir());
}

/* ---- dhcp ---- */

static void start_dhcp(void)
{
	world_bridge();
	world_sh(
		"ip addr add 10.7.0.1/24 dev br0; cd %s; mkdir -p dhcp; cat >dhcp/udhcpd.conf <<END\n"
		"start 10.7.0.100\nend 10.7.0.100\ninterface br0\npidfile %s/dhcp/udhcpd.pid\n"
		"lease_file %s/dhcp/leases\nauto_time 1\noption subnet 255.255.255.0\n"
		"option router 10.7.0.1\nEND\n"
		"touch dhcp/leases; busybox udhcpd -S -f dhcp/udhcpd.conf >dhcp/server.log 2>&1 &\n"
		"/usr/lib/cni/dhcp daemon -socketpath %s/dhcp/sock -pidfile %s/dhcp/daemon.pid "
		">%s/dhcp/daemon.log 2>&1 &",
		world_dir(), world_dir(), world_dir(), world_dir(), world_dir(), world_dir());
	world_sh("for i in $(seq 100); do test -S %s/dhcp/sock && exit 0; sleep 0.1; done; exit 1",
		 world_dir());
}

static int stop_dhcp(void **state)
{
	(void)state;
	world_sh("cd %s/dhcp && for f in udhcpd daemon; do kill $(cat $f.pid); done; rm -r %s/dhcp",
		 world_dir(), world_dir());
	return 0;
}

/* The pool has one address: it must have come back for the second pod to get it. */
static void dhcp_leases_over_the_interface_and_releases_over_it(void **state)
{
	auto_free char *conf = NULL, *before = NULL, *after = NULL;

	(void)state;
	start_dhcp();
	assert_true(asprintf(&conf,
			     VETH
			     ",\"ipam\":{\"type\":\"dhcp\",\"daemonSocketPath\":\"%s/dhcp/sock\"}",
			     world_dir()) > 0);
	before = world_snapshot();
	for (int i = 0; i < 2; i++) {
		json_auto_t *r = NULL;

		(void)setenv("CNI_CONTAINERID", i ? "c2" : "c1", 1);
		(void)setenv("CNI_NETNS", world_netns(i), 1);
		r = live(conf);
		assert_string_equal(address(r, 0), "10.7.0.100/24");
	}
	after = world_snapshot();
	world_expect_same(before, after);
}

static void an_interface_goes_when_dhcp_has_no_answer(void **state)
{
	auto_free char *before = NULL, *after = NULL;
	struct world_run r;
	const char *conf;

	(void)state;
	world_bridge();
	before = world_snapshot();
	conf = world_conf("1.0.0",
			  VETH ",\"ipam\":{\"type\":\"dhcp\",\"daemonSocketPath\":\"%s/none\"}",
			  world_dir());
	world_run(&r, "ADD", conf, strlen(conf));
	assert_int_equal(r.status, 1);
	assert_non_null(strstr(json_string_value(json_object_get(r.doc, "msg")), "DHCP daemon"));
	world_run_clear(&r);
	after = world_snapshot();
	world_expect_same(before, after);
}

#define WORLD_TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(the_plugin_static_gives_what_the_configuration_lists),
		WORLD_TEST(the_runtime_chooses_addresses),
		WORLD_TEST(cni_args_choose_address_and_mac),
		WORLD_TEST(gc_takes_the_links_and_del_the_lease_of_host_local),
		cmocka_unit_test_setup_teardown(dhcp_leases_over_the_interface_and_releases_over_it,
						reset, stop_dhcp),
		WORLD_TEST(an_interface_goes_when_dhcp_has_no_answer),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
