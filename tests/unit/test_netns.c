/* SPDX-License-Identifier: Apache-2.0 */
/* Real namespaces, held by children; /run is a tmpfs in a mount namespace of the test's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/netns_index.h"

static struct err err;

static int hide_run(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, NULL) < 0)
		return -1;
	return mkdir("/run/netns", 0755);
}

static void *wait_forever(void *arg)
{
	pid_t tid = gettid();

	(void)!write(*(int *)arg, &tid, sizeof(tid));
	for (;;)
		(void)pause();
	return NULL;
}

/* A child in a network namespace of its own; *ret_tid (if wanted) is the thread that stays: its
 * second one, the first having exited. */
static pid_t start_holder(pid_t *ret_tid)
{
	int ready[2];
	pthread_t thread;
	pid_t pid, tid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) < 0)
			_exit(1);
		if (!ret_tid)
			(void)wait_forever(&ready[1]);
		if (pthread_create(&thread, NULL, wait_forever, &ready[1]) != 0)
			_exit(1);
		(void)syscall(SYS_exit, 0); /* this thread only */
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &tid, sizeof(tid)), sizeof(tid));
	(void)close(ready[0]);
	if (ret_tid)
		*ret_tid = tid;
	return pid;
}

static void stop_holder(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int open_netns_of(pid_t pid)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = netns_open(path, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	return fd;
}

static struct netns_id id_of(int fd)
{
	struct netns_id id;

	if (netns_identify(fd, &id, &err) < 0)
		fail_msg("%s", err.msg);
	return id;
}

static ino_t own_inode(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

static void netns_open_names_the_path_when_it_fails(void **state)
{
	(void)state;
	assert_int_equal(netns_open("/run/netns/missing", &err), -ENOENT);
	assert_string_equal(err.msg, "open network namespace '/run/netns/missing': "
				     "No such file or directory");
}

static void netns_open_refuses_everything_else(void **state)
{
	static const char *const paths[] = { "/dev/null",	  "/etc/passwd",
					     "/proc/self/ns/mnt", "/proc/self/ns/user",
					     "/run/fifo",	  "/run" };

	(void)state;
	assert_int_equal(mkfifo("/run/fifo", 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (netns_open(paths[i], &err) != -EINVAL)
			fail_msg("'%s' was accepted", paths[i]);
		assert_non_null(strstr(err.msg, "it is not a network namespace"));
	}
}

static void check_foreign_accepts_another_namespace(void **state)
{
	pid_t pid = start_holder(NULL);
	auto_close int fd = open_netns_of(pid);

	(void)state;
	assert_int_equal(netns_check_foreign(fd, "netns", &err), 0);
	stop_holder(pid);
}

static void check_foreign_refuses_the_hosts_own(void **state)
{
	auto_close int fd = netns_open("/proc/self/ns/net", &err);

	(void)state;
	assert_int_equal(netns_check_foreign(fd, "/var/run/netns/x", &err), -EPERM);
	assert_string_equal(err.msg, "check network namespace '/var/run/netns/x': it is the host's "
				     "own, a pod's is needed");
}

static void check_foreign_refuses_a_pipe_and_a_mount_namespace(void **state)
{
	auto_close int mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(netns_check_foreign(fds[0], "p", &err), -EINVAL);
	assert_int_equal(netns_check_foreign(mnt, "m", &err), -EINVAL);
	assert_int_equal(netns_check_foreign(-1, "closed", &err), -EINVAL);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void identify_tells_namespaces_apart_and_repeats_itself(void **state)
{
	pid_t a = start_holder(NULL), b = start_holder(NULL);
	auto_close int fd_a = open_netns_of(a), fd_b = open_netns_of(b);
	struct netns_id id_a = id_of(fd_a), id_b = id_of(fd_b), again = id_of(fd_a);

	(void)state;
	assert_memory_equal(&id_a, &again, sizeof(id_a));
	assert_int_not_equal(id_a.cookie, 0);
	assert_true(id_a.cookie != id_b.cookie);
	assert_true(id_a.inode != id_b.inode);
	stop_holder(a);
	stop_holder(b);
}

static void a_socket_lives_inside_and_the_caller_stays_outside(void **state)
{
	pid_t pid = start_holder(NULL);
	auto_close int fd = open_netns_of(pid);
	struct netns_id id = id_of(fd);
	ino_t before = own_inode();
	auto_close int sock = netns_socket(fd, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, &err);
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie = 0;

	(void)state;
	assert_true(sock >= 0);
	assert_int_equal(getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len), 0);
	assert_true(cookie == id.cookie);
	assert_int_equal(own_inode(), before);
	stop_holder(pid);
}

static int fail_inside(void *arg, struct err *e)
{
	*(ino_t *)arg = own_inode();
	return err_set(e, -EXDEV, "on purpose");
}

static void the_caller_is_back_after_a_failure_too(void **state)
{
	pid_t pid = start_holder(NULL);
	auto_close int fd = open_netns_of(pid);
	ino_t before = own_inode(), inside = 0;

	(void)state;
	assert_int_equal(netns_call(fd, fail_inside, &inside, &err), -EXDEV);
	assert_string_equal(err.msg, "on purpose");
	assert_int_equal(inside, id_of(fd).inode);
	assert_int_equal(own_inode(), before);
	stop_holder(pid);
}

static void entering_something_else_is_an_error(void **state)
{
	auto_close int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ino_t before = own_inode();

	(void)state;
	assert_int_equal(netns_socket(fd, AF_INET, SOCK_STREAM, 0, &err), -EINVAL);
	assert_string_equal(err.msg, "enter network namespace: Invalid argument");
	assert_int_equal(own_inode(), before);
}

static void a_setting_is_read_and_written_inside(void **state)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
	pid_t pid = start_holder(NULL);
	auto_close int fd = open_netns_of(pid);
	auto_close int inside = netns_open_file(fd, path, O_RDWR, &err);
	auto_close int outside = open(path, O_RDONLY | O_CLOEXEC);
	char in[16] = "", out[16] = "";

	(void)state;
	assert_int_equal(write(inside, "81\n", 3), 3);
	assert_true(pread(inside, in, sizeof(in) - 1, 0) > 0);
	assert_true(pread(outside, out, sizeof(out) - 1, 0) > 0);
	assert_string_equal(in, "81\n");
	assert_string_not_equal(out, "81\n");
	assert_int_equal(netns_open_file(fd, "/proc/sys/net/nope", O_RDONLY, &err), -ENOENT);
	assert_string_equal(err.msg, "open '/proc/sys/net/nope' in network namespace: "
				     "No such file or directory");
	stop_holder(pid);
}

static struct netns_index places;

static int find_again(const struct netns_id *id, struct err *e)
{
	netns_index_doubt(&places);
	return netns_index_find(&places, id, e);
}

static void expect_found(const struct netns_id *id)
{
	auto_close int fd = find_again(id, &err);
	struct netns_id found;

	if (fd < 0)
		fail_msg("%s", err.msg);
	found = id_of(fd);
	assert_memory_equal(&found, id, sizeof(found));
}

static struct netns_id id_of_process(pid_t pid)
{
	auto_close int fd = open_netns_of(pid);

	return id_of(fd);
}

static void find_works_through_a_process_until_it_is_gone(void **state)
{
	pid_t pid = start_holder(NULL);
	struct netns_id id = id_of_process(pid);

	(void)state;
	expect_found(&id);
	stop_holder(pid);
	assert_int_equal(find_again(&id, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "nothing holds it any more"));
}

static void find_works_through_a_thread_whose_leader_has_exited(void **state)
{
	pid_t tid, pid = start_holder(&tid);
	char path[64];
	struct netns_id id;
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/ns/net", (int)pid, (int)tid);
	fd = netns_open(path, &err);
	if (fd < 0)
		fail_msg("%s", err.msg);
	id = id_of(fd);
	(void)close(fd);
	expect_found(&id);
	stop_holder(pid);
	assert_int_equal(find_again(&id, &err), -ENOENT);
}

static void find_works_through_run_netns_without_any_process(void **state)
{
	pid_t pid = start_holder(NULL);
	struct netns_id id = id_of_process(pid);
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	assert_int_equal(close(open("/run/netns/pod", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	assert_int_equal(mount(path, "/run/netns/pod", NULL, MS_BIND, NULL), 0);
	stop_holder(pid);
	expect_found(&id);
	assert_int_equal(umount2("/run/netns/pod", MNT_DETACH), 0);
	assert_int_equal(find_again(&id, &err), -ENOENT);
}

static void set_ptrace(bool on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	if (on)
		data[0].effective |= 1U << CAP_SYS_PTRACE;
	else
		data[0].effective &= ~(1U << CAP_SYS_PTRACE);
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

/* A pod must not be given up for dead by an agent that lacks CAP_SYS_PTRACE. */
static void what_may_not_be_looked_at_is_not_said_to_be_gone(void **state)
{
	pid_t pid = start_holder(NULL);
	struct netns_id id = id_of_process(pid);
	int r;

	(void)state;
	set_ptrace(false);
	r = find_again(&id, &err);
	set_ptrace(true);
	assert_int_equal(r, -EACCES);
	assert_non_null(strstr(err.msg, "needs CAP_SYS_PTRACE"));
	expect_found(&id);
	stop_holder(pid);
}

static void a_reused_inode_with_another_cookie_is_not_found(void **state)
{
	pid_t pid = start_holder(NULL);
	struct netns_id id = id_of_process(pid);

	(void)state;
	id.cookie++;
	assert_int_equal(find_again(&id, &err), -ENOENT);
	stop_holder(pid);
}

#define MANY 20

/* The sweep asks for thousands, each 15 s. */
static void many_are_found_again_without_a_walk_for_each(void **state)
{
	struct netns_id ids[MANY];
	pid_t pids[MANY];
	unsigned long before;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		pids[i] = start_holder(NULL);
		ids[i] = id_of_process(pids[i]);
	}
	before = places.n_walks;
	for (int i = 0; i < MANY; i++)
		expect_found(&ids[i]);
	assert_int_equal(places.n_walks, before + 2); /* of /run/netns, and of the processes */
	for (int i = 0; i < MANY; i++)
		expect_found(&ids[i]);
	assert_int_equal(places.n_walks, before + 2);
	for (int i = 0; i < MANY; i++)
		stop_holder(pids[i]);
	netns_index_doubt(&places);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(netns_index_find(&places, &ids[i], &err), -ENOENT);
	assert_int_equal(places.n_walks, before + 2 + 3); /* it is looked twice before a no */
}

static void what_came_after_a_walk_is_no_no(void **state)
{
	pid_t first = start_holder(NULL), second;
	struct netns_id id = id_of_process(first);

	(void)state;
	expect_found(&id);
	second = start_holder(NULL);
	id = id_of_process(second);
	expect_found(&id);
	stop_holder(first);
	stop_holder(second);
}

/* No descriptors left is no end of a pod. */
static void who_cannot_look_does_not_say_that_it_is_gone(void **state)
{
	pid_t pid = start_holder(NULL);
	struct netns_id id = id_of_process(pid), other = { .dev = id.dev, .inode = 1 };
	struct rlimit all, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = all.rlim_max };
	/* With nothing seen before; after it was; and with nowhere left to look for it. */
	for (int i = 0; i < 3; i++) {
		int r;

		if (i == 2)
			assert_int_equal(find_again(&other, &err), -ENOENT);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		r = i == 2 ? netns_index_find(&places, &id, &err) : find_again(&id, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
		assert_true(r < 0 && r != -ENOENT);
		expect_found(&id);
	}
	stop_holder(pid);
}

static void *stay_and_come_back(void *arg)
{
	struct stat before, after;
	int *rc = arg;
	pid_t pid = start_holder(NULL);
	int fd = open_netns_of(pid), sock;

	*rc = netns_stay(&err);
	if (*rc == 0 && stat("/proc/thread-self/ns/net", &before) == 0) {
		sock = netns_socket(fd, AF_UNIX, SOCK_DGRAM, 0, &err);
		*rc = sock < 0 || close(sock) < 0 || stat("/proc/thread-self/ns/net", &after) < 0 ||
		      after.st_ino != before.st_ino;
	}
	(void)close(fd);
	stop_holder(pid);
	return NULL;
}

static void a_thread_that_stays_finds_back(void **state)
{
	pthread_t thread;
	int rc = -1;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, stay_and_come_back, &rc), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(rc, 0);
}

/* It would be where it went. */
static void the_leader_cannot_stay(void **state)
{
	(void)state;
	assert_int_equal(netns_stay(&err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(netns_open_names_the_path_when_it_fails),
		cmocka_unit_test(a_thread_that_stays_finds_back),
		cmocka_unit_test(the_leader_cannot_stay),
		cmocka_unit_test(netns_open_refuses_everything_else),
		cmocka_unit_test(check_foreign_accepts_another_namespace),
		cmocka_unit_test(check_foreign_refuses_the_hosts_own),
		cmocka_unit_test(check_foreign_refuses_a_pipe_and_a_mount_namespace),
		cmocka_unit_test(identify_tells_namespaces_apart_and_repeats_itself),
		cmocka_unit_test(a_socket_lives_inside_and_the_caller_stays_outside),
		cmocka_unit_test(the_caller_is_back_after_a_failure_too),
		cmocka_unit_test(entering_something_else_is_an_error),
		cmocka_unit_test(a_setting_is_read_and_written_inside),
		cmocka_unit_test(find_works_through_a_process_until_it_is_gone),
		cmocka_unit_test(find_works_through_a_thread_whose_leader_has_exited),
		cmocka_unit_test(find_works_through_run_netns_without_any_process),
		cmocka_unit_test(what_may_not_be_looked_at_is_not_said_to_be_gone),
		cmocka_unit_test(a_reused_inode_with_another_cookie_is_not_found),
		cmocka_unit_test(many_are_found_again_without_a_walk_for_each),
		cmocka_unit_test(what_came_after_a_walk_is_no_no),
		cmocka_unit_test(who_cannot_look_does_not_say_that_it_is_gone),
	};

	return cmocka_run_group_tests(tests, hide_run, NULL);
}
