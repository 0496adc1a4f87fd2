/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone, with each kind of interface: made as asked, found broken by CHECK,
 * gone after DEL. "test_cni_kinds KIND..." runs these kinds only: some need a kernel that this
 * machine's may not be (tests/vm/cases/cni-kinds.sh); without arguments those that every kernel
 * has.
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

#include <stdbool.h>

#include "common/cleanup.h"
#include "tests/program/cni_samples.h"
#include "tests/program/cni_world.h"

#define FAKE ",\"ipam\":{\"type\":\"fake\"}"
/* Two addresses a family would be too much for host-local; every field of a route is here. */
#define LEASE                                                                     \
	"cat <<END\n{\"cniVersion\":\"1.1.0\",\"ips\":["                          \
	"{\"address\":\"10.7.0.2/24\",\"gateway\":\"10.7.0.1\"},"                 \
	"{\"address\":\"10.8.0.2/24\"},"                                          \
	"{\"address\":\"fd07::2/64\",\"gateway\":\"fd07::1\"}],\"routes\":["      \
	"{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"::/0\",\"gw\":\"fd07::1\"},"          \
	"{\"dst\":\"10.9.0.0/16\",\"mtu\":1300,\"advmss\":1200,\"priority\":77}," \
	"{\"dst\":\"10.10.0.0/16\",\"table\":100},"                               \
	"{\"dst\":\"10.11.0.0/16\",\"scope\":253}]}\nEND"

static const struct sample *current;
static const char *current_keys;
static const struct world_reply good[] = { { NULL, NULL } };

static const char *conf_with(const char *version, const char *more)
{
	return world_conf(version, ",\"interface\":{\"kind\":\"%s\"%s%s}" FAKE "%s", current->kind,
			  *current_keys ? "," : "", current_keys, more);
}

static void use_sample(const struct sample *s)
{
	current = s;
	current_keys = s->keys;
	(void)world_reset(NULL);
	(void)world_agent(good);
	world_ipam("fake", LEASE);
	world_bridge();
	if (strstr(s->keys, "vbr0"))
		world_sh(
			"ip link add vbr0 address 02:00:00:00:00:98 type bridge vlan_filtering 1 && "
			"echo 1 >/proc/sys/net/ipv6/conf/vbr0/disable_ipv6 && ip link set vbr0 up");
	/* A device to be the lower one, and a host that has an eth0, as hosts have. */
	world_sh("ip link add up0 type veth peer name up1 && ip link set up0 up && "
		 "ip link set up1 up && ip link add eth0 type bridge");
}

static json_t *add(const char *version)
{
	struct world_run r = world_expect_ok("ADD", conf_with(version, ""), 0);

	free(r.err);
	return r.doc;
}

static void del(void)
{
	struct world_run r = world_expect_ok("DEL", conf_with("1.0.0", ""), 0);

	world_run_clear(&r);
}

static const char *conf_with_result(const json_t *prev)
{
	auto_free char *text = json_dumps(prev, JSON_COMPACT), *more = NULL;

	assert_true(asprintf(&more, ",\"prevResult\":%s", text) > 0);
	return conf_with("1.1.0", more);
}

/* The name of the host end of a pair. */
static const char *host_end(const json_t *r)
{
	const json_t *list = json_object_get(r, "interfaces");
	size_t n = json_array_size(list);

	return n < 2 ? "none" :
		       json_string_value(json_object_get(json_array_get(list, n - 2), "name"));
}

static void replaced_sh(const char *line, const json_t *r)
{
	world_sh("eval \"$(echo '%s' | sed 's:HOST:%s:g; s:POD:%s:g')\"", line, host_end(r),
		 world_netns(0));
}

/* ---- the tests ---- */

/* What ip says of a pod of any kind. */
static const char *const seen[] = {
	"addr show dev eth0 | grep -q 'inet 10.7.0.2/24'",
	"addr show dev eth0 | grep -q 'inet 10.8.0.2/24'",
	"addr show dev eth0 | grep -q 'inet6 fd07::2/64'",
	"route | grep -q 'default via 10.7.0.1 dev eth0'",
	"-6 route | grep -q 'default via fd07::1 dev eth0'",
	"route | grep -q '10.9.0.0/16 via 10.7.0.1.*metric 77 mtu 1300 advmss 1200'",
	"route show table 100 | grep -q '10.10.0.0/16 via 10.7.0.1'",
	"route | grep -q '10.11.0.0/16.*scope link'",
	NULL,
};

static void the_pod_has_what_was_asked_for(void **state)
{
	json_auto_t *r = NULL;
	const json_t *list, *last;

	(void)state;
	r = add("1.1.0");
	list = json_object_get(r, "interfaces");
	last = json_array_get(list, json_array_size(list) - 1);
	assert_int_equal(json_array_size(list), current->n_interfaces);
	assert_string_equal(json_string_value(json_object_get(last, "name")), "eth0");
	assert_string_equal(json_string_value(json_object_get(last, "sandbox")), world_netns(0));
	assert_int_equal(json_integer_value(json_object_get(last, "mtu")), 1400);
	world_sh("nsenter --net=%s ip -d link show dev eth0 | tr '\\n' ' ' | grep -q 'UP.*%s'",
		 world_netns(0), current->shown);
	for (const char *const *want = seen; *want; want++)
		world_sh("nsenter --net=%s ip %s", world_netns(0), *want);
	world_sh("! nsenter --net=%s ip addr show scope global | grep -q tentative",
		 world_netns(0));
	del();
}

static void nothing_is_left_after_del(void **state)
{
	auto_free char *before = NULL, *after = NULL;

	(void)state;
	world_sh("echo 1 >/proc/sys/net/ipv4/ip_forward; "
		 "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	before = world_snapshot();
	json_decref(add("1.0.0"));
	del();
	after = world_snapshot();
	world_expect_same(before, after);
	del();
}

static void del_works_when_the_interface_or_the_namespace_went_first(void **state)
{
	(void)state;
	json_decref(add("1.0.0"));
	(void)setenv("CNI_NETNS", "/nonexistent/ns", 1);
	world_sh("mkdir -p /run/netns && touch /run/netns/pod && mount --bind %s /run/netns/pod",
		 world_netns(0));
	del();
	world_sh("umount /run/netns/pod && rm /run/netns/pod");
	(void)setenv("CNI_NETNS", world_netns(0), 1);
	del();
	json_decref(add("1.0.0"));
	world_sh("nsenter --net=%s ip link del eth0", world_netns(0));
	del();
}

static void a_failed_add_leaves_nothing(void **state)
{
	auto_free char *before = NULL, *after = NULL;

	(void)state;
	world_sh("echo 1 >/proc/sys/net/ipv4/ip_forward; "
		 "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	world_ipam("fake",
		   "test $CNI_COMMAND = DEL || echo '{\"ips\":[{\"address\":\"10.7.0.2/24\"}],"
		   "\"routes\":[{\"dst\":\"10.9.0.0/16\",\"gw\":\"192.168.99.1\"}]}'");
	before = world_snapshot();
	world_expect_error("ADD", conf_with("1.0.0", ""), 101, "10.9.0.0/16 via 192.168.99.1");
	after = world_snapshot();
	world_expect_same(before, after);
}

static void a_second_add_fails_and_harms_nothing(void **state)
{
	json_auto_t *r = add("1.1.0");
	struct world_run run;

	(void)state;
	world_expect_error("ADD", conf_with("1.1.0", ""), 101, "it exists");
	run = world_expect_ok("CHECK", conf_with_result(r), 0);
	world_run_clear(&run);
	del();
}

static void an_interface_need_have_no_carrier(void **state)
{
	(void)state;
	world_sh("ip link set up1 down");
	json_decref(add("1.1.0"));
	del();
}

/* A runtime calls DEL after an ADD that failed, be it because the name was taken. */
static void del_leaves_an_interface_of_others_alone(void **state)
{
	(void)state;
	world_sh("ip link add link up0 name eth0x type macvlan 2>/dev/null || "
		 "ip link add eth0x type veth peer name eth0y; "
		 "ip link set eth0x netns %s name eth0",
		 world_netns(0));
	world_expect_error("ADD", conf_with("1.1.0", ""), 101, "it exists");
	del();
	world_sh("nsenter --net=%s ip link show dev eth0 >/dev/null", world_netns(0));
}

static void expect_breach(const struct breach *b, const json_t *r)
{
	replaced_sh(b->break_it, r);
	world_expect_error("CHECK", conf_with_result(r), 103, b->message);
	replaced_sh(b->repair, r);
}

static void check_finds_what_was_taken_away(void **state)
{
	json_auto_t *r = add("1.1.0");
	struct world_run run = world_expect_ok("CHECK", conf_with_result(r), 0);

	(void)state;
	world_run_clear(&run);
	for (const struct breach *b = current->breaches; b->break_it; b++)
		expect_breach(b, r);
	for (size_t i = 0; i < ARRAY_SIZE(common_breaches); i++)
		expect_breach(&common_breaches[i], r);
	del();
}

static void gc_removes_what_is_stale_in_a_namespace_that_lives_on(void **state)
{
	struct world_run r;

	(void)state;
	world_sh("mkdir -p /run/netns && mount -t tmpfs none /run/netns && "
		 "touch /run/netns/pod && mount --bind %s /run/netns/pod",
		 world_netns(0));
	json_decref(add("1.1.0"));
	r = world_expect_ok("GC",
			    conf_with("1.1.0", ",\"cni.dev/valid-attachments\":[{\"containerID\":"
					       "\"c1\",\"ifname\":\"eth0\"}]"),
			    0);
	world_run_clear(&r);
	world_sh("nsenter --net=%s ip link show dev eth0 >/dev/null", world_netns(0));
	r = world_expect_ok("GC", conf_with("1.1.0", ",\"cni.dev/valid-attachments\":[]"), 0);
	world_run_clear(&r);
	world_sh("! nsenter --net=%s ip link show dev eth0 2>/dev/null", world_netns(0));
	world_sh("umount /run/netns/pod /run/netns");
}

/* What an ADD leaves that is killed right behind the request that makes the link: all that marks
 * it in requests of their own is not there yet. A device of the host is marked before it is
 * lent. */
static void an_add_that_was_killed_is_cleared_up_by_del_and_by_gc(void **state)
{
	static const char *const verbs[] = { "DEL", "GC" };
	auto_free char *before = NULL;

	(void)state;
	if (!strcmp(current->kind, "host-device"))
		return;
	world_sh("echo 1 >/proc/sys/net/ipv4/ip_forward; "
		 "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	before = world_snapshot();
	world_sh("mkdir -p /run/netns && mount -t tmpfs none /run/netns && "
		 "touch /run/netns/pod && mount --bind %s /run/netns/pod",
		 world_netns(0));
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		auto_free char *after = NULL;
		json_auto_t *r = add("1.1.0");
		struct world_run run;

		replaced_sh("if test HOST != none; then ip link set HOST alias \"\"; fi", r);
		replaced_sh("for n in $(" IN_POD
			    "link show dev eth0 | sed -n \"s/.*altname //p\"); do " IN_POD
			    "link property del dev eth0 altname $n; done",
			    r);
		world_sh("! { ip link; nsenter --net=%s ip link; } | grep smc-cni", world_netns(0));
		run = world_expect_ok(verbs[i],
				      conf_with("1.1.0", ",\"cni.dev/valid-attachments\":[]"), 0);
		world_run_clear(&run);
		after = world_snapshot();
		world_expect_same(before, after);
	}
	world_sh("umount /run/netns/pod /run/netns");
}

/* Listens on a device of the host for what it is told of 10.7.0.2, 10.8.0.2 and fd07::2. */
static const char listener[] =
	"cat >%s/listen.py <<'END'\n"
	"import os, socket, sys\n"
	"s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))\n"
	"s.bind((sys.argv[1], 0)); s.settimeout(20)\n"
	"want = {bytes([10, 7, 0, 2]), bytes([10, 8, 0, 2]),\n"
	"        socket.inet_pton(socket.AF_INET6, 'fd07::2')}\n"
	"os.rename(sys.argv[2], sys.argv[2] + '.ready')\n"
	"while want:\n"
	"    try: p = s.recv(2048)\n"
	"    except OSError as e:\n"
	"        if e.errno == 100: continue # it is down while its peer moves\n"
	"        raise SystemExit('not heard: %%s' %% want)\n"
	"    if p[12:14] == b'\\x08\\x06' and p[28:32] == p[38:42] and p[22:28] == p[6:12]:\n"
	"        want.discard(p[28:32])\n"
	"    if p[12:14] == b'\\x86\\xdd' and p[54] == 136 and p[21] == 255 and "
	"p[80:86] == p[6:12]:\n"
	"        want.discard(p[62:78])\n"
	"os.rename(sys.argv[2] + '.ready', sys.argv[2] + '.heard')\n"
	"END\n"
	"cd %s && rm -f mark* && touch mark && { /usr/bin/python3 listen.py %s mark & } && "
	"echo $! >listen.pid && for i in $(seq 100); do test -e mark.ready && exit 0; sleep 0.1; "
	"done; exit 1";

static void neighbours_are_told_of_the_addresses(void **state)
{
	bool filtered = strstr(current->keys, "vbr0") != NULL;
	const char *bridge = filtered ? "vbr0" : "br0";
	bool on_bridge = !strcmp(current->kind, "veth");

	if (filtered)
		world_sh("bridge vlan add vid 7 pvid untagged dev vbr0 self");

	(void)state;
	if (!strcmp(current->kind, "ipvlan"))
		current_keys = "\"master\":\"up0\",\"mtu\":1400";
	world_sh(listener, world_dir(), world_dir(), on_bridge ? bridge : "up1");
	json_decref(add("1.1.0"));
	world_sh("cd %s; for i in $(seq 300); do test -e mark.heard && exit 0; "
		 "kill -0 $(cat listen.pid) || exit 1; sleep 0.1; done; exit 1",
		 world_dir());
	del();
}

/* The kernel makes it on the device below that. */
static void check_knows_a_master_of_the_same_kind(void **state)
{
	json_auto_t *r = NULL;
	struct world_run check;

	(void)state;
	world_sh("ip link add stack0 link up0 type %s && ip link set stack0 up", current->kind);
	current_keys = "\"master\":\"stack0\"";
	r = add("1.1.0");
	check = world_expect_ok("CHECK", conf_with_result(r), 0);
	world_run_clear(&check);
	del();
	world_sh("ip link del stack0");
}

static int setup(void **state)
{
	use_sample(*state);
	return 0;
}

typedef void test_fn(void **state);

/* Those that have neighbours, and those that are made on another device. */
static const char *const of_segments[] = { "veth", "macvlan", "ipvlan", "host-device", NULL };
static const char *const on_masters[] = { "macvlan", "ipvlan", NULL };

static const struct {
	const char *name;
	test_fn *run;
	const char *const *kinds; /* NULL: all */
} cases[] = {
#define CASE(f) #f, f
	{ CASE(the_pod_has_what_was_asked_for), NULL },
	{ CASE(nothing_is_left_after_del), NULL },
	{ CASE(del_works_when_the_interface_or_the_namespace_went_first), NULL },
	{ CASE(a_failed_add_leaves_nothing), NULL },
	{ CASE(a_second_add_fails_and_harms_nothing), NULL },
	{ CASE(del_leaves_an_interface_of_others_alone), NULL },
	{ CASE(check_finds_what_was_taken_away), NULL },
	{ CASE(neighbours_are_told_of_the_addresses), of_segments },
	{ CASE(an_interface_need_have_no_carrier), of_segments },
	{ CASE(gc_removes_what_is_stale_in_a_namespace_that_lives_on), NULL },
	{ CASE(an_add_that_was_killed_is_cleared_up_by_del_and_by_gc), NULL },
	{ CASE(check_knows_a_master_of_the_same_kind), on_masters },
};

static bool is_listed(const char *kind, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(*list, kind))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[ARRAY_SIZE(samples) * ARRAY_SIZE(cases)];
	static char names[ARRAY_SIZE(tests)][128];
	static const char *const everywhere[] = { "veth", "ptp", "host-device", NULL };
	const char *const *kinds = argc > 1 ? (const char *const *)argv + 1 : everywhere;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		if (!is_listed(samples[i].name, kinds))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
			if (cases[k].kinds && !is_listed(samples[i].kind, cases[k].kinds))
				continue;
			(void)snprintf(names[n], sizeof(names[n]), "%s: %s", samples[i].name,
				       cases[k].name);
			tests[n] = (struct CMUnitTest){ .name = names[n],
							.test_func = cases[k].run,
							.setup_func = setup,
							.initial_state =
								(void *)(uintptr_t)&samples[i] };
			n++;
		}
	}
	if (n == 0) {
		(void)fprintf(stderr, "no such kind\n");
		return 2;
	}
	return _cmocka_run_group_tests("cni_kinds", tests, n, world_setup, world_teardown);
}
