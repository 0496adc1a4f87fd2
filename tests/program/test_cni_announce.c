/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone: each address of the pod is told to its segment by one gratuitous
 * ARP, be it that an IPAM plugin has set the interface up before there was an address, as dhcp
 * does. That all kinds do it is in test_cni_kinds. "test_cni_announce KIND" runs another kind than
 * host-device: those need a kernel that this machine's may not be (tests/vm/cases/cni-kinds.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define LEASE                                                     \
	"echo '{\"cniVersion\":\"1.0.0\",\"ips\":["               \
	"{\"address\":\"10.7.0.2/24\",\"gateway\":\"10.7.0.1\"}," \
	"{\"address\":\"10.8.0.2/24\"}]}'"
#define SET_UP "nsenter --net=$CNI_NETNS ip link set dev $CNI_IFNAME up || exit 1\n"

static const struct world_reply good[] = { { NULL, NULL } };

struct sample {
	const char *name, *keys;
};

static const struct sample samples[] = {
	{ "host-device", "\"device\":\"up0\"" },
	{ "macvlan", "\"master\":\"up0\"" },
	{ "ipvlan", "\"master\":\"up0\"" },
	{ NULL, NULL },
};
static const struct sample *current;

/* Counts what up1 hears of 10.7.0.2 and 10.8.0.2 until somebody asks for 10.7.0.77. */
static const char listener[] =
	"cat >%s/listen.py <<'END'\n"
	"import os, socket\n"
	"s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806))\n"
	"s.bind(('up1', 0)); s.settimeout(30)\n"
	"told = {}\n"
	"open('listens', 'w').close()\n"
	"while True:\n"
	"    try: p = s.recv(2048)\n"
	"    except OSError as e:\n"
	"        if e.errno == 100: continue # it is down while its peer moves\n"
	"        raise\n"
	"    ip = socket.inet_ntoa(p[38:42])\n"
	"    if ip == '10.7.0.77': break\n"
	"    if p[28:32] == p[38:42] and p[22:28] == p[6:12] and p[:6] == b'\\xff' * 6:\n"
	"        told[ip] = told.get(ip, 0) + 1\n"
	"open('told.new', 'w').write(''.join('%%s %%d\\n' %% i for i in sorted(told.items())))\n"
	"os.rename('told.new', 'told')\n"
	"END\n"
	"cd %s && rm -f listens told && { timeout 60 /usr/bin/python3 listen.py & } && "
	"for i in $(seq 1000); do test -e listens && exit 0; sleep 0.02; done; exit 1";

static int setup(void **state)
{
	(void)world_reset(state);
	(void)world_agent(good);
	world_sh("ip link add up0 type veth peer name up1 && for i in up0 up1; do "
		 "echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; ip link set $i up; done");
	world_sh(listener, world_dir(), world_dir());
	return 0;
}

static void expect_told_once(const char *ipam)
{
	const char *conf = world_conf(
		"1.0.0", ",\"interface\":{\"kind\":\"%s\",%s},\"ipam\":{\"type\":\"%s\"}",
		current->name, current->keys, ipam);
	struct world_run r = world_expect_ok("ADD", conf, 0);

	world_run_clear(&r);
	world_sh(
		"nsenter --net=%s /usr/bin/python3 -c 'import socket; "
		"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b\"x\", (\"10.7.0.77\", 9))'",
		world_netns(0));
	world_sh("cd %s; for i in $(seq 1000); do test -e told && break; sleep 0.02; done; "
		 "cat told >&2; printf '10.7.0.2 1\\n10.8.0.2 1\\n' | cmp - told",
		 world_dir());
	r = world_expect_ok("DEL", conf, 0);
	world_run_clear(&r);
}

static void addresses_are_told_once(void **state)
{
	(void)state;
	world_ipam("fake", LEASE);
	expect_told_once("fake");
}

static void addresses_are_told_once_where_dhcp_has_set_the_interface_up(void **state)
{
	(void)state;
	world_ipam("dhcp", "test $CNI_COMMAND = ADD || exit 0\n" SET_UP LEASE);
	expect_told_once("dhcp");
}

static void addresses_are_told_once_where_dhcp_has_left_it_down(void **state)
{
	(void)state;
	world_ipam("dhcp", LEASE);
	expect_told_once("dhcp");
}

#define ANNOUNCE_TEST(f) cmocka_unit_test_setup(f, setup)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		ANNOUNCE_TEST(addresses_are_told_once),
		ANNOUNCE_TEST(addresses_are_told_once_where_dhcp_has_set_the_interface_up),
		ANNOUNCE_TEST(addresses_are_told_once_where_dhcp_has_left_it_down),
	};

	current = samples;
	while (argc > 1 && current->name && strcmp(current->name, argv[1]) != 0)
		current++;
	if (!current->name) {
		(void)fprintf(stderr, "no such kind\n");
		return 2;
	}
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
