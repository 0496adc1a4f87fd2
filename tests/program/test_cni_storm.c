/* SPDX-License-Identifier: Apache-2.0 */
/* The built plugin, many times at once on one bridge, and killed at random: each pod has what it
 * was promised, and in the end nothing is left.
 *
 * STORM=500 in the environment, as in `make test`, makes so many pods (default 100; 50 at once);
 * STORM_SEED=N repeats a run.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/program/cni_world.h"

#define AT_ONCE 50
#define PODS_MAX 500
/* A plugin is killed so long after its start at most: at each stage of an ADD, and now and then
 * after it. */
#define KILL_WITHIN_US 40000

/* A file a lease, its address by the pod's number; the same pod gets no second one. */
#define POOL                                                                                            \
	"cd $(dirname $0)/..\n"                                                                         \
	"n=${CNI_CONTAINERID#p} f=lease/$CNI_CONTAINERID\n"                                             \
	"case $CNI_COMMAND in\n"                                                                        \
	"ADD) set -C; if ! echo $CNI_IFNAME 2>/dev/null >$f; then\n"                                    \
	"  echo '{\"code\":110,\"msg\":\"it has a lease\"}'; exit 1; fi\n"                              \
	"  echo '{\"cniVersion\":\"1.1.0\",\"ips\":[{\"address\":\"'10.7.$((n / 200)).$((n % 200 + 2))" \
	"/16'\",\"gateway\":\"10.7.255.254\"}],\"routes\":[{\"dst\":\"0.0.0.0/0\"}]}';;\n"              \
	"DEL) rm -f $f;;\n"                                                                             \
	"GC) for f in lease/*; do\n"                                                                    \
	"  case $asked in *\"\\\"${f#lease/}\\\"\"*) ;; *) rm -f $f;; esac; done;;\n"                   \
	"esac"
#define KEYS                                                                        \
	",\"interface\":{\"kind\":\"veth\",\"bridge\":\"br0\",\"isGateway\":true}," \
	"\"ipam\":{\"type\":\"pool\"}"

struct pod {
	pid_t pid; /* of its plugin; 0: none */
	int status; /* as waitpid() has it, of the last one */
	int64_t kill_at_us; /* 0: not */
	bool works; /* its ADD succeeded, and no DEL came */
};

static struct pod pods[PODS_MAX];
static int n_pods = 100;
static int null_fd = -1;

static int64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- the world ---- */

static void make_netns(const char *path)
{
	pid_t pid;
	int status;

	world_sh("touch %s", path);
	pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) < 0 ||
		      mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL) < 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const char *netns_of(int pod)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/run/netns/p%d", pod);
	return path;
}

static int group_setup(void **state)
{
	const char *count = getenv("STORM"), *seed = getenv("STORM_SEED");
	unsigned value = seed ? (unsigned)atoi(seed) : (unsigned)now_us();

	if (count)
		n_pods = atoi(count);
	if (n_pods < 2 || n_pods > PODS_MAX || world_setup(state) < 0)
		return -1;
	print_message("STORM=%d STORM_SEED=%u\n", n_pods, value);
	srand(value);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	world_sh("mkdir -p /run/netns && mount -t tmpfs none /run/netns");
	for (int i = 0; i < n_pods; i++)
		make_netns(netns_of(i));
	return 0;
}

static int group_teardown(void **state)
{
	world_sh("umount /run/netns/* && umount /run/netns");
	return world_teardown(state);
}

static int setup(void **state)
{
	(void)world_reset(state);
	world_ipam("pool", POOL);
	world_bridge();
	world_sh("mkdir %s/lease && ip addr add 10.7.255.254/16 dev br0 && "
		 "echo 1 >/proc/sys/net/ipv4/ip_forward",
		 world_dir());
	memset(pods, 0, sizeof(pods));
	return 0;
}

/* ---- runs ---- */

static const char *conf(void)
{
	return world_conf("1.1.0", KEYS);
}

static void use_pod(int pod)
{
	char id[16];

	(void)snprintf(id, sizeof(id), "p%d", pod);
	(void)setenv("CNI_CONTAINERID", id, 1);
	(void)setenv("CNI_NETNS", netns_of(pod), 1);
}

static void start(int pod, const char *verb, bool kill_it)
{
	const char *text = conf();

	use_pod(pod);
	pods[pod].kill_at_us = kill_it ? now_us() + rand() % KILL_WITHIN_US : 0;
	pods[pod].pid = world_start(verb, text, strlen(text), null_fd, null_fd);
}

/* Takes those that have ended, and kills those whose time has come. Returns how many run. */
static int look_after(void)
{
	int running = 0;

	for (int i = 0; i < n_pods; i++) {
		if (!pods[i].pid)
			continue;
		if (waitpid(pods[i].pid, &pods[i].status, WNOHANG) == pods[i].pid) {
			pods[i].pid = 0;
			continue;
		}
		running++;
		if (pods[i].kill_at_us && now_us() >= pods[i].kill_at_us) {
			(void)kill(pods[i].pid, 9);
			pods[i].kill_at_us = 0;
		}
	}
	return running;
}

static void wait_for_fewer(int n)
{
	while (look_after() >= n)
		(void)usleep(500);
}

/* The verb for all pods for which `wanted` says so, 50 at once; of those one in `kill_one_of` is
 * killed (0: none). */
static void for_all(const char *verb, bool (*wanted)(int pod), int kill_one_of)
{
	for (int i = 0; i < n_pods; i++) {
		if (!wanted(i))
			continue;
		wait_for_fewer(AT_ONCE);
		start(i, verb, kill_one_of && rand() % kill_one_of == 0);
	}
	wait_for_fewer(1);
}

static bool any(int pod)
{
	(void)pod;
	return true;
}

static bool works(int pod)
{
	return pods[pod].works;
}

static bool was_killed(int pod)
{
	return WIFSIGNALED(pods[pod].status);
}

static void expect_all_well(const char *verb)
{
	for (int i = 0; i < n_pods; i++) {
		if (pods[i].status != 0)
			fail_msg("%s of p%d ended with %#x", verb, i, (unsigned)pods[i].status);
	}
}

/* ---- what there is ---- */

static int count(const char *command)
{
	int n = -1;
	FILE *f = popen(command, "r"); /* NOLINT: a test */

	assert_non_null(f);
	if (fscanf(f, "%d", &n) != 1) /* NOLINT: a test */
		n = -1;
	(void)pclose(f);
	return n;
}

static int count_ports(void)
{
	return count("ip -o link show master br0 | wc -l");
}

static int count_leases(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "ls %s/lease | wc -l", world_dir());
	return count(command);
}

/* The pod of that number has its interface, address and route, and its lease. */
static void expect_works(int pod)
{
	world_sh(
		"test -e %s/lease/p%d && nsenter --net=%s ip -4 -o addr show dev eth0 | "
		"grep -q 'inet 10.7.%d.%d/16' && nsenter --net=%s ip route | grep -q '^default via'",
		world_dir(), pod, netns_of(pod), pod / 200, pod % 200 + 2, netns_of(pod));
}

static void gc(void)
{
	auto_free char *text = strdup(""), *more = NULL;
	struct world_run r;

	for (int i = 0; i < n_pods; i++) {
		if (!pods[i].works)
			continue;
		assert_true(asprintf(&more, "%s%s{\"containerID\":\"p%d\",\"ifname\":\"eth0\"}",
				     text, *text ? "," : "", i) > 0);
		free(text);
		text = TAKE_PTR(more);
	}
	r = world_expect_ok(
		"GC", world_conf("1.1.0", KEYS ",\"cni.dev/valid-attachments\":[%s]", text), 0);
	world_run_clear(&r);
}

/* ---- the tests ---- */

static void fifty_at_once_get_what_they_ask_for_and_leave_nothing(void **state)
{
	auto_free char *before = world_snapshot(), *after = NULL;
	int64_t begun = now_us();

	(void)state;
	for_all("ADD", any, 0);
	expect_all_well("ADD");
	print_message("%d ADDs in %d ms\n", n_pods, (int)((now_us() - begun) / 1000));
	assert_int_equal(count_ports(), n_pods);
	assert_int_equal(count_leases(), n_pods);
	for (int i = 0; i < n_pods; i += 10)
		expect_works(i);
	begun = now_us();
	for_all("DEL", any, 0);
	expect_all_well("DEL");
	print_message("%d DELs in %d ms\n", n_pods, (int)((now_us() - begun) / 1000));
	after = world_snapshot();
	world_expect_same(before, after);
}

/* Of half of the pods the ADD is killed. A runtime calls DEL for some of them, which is killed,
 * too, at times, and GC in the end. */
static void gc_finds_what_killed_plugins_left_and_nothing_else(void **state)
{
	auto_free char *before = world_snapshot(), *after = NULL;
	int killed = 0, working = 0;

	(void)state;
	for_all("ADD", any, 2);
	for (int i = 0; i < n_pods; i++) {
		pods[i].works = pods[i].status == 0;
		working += pods[i].works;
		killed += was_killed(i);
	}
	print_message("%d work, %d were killed, %d ports, %d leases\n", working, killed,
		      count_ports(), count_leases());
	assert_int_equal(working + killed, n_pods); /* none has failed otherwise */
	for (int i = 0; i < n_pods; i += 2)
		pods[i].status = 0; /* nobody calls DEL for these */
	for_all("DEL", was_killed, 2);
	gc();
	assert_int_equal(count_ports(), working);
	assert_int_equal(count_leases(), working);
	for (int i = 0; i < n_pods; i++) {
		if (pods[i].works && i % 5 == 0)
			expect_works(i);
	}
	memset(&pods[0].status, 0, sizeof(pods[0].status));
	for_all("DEL", works, 0);
	after = world_snapshot();
	world_expect_same(before, after);
}

static void of_two_adds_of_the_same_interface_one_wins(void **state)
{
	auto_free char *before = world_snapshot(), *after = NULL;
	const char *text = conf();

	(void)state;
	for (int i = 0; i < n_pods / 4; i++) {
		struct world_run second;
		pid_t first;
		int status;

		use_pod(i);
		first = world_start("ADD", text, strlen(text), null_fd, null_fd);
		world_run(&second, "ADD", text, strlen(text));
		assert_int_equal(waitpid(first, &status, 0), first);
		if ((status == 0) == (second.status == 0))
			fail_msg("the first ended with %#x, the second with %d", (unsigned)status,
				 second.status);
		if (second.status != 0) {
			assert_int_equal(json_integer_value(json_object_get(second.doc, "code")),
					 101);
			assert_non_null(
				strstr(json_string_value(json_object_get(second.doc, "details")),
				       "it exists"));
		}
		world_run_clear(&second);
		expect_works(i);
	}
	for_all("DEL", any, 0);
	expect_all_well("DEL");
	after = world_snapshot();
	world_expect_same(before, after);
}

/* It may yet be needed. */
static void an_add_waits_for_how_another_of_the_interface_ends(void **state)
{
	const char *text = conf();
	struct world_run second;
	pid_t first;
	int status;

	(void)state;
	world_ipam(
		"pool",
		"cd $(dirname $0)/..\ncase $CNI_COMMAND in\n"
		"ADD) if mkdir first; then sleep 1; echo '{\"code\":100,\"msg\":\"no\"}'; exit 1; fi\n"
		"  touch lease/p0; echo '{\"ips\":[{\"address\":\"10.7.0.2/16\"}]}';;\n"
		"DEL) rm -f lease/*;;\nesac");
	use_pod(0);
	first = world_start("ADD", text, strlen(text), null_fd, null_fd);
	world_sh(
		"cd %s; for i in $(seq 1000); do test -d first && exit 0; sleep 0.02; done; exit 1",
		world_dir());
	world_run(&second, "ADD", text, strlen(text));
	assert_int_equal(waitpid(first, &status, 0), first);
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_int_equal(second.status, 0);
	world_run_clear(&second);
	assert_int_equal(count_leases(), 1);
	for_all("DEL", any, 0);
	world_sh("rmdir %s/first", world_dir());
}

/* It would lease when nobody comes any more. */
static void the_ipam_plugin_of_a_killed_add_is_waited_for(void **state)
{
	static const char *const verbs[] = { "DEL", "GC" };
	const char *text;

	(void)state;
	world_ipam("pool", "cd $(dirname $0)/..\ncase $CNI_COMMAND in\n"
			   "ADD) touch begun; sleep 1; touch lease/p0 ended; echo '{}';;\n"
			   "DEL|GC) rm -f lease/*;;\nesac");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		use_pod(0);
		text = conf();
		pods[0].pid = world_start("ADD", text, strlen(text), null_fd, null_fd);
		world_sh(
			"cd %s; for i in $(seq 1000); do test -e begun && exit 0; sleep 0.02; done; exit 1",
			world_dir());
		(void)kill(pods[0].pid, 9);
		wait_for_fewer(1);
		if (i == 0)
			for_all(verbs[i], was_killed, 0);
		else
			gc();
		world_sh("cd %s && test -e ended && rm begun ended", world_dir());
		assert_int_equal(count_leases(), 0);
	}
}

#define STORM_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORM_TEST(fifty_at_once_get_what_they_ask_for_and_leave_nothing),
		STORM_TEST(gc_finds_what_killed_plugins_left_and_nothing_else),
		STORM_TEST(of_two_adds_of_the_same_interface_one_wins),
		STORM_TEST(an_add_waits_for_how_another_of_the_interface_ends),
		STORM_TEST(the_ipam_plugin_of_a_killed_add_is_waited_for),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
