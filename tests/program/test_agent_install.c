/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent as the installer of its plugin. The runtime is the test. */
#include "node-agent/agent/agent.h"
#include "tests/program/agent_process.h"

#include <sys/mount.h>
#include <time.h>

#include "common/clock.h"

#define LIST "net.d/10-a.conflist"
#define DROPIN "net.d/cbr0/50-smc-cni.conf"
#define CACHE "/var/lib/cni/results" /* of the mount namespace of this test */
#define FLANNEL                                           \
	"{\"name\": \"cbr0\", \"cniVersion\": \"1.0.0\"," \
	" \"plugins\": [{\"type\": \"flannel\"}, {\"type\": \"portmap\"}]}"
#define OTHER "{\"name\": \"other\", \"cniVersion\": \"1.0.0\", \"plugins\": [{\"type\": \"ptp\"}]}"

static bool is_there(const char *name)
{
	return access(agent_path(name), F_OK) == 0;
}

static bool has(const char *name, const char *text)
{
	auto_free char *is = NULL;

	return file_read(AT_FDCWD, agent_path(name), 1 << 20, &is, NULL, &agent_err) == 0 &&
	       strstr(is, text);
}

static void install_config(void)
{
	auto_free char *text = NULL;

	assert_true(asprintf(&text,
			     "cniPlugin: %s/plugin\ncniConfDir: %s/net.d\ncniBinDir: %s/bin\n",
			     agent.dir, agent.dir, agent.dir) > 0);
	agent_config(text);
}

static int set_up(void **state)
{
	if (agent_set_up(state) < 0)
		return -1;
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_int_equal(mkdir(agent_path("net.d"), 0755), 0);
	write_file(agent_path("plugin"), "#!/bin/sh\n");
	write_file(agent_path(LIST), FLANNEL);
	install_config();
	agent_start();
	eventually(is_there(DROPIN));
	return 0;
}

static void take_out(void)
{
	assert_int_equal(unlink(agent_path(DROPIN)), 0);
	assert_int_equal(rmdir(agent_path("net.d/cbr0")), 0);
}

/* As libcni does after ADD, at a time that is late enough to count. */
static void runtime_keeps_a_pod(void)
{
	static const char info[] =
		"{\"kind\": \"cniCacheV1\", \"networkName\": \"cbr0\", \"config\": \"e30=\"}";
	const struct timespec late[2] = { { .tv_sec = time(NULL) + 400 },
					  { .tv_sec = time(NULL) + 400 } };
	auto_close int fd =
		open(CACHE "/cbr0-1-eth0", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && write(fd, info, strlen(info)) > 0);
	assert_int_equal(futimens(fd, late), 0);
}

static bool passed_over(void)
{
	runtime_keeps_a_pod();
	(void)usleep(100 * 1000);
	return has(LIST, "\"smc-cni\"");
}

static void what_somebody_takes_out_is_put_back(void **state)
{
	(void)state;
	assert_true(is_there("bin/smc-cni"));
	take_out();
	eventually(is_there(DROPIN));
	/* a network of another name is the first now */
	write_file(agent_path("net.d/00-b.conflist"), OTHER);
	eventually(is_there("net.d/other/50-smc-cni.conf"));
	eventually(!is_there(DROPIN));
	assert_true(has(LIST, FLANNEL));
}

static void a_runtime_that_passes_the_folder_over_gets_an_entry_in_the_list(void **state)
{
	(void)state;
	eventually(passed_over());
	eventually(!is_there("net.d/cbr0"));
	assert_true(log_has("does not read the drop-in folder"));
	/* and whoever starts next finds it */
	assert_int_equal(agent_end(SIGTERM), 0);
	agent_start();
	for (int i = 0; i < 10; i++)
		assert_true(passed_over());
	assert_false(is_there("net.d/cbr0"));
}

static bool is_in_the_chain(void)
{
	json_auto_t *node = status_item("node", NULL);

	return json_is_true(json_object_get(json_object_get(node, "plugin"), "ok"));
}

static void status_says_whether_the_plugin_is_in_the_chain(void **state)
{
	(void)state;
	eventually(is_in_the_chain());
	write_file(
		agent_path(LIST),
		"{\"cniVersion\": \"9.9.9\", \"name\": \"cbr0\", \"plugins\": [{\"type\": \"x\"}]}");
	eventually(!is_in_the_chain());
	write_file(agent_path(LIST), FLANNEL);
	eventually(is_in_the_chain());
}

static void a_runtime_that_calls_the_plugin_is_believed(void **state)
{
	auto_close int fd = -1;
	pid_t pid = pod_new(&fd);

	(void)state;
	add_pod("a", NULL, fd);
	for (int i = 0; i < 5; i++)
		assert_false(passed_over());
	take_out();
	eventually(is_there(DROPIN)); /* it has looked since */
	assert_false(has(LIST, "smc-cni"));
	pod_end(pid);
}

/* What libcni keeps of a pod that was there before. */
static void write_earlier_pod(pid_t pid, const char *network, const char *name)
{
	auto_free char *text = NULL, *path = NULL;

	assert_true(asprintf(&path, CACHE "/%s-%d-eth0", network, (int)pid) > 0);
	assert_true(
		asprintf(
			&text,
			"{\"kind\": \"cniCacheV1\", \"networkName\": \"%s\", \"containerId\": \"b%d\","
			" \"ifName\": \"eth0\", \"config\": \"e30=\", \"netns\": \"/proc/%d/ns/net\","
			" \"cniArgs\": [[\"K8S_POD_NAMESPACE\", \"default\"], [\"K8S_POD_NAME\", \"%s\"]],"
			" \"result\": {\"cniVersion\": \"1.0.0\"}}",
			network, (int)pid, (int)pid, name) > 0);
	write_file(path, text);
}

static bool is_known(const char *pod)
{
	json_auto_t *status = status_of(pod);

	return status;
}

static void a_pod_that_ran_before_is_taken_over(void **state)
{
	auto_close int fd = -1, other_fd = -1;
	pid_t pid = pod_new(&fd), other = pod_new(&other_fd);

	(void)state;
	write_earlier_pod(other, "cbr1", "cbr1");
	take_out(); /* and it is put back */
	eventually(is_there(DROPIN));
	write_earlier_pod(pid, "cbr0", "cbr0");
	take_out();
	eventually(is_known("cbr0"));
	assert_false(is_known("cbr1"));
	eventually(count_files("state/pods") == 1); /* it is known before it is written */
	/* it ends like any other */
	pod_end(pid);
	pod_end(other);
	(void)close(TAKE_FD(fd));
	eventually(!is_known("cbr0"));
	assert_int_equal(count_files("state/pods"), 0);
}

_Static_assert(AGENT_SWEEP_S <= 15, "docs/troubleshooting.md: it is taken over within 20 s");

/* The second one comes just after a look. */
static void it_is_found_when_nothing_calls_for_a_look(void **state)
{
	auto_close int fd = -1, second_fd = -1;
	pid_t pid = pod_new(&fd), second = pod_new(&second_fd);

	(void)state;
	write_earlier_pod(pid, "cbr0", "first");
	eventually(is_known("first"));
	write_earlier_pod(second, "cbr0", "second");
	eventually(is_known("second"));
	pod_end(pid);
	pod_end(second);
}

/* In a folder that has not changed for so long that one look at it is enough. */
static void pods_of_the_next_network_that_ran_before_are_taken_over_too(void **state)
{
	const struct timespec long_ago[2] = { { .tv_sec = time(NULL) - 100 },
					      { .tv_sec = time(NULL) - 100 } };
	auto_close int fd = -1, other_fd = -1;
	pid_t pid = pod_new(&fd), other = pod_new(&other_fd);

	(void)state;
	write_earlier_pod(pid, "cbr0", "cbr0");
	write_earlier_pod(other, "other", "other");
	assert_int_equal(utimensat(AT_FDCWD, CACHE, long_ago, 0), 0);
	take_out(); /* and it is put back */
	eventually(is_known("cbr0"));
	assert_false(is_known("other"));
	write_file(agent_path("net.d/00-b.conflist"), OTHER);
	eventually(is_known("other"));
	pod_end(pid);
	pod_end(other);
}

static void a_restart_leaves_it_and_the_clean_up_takes_it_away(void **state)
{
	(void)state;
	assert_int_equal(agent_end(SIGTERM), 0);
	assert_true(is_there(DROPIN) && is_there("bin/smc-cni"));
	assert_int_equal(wait_for(agent_spawn("--cleanup")), 0);
	assert_false(is_there("net.d/cbr0"));
	assert_int_equal(count_files("bin"), 0);
	assert_true(has(LIST, FLANNEL));
}

static void a_file_of_others_that_is_half_written_is_waited_for(void **state)
{
	(void)state;
	write_file(agent_path("net.d/00-b.conflist"),
		   "{\"name\": \"other\", \"cniVersion\": \"1.0");
	eventually(log_has("plugin is not in the chain"));
	write_file(agent_path("net.d/00-b.conflist"), OTHER);
	eventually(is_there("net.d/other/50-smc-cni.conf"));
}

static int clear_cache(void **state)
{
	if (system("rm -f " CACHE "/*") != 0)
		return -1;
	return agent_tear_down(state);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, clear_cache)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(what_somebody_takes_out_is_put_back),
		CASE(a_runtime_that_passes_the_folder_over_gets_an_entry_in_the_list),
		CASE(status_says_whether_the_plugin_is_in_the_chain),
		CASE(a_runtime_that_calls_the_plugin_is_believed),
		CASE(a_pod_that_ran_before_is_taken_over),
		CASE(it_is_found_when_nothing_calls_for_a_look),
		CASE(pods_of_the_next_network_that_ran_before_are_taken_over_too),
		CASE(a_restart_leaves_it_and_the_clean_up_takes_it_away),
		CASE(a_file_of_others_that_is_half_written_is_waited_for),
	};

	if (geteuid() == 0 &&
	    (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	     mount("tmpfs", "/var/lib", "tmpfs", 0, NULL) < 0 ||
	     file_mkdirs(CACHE, 0755, &agent_err) < 0)) {
		(void)puts("skip: a mount namespace of its own is not allowed here");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
