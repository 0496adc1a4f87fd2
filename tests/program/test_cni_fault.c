/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, stand-alone, with a fault before each of its steps in turn (common/fault.h): a
 * step that fails leaves an ADD that has undone all it did; one before which the plugin is killed
 * leaves what the DEL that a runtime does next takes away, and GC without it, too.
 *
 * "test_cni_fault KIND..." runs these kinds only: some need a kernel that this machine's may not be
 * (tests/vm/long/cni-fault.sh); without arguments those that every kernel has. FAULT_STEP=1, as in
 * `make test`, tries all points, and not just each third.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define POINTS_MAX 500 /* far more than there are */
#define KILLED (128 + 9)

/* A pool of addresses with a file a lease, which GC looks through. */
#define POOL                                                                                 \
	"cd $(dirname $0)/..\n"                                                              \
	"case $CNI_COMMAND in\n"                                                             \
	"ADD) test -e lease/10.7.0.2 || echo $CNI_CONTAINERID $CNI_IFNAME >lease/10.7.0.2\n" \
	"cat <<END\n{\"cniVersion\":\"1.1.0\",\"ips\":["                                     \
	"{\"address\":\"10.7.0.2/24\",\"gateway\":\"10.7.0.1\"},"                            \
	"{\"address\":\"fd07::2/64\",\"gateway\":\"fd07::1\"}],"                             \
	"\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"fd09::/64\"}]}\nEND\n;;\n"           \
	"DEL|GC) rm -f lease/*;;\nesac"

struct sample {
	const char *name, *keys;
	bool agent;
	/* That ADD makes: it takes it back when it fails, and nobody does when it is killed. */
	const char *bridge;
};

static const struct sample samples[] = {
	{ "veth", "\"kind\":\"veth\",\"bridge\":\"br0\",\"isGateway\":true,\"hairpin\":true", false,
	  NULL },
	{ "bridge", "\"kind\":\"veth\",\"bridge\":\"new0\",\"isGateway\":true", false, "new0" },
	{ "agent", "\"kind\":\"veth\",\"bridge\":\"br0\"", true, NULL },
	{ "ptp", "\"kind\":\"ptp\"", false, NULL },
	{ "host-device", "\"kind\":\"host-device\",\"device\":\"up0\",\"mtu\":1400", false, NULL },
	{ "vlan", "\"kind\":\"veth\",\"bridge\":\"vbr0\",\"vlan\":7", false, NULL },
	{ "macvlan", "\"kind\":\"macvlan\",\"master\":\"up0\"", false, NULL },
	{ "ipvlan", "\"kind\":\"ipvlan\",\"master\":\"up0\"", false, NULL },
	{ "dummy", "\"kind\":\"dummy\"", false, NULL },
};

/* A worker of the kernel adds the routes of an IPv6 address (its own, and on a router the anycast
 * one), some time after the address itself. */
#define ROUTES_OF_BR0                                                                              \
	"for i in $(seq 600); do "                                                                 \
	"[ $(ip -6 route show table local dev br0 | grep -cE '^(local|anycast) fd07::') = 2 ] && " \
	"break; test $i -lt 600 && sleep 0.1 || exit 1; done; "

static const struct world_reply good[] = { { NULL, NULL } };
static const struct sample *current;
static char *before;

static const char *conf(void)
{
	return world_conf("1.1.0",
			  ",\"interface\":{%s},\"ipam\":{\"type\":\"pool\"},"
			  "\"cni.dev/valid-attachments\":[]",
			  current->keys);
}

/* A bridge, a device to be lent, and a pod that a GC finds. */
static int setup(void **state)
{
	current = *state;
	(void)world_reset(NULL);
	if (current->agent)
		(void)world_agent(good);
	world_ipam("pool", POOL);
	world_bridge();
	if (strstr(current->keys, "vbr0"))
		world_sh(
			"ip link add vbr0 address 02:00:00:00:00:98 type bridge vlan_filtering 1 && "
			"echo 1 >/proc/sys/net/ipv6/conf/vbr0/disable_ipv6 && ip link set vbr0 up");
	world_sh("mkdir %s/lease && "
		 "echo 0 >/proc/sys/net/ipv6/conf/br0/disable_ipv6 && "
		 "ip addr add 10.7.0.1/24 dev br0 && ip addr add fd07::1/64 dev br0 nodad && "
		 "ip link add up0 type veth peer name up1 && "
		 "for i in up0 up1; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; "
		 "ip link set $i up; done; "
		 "echo 1 >/proc/sys/net/ipv4/ip_forward; "
		 "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; " ROUTES_OF_BR0
		 "mkdir -p /run/netns && mount -t tmpfs none /run/netns && "
		 "touch /run/netns/pod && mount --bind %s /run/netns/pod",
		 world_dir(), world_netns(0));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_sh("umount /run/netns/pod /run/netns");
	free(before);
	before = NULL;
	return 0;
}

/* ---- one run ---- */

static int run(const char *verb)
{
	struct world_run r;
	int status;

	world_run(&r, verb, conf(), strlen(conf()));
	status = r.status;
	if (status != 0) {
		auto_free char *doc = json_dumps(r.doc, JSON_COMPACT);

		fail_msg("%s: %s, stderr: %s", verb, doc, r.err);
	}
	world_run_clear(&r);
	if (current->bridge && !strcmp(verb, "DEL"))
		world_sh("ip link del %s", current->bridge);
	return status;
}

/* Runs it with the fault. False: nothing fired, the verb has no such point. *ret_what: which step
 * it was. */
static bool run_with_fault(const char *verb, int n, const char *how, int *ret_status,
			   char ret_what[256])
{
	char setting[64], mark[64];
	struct world_run r;
	const char *fired;

	(void)snprintf(setting, sizeof(setting), "%s:%d:%s", verb, n, how);
	(void)snprintf(mark, sizeof(mark), "fault %s:%d ", verb, n);
	(void)setenv("SMC_CNI_FAULT", setting, 1);
	world_run(&r, verb, conf(), strlen(conf()));
	(void)unsetenv("SMC_CNI_FAULT");
	fired = strstr(r.err, mark);
	if (!fired && r.status != 0)
		fail_msg("%s: ended with %d, and no fault: %s", setting, r.status, r.err);
	if (fired && !strcmp(how, "kill") && r.status != KILLED)
		fail_msg("%s: ended with %d", setting, r.status);
	/* An error is told as the specification has it. */
	if (r.status != 0 && r.status != KILLED)
		assert_true(json_integer_value(json_object_get(r.doc, "code")) > 0 &&
			    json_is_string(json_object_get(r.doc, "msg")));
	if (fired)
		(void)snprintf(ret_what, 256, "%.*s", (int)strcspn(fired, "\n"), fired);
	*ret_status = r.status;
	world_run_clear(&r);
	return fired;
}

static void expect_nothing_left(const char *what, const char *then)
{
	auto_free char *after = world_snapshot();

	if (strcmp(before, after) != 0) {
		print_error("%s, then %s\n", what, then);
		world_expect_same(before, after);
	}
}

/* ---- the loops ---- */

typedef void after_fn(int status, const char *what);

/* Each point of the verb in turn, until there is none left; `after` clears up and looks. */
static void each_point(const char *verb, bool add_first, const char *how, after_fn *after)
{
	int step = getenv("FAULT_STEP") ? atoi(getenv("FAULT_STEP")) : 3, status;
	char what[256];

	before = world_snapshot();
	for (int n = 1; n < POINTS_MAX; n += step) {
		if (add_first)
			(void)run("ADD");
		if (!run_with_fault(verb, n, how, &status, what)) {
			(void)run("DEL");
			expect_nothing_left("all went well", "DEL");
			print_message("%s %s: %d points, %s\n", current->name, verb, n - 1, how);
			assert_true(n > 4);
			return;
		}
		after(status, what);
	}
	fail_msg("%s has no end", verb);
}

/* An ADD that failed has undone all. Where it went on without, DEL does. */
static void look_at_once(int status, const char *what)
{
	if (status == 0)
		(void)run("DEL");
	expect_nothing_left(what, status == 0 ? "success and DEL" : "nothing");
}

static void del_and_look(int status, const char *what)
{
	(void)status;
	(void)run("DEL");
	expect_nothing_left(what, "DEL");
	(void)run("DEL");
}

static void gc_and_look(int status, const char *what)
{
	(void)status;
	(void)run("GC");
	expect_nothing_left(what, "GC");
}

/* One that says that it is done is done. */
static void repeat_del_if_it_failed(int status, const char *what)
{
	if (status != 0)
		(void)run("DEL");
	expect_nothing_left(what, status ? "DEL" : "success");
}

static void repeat_gc_if_it_failed(int status, const char *what)
{
	if (status != 0)
		(void)run("GC");
	expect_nothing_left(what, status ? "GC" : "success");
}

static void an_add_that_fails_undoes_all(void **state)
{
	(void)state;
	each_point("ADD", false, "error", look_at_once);
}

static void del_takes_away_what_a_killed_add_left(void **state)
{
	(void)state;
	each_point("ADD", false, "kill", del_and_look);
}

static void gc_takes_away_what_a_killed_add_left(void **state)
{
	(void)state;
	each_point("ADD", false, "kill", gc_and_look);
}

static void a_del_that_fails_can_be_repeated(void **state)
{
	(void)state;
	each_point("DEL", true, "error", repeat_del_if_it_failed);
}

static void a_del_that_was_killed_can_be_repeated(void **state)
{
	(void)state;
	each_point("DEL", true, "kill", repeat_del_if_it_failed);
}

static void gc_takes_away_what_a_killed_del_left(void **state)
{
	(void)state;
	each_point("DEL", true, "kill", gc_and_look);
}

static void a_gc_that_fails_can_be_repeated(void **state)
{
	(void)state;
	each_point("GC", true, "error", repeat_gc_if_it_failed);
}

static void a_gc_that_was_killed_can_be_repeated(void **state)
{
	(void)state;
	each_point("GC", true, "kill", repeat_gc_if_it_failed);
}

/* ---- which ---- */

typedef void test_fn(void **state);

static const struct {
	const char *name;
	test_fn *run;
} cases[] = {
#define CASE(f)       \
	{             \
#f, f \
	}
	CASE(an_add_that_fails_undoes_all),	     CASE(del_takes_away_what_a_killed_add_left),
	CASE(gc_takes_away_what_a_killed_add_left),  CASE(a_del_that_fails_can_be_repeated),
	CASE(a_del_that_was_killed_can_be_repeated), CASE(gc_takes_away_what_a_killed_del_left),
	CASE(a_gc_that_fails_can_be_repeated),	     CASE(a_gc_that_was_killed_can_be_repeated),
};

static bool is_listed(const char *kind, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(*list, kind))
			return true;
	}
	return false;
}

static int group_setup(void **state)
{
	int r = world_setup(state);

	world_use_faults();
	return r;
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[ARRAY_SIZE(samples) * ARRAY_SIZE(cases)];
	static char names[ARRAY_SIZE(tests)][128];
	static const char *const everywhere[] = { "veth", "bridge",	 "agent",
						  "ptp",  "host-device", NULL };
	const char *const *kinds = argc > 1 ? (const char *const *)argv + 1 : everywhere;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		size_t n_cases = samples[i].bridge ? 1 : ARRAY_SIZE(cases);

		for (size_t k = 0; k < n_cases && is_listed(samples[i].name, kinds); k++) {
			(void)snprintf(names[n], sizeof(names[n]), "%s: %s", samples[i].name,
				       cases[k].name);
			tests[n] = (struct CMUnitTest){ .name = names[n],
							.test_func = cases[k].run,
							.setup_func = setup,
							.teardown_func = teardown,
							.initial_state =
								(void *)(uintptr_t)&samples[i] };
			n++;
		}
	}
	if (n == 0) {
		(void)fprintf(stderr, "no such kind\n");
		return 2;
	}
	return _cmocka_run_group_tests("cni_fault", tests, n, group_setup, world_teardown);
}
