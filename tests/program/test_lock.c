/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's locks, in a mount namespace with an empty /run: who excludes whom, and that nobody
 * waits for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cni-plugin/lock.h"
#include "cni-plugin/rundir.h"
#include "common/cleanup.h"
#include "common/clock.h"

static int pods[2];

static int empty_run(void)
{
	return mount("none", "/run", "tmpfs", 0, "mode=0755");
}

static int setup(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (unshare(CLONE_NEWNET) < 0)
			return -1;
		pods[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	}
	return empty_run();
}

static void a_lock_that_somebody_has_is_not_waited_for_for_good(void **state)
{
	auto_close int first = lock_node(LOCK_DEVICES, false, 0, NULL), second = -1;
	struct err err = ERR_INIT;
	int64_t deadline_ms = clock_now_ms() + 50;

	(void)state;
	assert_true(first >= 0);
	second = lock_node(LOCK_DEVICES, false, deadline_ms, &err);
	assert_int_equal(second, -EBUSY);
	assert_true(clock_now_ms() >= deadline_ms);
	assert_non_null(strstr(err.msg, "another ADD, DEL or GC is at work on the node's devices"));
	assert_non_null(strstr(err.msg, RUNDIR_PATH "/lock"));
}

static void who_shares_excludes_who_wants_it_alone(void **state)
{
	auto_close int first = lock_node(LOCK_BRIDGES, true, 0, NULL);
	auto_close int second = lock_node(LOCK_BRIDGES, true, 0, NULL);

	(void)state;
	assert_true(first >= 0 && second >= 0);
	assert_int_equal(lock_node(LOCK_BRIDGES, false, 0, NULL), -EBUSY);
}

static void bridges_devices_and_pods_have_locks_of_their_own(void **state)
{
	auto_close int bridges = lock_node(LOCK_BRIDGES, false, 0, NULL);
	auto_close int devices = lock_node(LOCK_DEVICES, false, 0, NULL);
	auto_close int one = lock_pod(pods[0], 0, NULL), other = lock_pod(pods[1], 0, NULL);

	(void)state;
	assert_true(bridges >= 0 && devices >= 0 && one >= 0 && other >= 0);
}

static void the_lock_of_a_pod_is_anothers_turn_only_when_it_is_dropped(void **state)
{
	auto_close int same = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int lock = lock_pod(pods[1], 0, NULL);
	struct err err = ERR_INIT;

	(void)state;
	assert_true(lock >= 0);
	assert_int_equal(lock_pod(same, 0, &err), -EBUSY);
	assert_non_null(strstr(err.msg, "another ADD or DEL of this pod, or its IPAM plugin"));
	lock_drop(&lock);
	lock = lock_pod(same, 0, NULL);
	assert_true(lock >= 0);
	lock_drop(&lock);
}

/* A program that waits for the pipe's end, with what it inherits. */
static pid_t start_program(int pipe_end)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(pipe_end, STDIN_FILENO);
		(void)execl("/bin/cat", "cat", (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void a_program_that_was_started_keeps_the_lock_of_the_pod_until_its_end(void **state)
{
	int lock = lock_pod(pods[0], 0, NULL), ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = start_program(ends[0]);
	(void)close(lock); /* as when the plugin is killed */
	assert_int_equal(lock_pod(pods[0], 0, NULL), -EBUSY);
	(void)close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	lock = lock_pod(pods[0], 0, NULL);
	assert_true(lock >= 0);
	lock_drop(&lock);
	(void)close(ends[0]);
}

static void a_program_that_is_left_running_has_no_lock_once_it_was_dropped(void **state)
{
	int lock = lock_pod(pods[0], 0, NULL), again, ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = start_program(ends[0]);
	lock_drop(&lock);
	again = lock_pod(pods[0], 0, NULL);
	assert_true(again >= 0);
	lock_drop(&again);
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void nobody_but_root_can_open_what_is_locked(void **state)
{
	mode_t before = umask(0);
	struct stat st;
	int lock;

	(void)state;
	assert_int_equal(empty_run(), 0);
	lock = lock_node(LOCK_DEVICES, false, 0, NULL);
	(void)umask(before);
	assert_true(lock >= 0);
	(void)close(lock);
	assert_int_equal(stat(RUNDIR_PATH, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(RUNDIR_PATH "/lock", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(umount("/run"), 0);
}

static void a_folder_that_others_may_write_is_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(empty_run(), 0);
	assert_int_equal(mkdir("/run/smc-cni", 0700), 0);
	assert_int_equal(mkdir(RUNDIR_PATH, 0700), 0);
	assert_int_equal(chown(RUNDIR_PATH, 65534, 65534), 0);
	assert_int_equal(lock_node(LOCK_DEVICES, false, 0, &err), -EPERM);
	assert_non_null(strstr(err.msg, "others may write there"));
	assert_int_equal(chown(RUNDIR_PATH, 0, 0), 0);
	assert_int_equal(chmod(RUNDIR_PATH, 0720), 0);
	assert_int_equal(lock_node(LOCK_DEVICES, false, 0, NULL), -EPERM);
	assert_int_equal(umount("/run"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_that_somebody_has_is_not_waited_for_for_good),
		cmocka_unit_test(who_shares_excludes_who_wants_it_alone),
		cmocka_unit_test(bridges_devices_and_pods_have_locks_of_their_own),
		cmocka_unit_test(the_lock_of_a_pod_is_anothers_turn_only_when_it_is_dropped),
		cmocka_unit_test(
			a_program_that_was_started_keeps_the_lock_of_the_pod_until_its_end),
		cmocka_unit_test(a_program_that_is_left_running_has_no_lock_once_it_was_dropped),
		cmocka_unit_test(nobody_but_root_can_open_what_is_locked),
		cmocka_unit_test(a_folder_that_others_may_write_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
