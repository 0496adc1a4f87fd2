/* SPDX-License-Identifier: Apache-2.0 */
/* What others do to us while we install, and what is left then: nothing half done, nothing of
 * theirs lost. */
#define FOLDERS_AT "/dev/shm" /* thousands of fsync() */
#include "tests/unit/install_folders.h"

#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/ptrace.h>

/* ---- what holds at any moment ---- */

static void expect_only_whole_files(const char *dir)
{
	struct dirent **files = NULL;
	int n = install_conf_files(path_of(dir), &files, NULL);

	for (int i = 0; i < n; i++) {
		auto_free char *name = NULL, *text = NULL;
		json_auto_t *json = NULL;

		assert_true(asprintf(&name, "%s/%s", dir, files[i]->d_name) > 0);
		text = get(name);
		json = text ? json_loads(text, 0, NULL) : NULL;
		if (!json)
			fail_msg("'%s' is not whole: '%s'", name, text ? text : "(gone)");
	}
	if (n >= 0)
		install_files_free(files, n);
}

/* *ret: how often the chain of the list names us. */
static void read_place(int *ret)
{
	struct install_list l = { 0 };
	struct stat st;

	assert_int_equal(install_read_list(path_of("net.d"), "10-a.conflist", &l, &st, &err), 0);
	assert_string_equal(l.name, "cbr0");
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(l.root, "plugins"), 1), "type")),
			    "portmap");
	*ret = l.n_ours;
	install_list_clear(&l);
}

static void expect_sane(void)
{
	auto_free char *program = get("bin/smc-cni");
	int n;

	expect_only_whole_files("net.d");
	expect_only_whole_files("net.d/cbr0");
	read_place(&n);
	n += is_there("net.d/cbr0/" INSTALL_DROPIN);
	assert_in_range(n, 0, 2); /* from one place to the other both may be there */
	if (n > 0 && (!program || access(path_of("bin/smc-cni"), X_OK) < 0))
		fail_msg("the chain names a program that is not there");
	if (program && strcmp(program, "#!/bin/sh\n") != 0 && strcmp(program, "old\n") != 0)
		fail_msg("the program is half written: '%s'", program);
}

static int count_all(const char *dir)
{
	auto_closedir DIR *d = opendir(path_of(dir));
	const struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d)))
		n += strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0;
	return n;
}

/* ---- killed at each step ---- */

static void apply_dropin(void)
{
	struct install_state st;

	(void)apply(CONFIG_INSTALL_BY_DROPIN, &st);
}

static void apply_conflist(void)
{
	struct install_state st;

	(void)apply(CONFIG_INSTALL_BY_CONFLIST, &st);
}

static void just_undo(void)
{
	(void)undo();
}

static pid_t traced_child(void (*work)(void), int *ret_status)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(77);
		(void)raise(SIGSTOP);
		work();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, ret_status, 0), pid);
	if (WIFEXITED(*ret_status) && WEXITSTATUS(*ret_status) == 77) {
		(void)puts("skip: ptrace is not allowed here");
		exit(77);
	}
	/* PTRACE_GET_SYSCALL_INFO needs it */
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD), 0);
	return pid;
}

/* Until it enters or leaves its next system call, or ends. */
static void go_on(pid_t pid, int *ret_status)
{
	assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, ret_status, 0), pid);
}

/* A child that is killed when it enters or leaves its step-th system call. False: it came to its
 * end before. */
static bool killed_at(void (*work)(void), int step)
{
	int status, left = step;
	pid_t pid = traced_child(work, &status);

	while (WIFSTOPPED(status) && left-- > 0)
		go_on(pid, &status);
	if (WIFSTOPPED(status)) {
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		return true;
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return false;
}

static void prepare_nothing(void)
{
}

static void prepare_old_program(void)
{
	apply_dropin();
	put("bin/smc-cni", "old\n");
	assert_int_equal(chmod(path_of("bin/smc-cni"), 0755), 0);
}

static const struct fault {
	void (*before)(void), (*work)(void);
	int least; /* system calls that it surely makes */
} faults[] = {
	{ prepare_nothing, apply_dropin, 20 },	   { prepare_nothing, apply_conflist, 20 },
	{ prepare_old_program, apply_dropin, 20 }, { apply_dropin, apply_conflist, 20 },
	{ apply_dropin, just_undo, 10 },	   { apply_conflist, just_undo, 10 },
};

static void one_fault(const struct fault *f, int step, bool *ret_killed)
{
	struct install_state st;
	int n;

	put("net.d/10-a.conflist", FLANNEL);
	f->before();
	*ret_killed = killed_at(f->work, step);
	expect_sane();
	/* the next agent makes it right */
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	expect_sane();
	read_place(&n);
	assert_int_equal(n + is_there("net.d/cbr0/" INSTALL_DROPIN), 1);
	assert_int_equal(undo(), 0);
	assert_int_equal(count_all("bin"), 0);
	assert_int_equal(count_all("net.d"), 1);
}

/* What a kill leaves is what is there when it is stopped. Returns how many steps there are. */
static int look_at_each_step(const struct fault *f)
{
	int status, steps = 0;
	pid_t pid;

	put("net.d/10-a.conflist", FLANNEL);
	f->before();
	for (pid = traced_child(f->work, &status); WIFSTOPPED(status); steps++) {
		expect_sane();
		go_on(pid, &status);
	}
	expect_sane();
	assert_int_equal(undo(), 0);
	return steps;
}

static void an_agent_killed_at_any_step_leaves_whole_files_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		assert_true(look_at_each_step(&faults[i]) > faults[i].least);
}

/* Each kill takes all the steps before it: a choice of them, no two faults at the same. */
static void what_a_killed_agent_leaves_the_next_one_completes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		bool killed = true;

		for (int step = 3 + (int)i; killed; step += 29)
			one_fault(&faults[i], step, &killed);
	}
}

/* ---- others at the same time ---- */

static pid_t child(void (*work)(void), int times)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 0; i < times; i++)
			work();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void expect_end(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void many_agents_at_once_write_no_half_file(void **state)
{
	void (*const works[])(void) = { apply_conflist, apply_dropin, just_undo, apply_conflist };
	pid_t pids[ARRAY_SIZE(works)];
	struct install_state st;
	int n;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	for (size_t i = 0; i < ARRAY_SIZE(works); i++)
		pids[i] = child(works[i], 25);
	for (int i = 0; i < 100; i++) {
		expect_only_whole_files("net.d");
		read_place(&n);
		assert_in_range(n, 0, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(works); i++)
		expect_end(pids[i]);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	read_place(&n);
	assert_int_equal(n + is_there("net.d/cbr0/" INSTALL_DROPIN), 1);
}

static void a_folder_that_another_agent_works_on_is_left_to_it(void **state)
{
	auto_close int lock = -1;
	struct install_state st;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	lock = install_lock(path_of("net.d"), &err);
	assert_true(lock >= 0);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), -EAGAIN);
	assert_non_null(strstr(err.msg, "another agent"));
	assert_int_equal(close(TAKE_FD(lock)), 0);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
}

/* /etc/cni/net.d and /opt/cni/bin can be opened by everybody, and so be locked. */
static void a_folder_that_anybody_locks_is_worked_on(void **state)
{
	auto_close int conf = -1, bin = -1;
	struct install_state st;
	struct stat lock;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	conf = open(path_of("net.d"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bin = open(path_of("bin"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(conf, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(flock(bin, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_int_equal(stat(path_of("net.d/" INSTALL_LOCK), &lock), 0);
	assert_int_equal(lock.st_mode & 0777, 0600);
	assert_int_equal(undo(), 0);
	assert_false(is_there("net.d/" INSTALL_LOCK));
	assert_false(is_there("bin/" INSTALL_LOCK));
}

/* Another CNI that writes its list anew while we edit it: its last word stays. */
static void a_list_that_is_rewritten_all_the_time_never_falls_back_to_an_old_text(void **state)
{
	pid_t pid;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	pid = child(apply_conflist, 500);
	for (int i = 2; waitpid(pid, NULL, WNOHANG) == 0; i++) {
		auto_free char *text = NULL;
		struct install_list l = { 0 };
		struct stat st;

		assert_true(
			asprintf(
				&text,
				"{\"name\": \"cbr0\", \"cniVersion\": \"0.3.1\", \"zebra\": %d,"
				" \"plugins\": [{\"type\": \"flannel\"}, {\"type\": \"portmap\"}]}",
				i) > 0);
		put("net.d/10-a.conflist", text);
		(void)usleep((useconds_t)(i % 7) * 100);
		assert_int_equal(
			install_read_list(path_of("net.d"), "10-a.conflist", &l, &st, &err), 0);
		assert_int_equal(json_integer_value(json_object_get(l.root, "zebra")), i);
		install_list_clear(&l);
	}
}

static bool enters(pid_t pid, uint64_t nr)
{
	struct ptrace_syscall_info info = { 0 };

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == nr;
}

/* What we have read is not what we take away: the moment between the last look and the rename. */
static void a_file_that_changed_at_the_last_moment_is_put_back(void **state)
{
	auto_free char *text = NULL;
	bool done = false;
	int status;
	pid_t pid;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	pid = traced_child(apply_conflist, &status);
	while (WIFSTOPPED(status)) {
		if (!done && enters(pid, SYS_renameat2)) {
			put("net.d/10-a.conflist", "theirs");
			done = true;
		}
		go_on(pid, &status);
	}
	assert_true(done);
	text = get("net.d/10-a.conflist");
	assert_string_equal(text, "theirs");
	/* It, and the lock. */
	assert_int_equal(count_all("net.d"), 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(an_agent_killed_at_any_step_leaves_whole_files_in_order),
		CASE(what_a_killed_agent_leaves_the_next_one_completes),
		CASE(many_agents_at_once_write_no_half_file),
		CASE(a_folder_that_another_agent_works_on_is_left_to_it),
		CASE(a_folder_that_anybody_locks_is_worked_on),
		CASE(a_list_that_is_rewritten_all_the_time_never_falls_back_to_an_old_text),
		CASE(a_file_that_changed_at_the_last_moment_is_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
