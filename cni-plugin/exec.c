/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/fault.h"

static int spawn(const char *path, char *const envp[], int in_fd, int out_fd, pid_t *ret)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t ignored;
	int r;

	(void)sigemptyset(&ignored);
	(void)sigaddset(&ignored, SIGPIPE);
	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	r = posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	if (!r)
		r = posix_spawnattr_setsigdefault(&attr, &ignored);
	if (!r)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	if (!r)
		r = posix_spawn(ret, path, &actions, &attr, argv, envp);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* musl 1.2.3 has no sys/pidfd.h. */
static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Writes as much as the program takes. It need not take all, or anything. */
static int feed(struct exec *e)
{
	while (e->in_len) {
		ssize_t n = write(e->in_fd, e->in, e->in_len);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno == EPIPE)
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			e->in += n;
			e->in_len -= (size_t)n;
		}
	}
	(void)close(e->in_fd);
	e->in_fd = -1;
	return 0;
}

/* Reads what the program has written so far. */
static int drain(struct exec *e)
{
	while (!e->out_ended) {
		ssize_t n = read(e->out_fd, e->out + e->out_len, EXEC_OUTPUT_MAX + 1 - e->out_len);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			e->out_ended = true;
		if (n > 0)
			e->out_len += (size_t)n;
		if (e->out_len > EXEC_OUTPUT_MAX)
			return -EFBIG;
	}
	return 0;
}

/* 0: the process has ended and all that it wrote is taken, or `whole` (may be NULL) is content. */
static int watch(struct exec *e, exec_whole_fn *whole, void *arg)
{
	auto_close int pidfd = open_pidfd(e->pid);

	if (pidfd < 0)
		return -errno;
	for (;;) {
		struct pollfd p[] = { { .fd = pidfd, .events = POLLIN },
				      { .fd = e->out_ended ? -1 : e->out_fd, .events = POLLIN },
				      { .fd = e->in_fd, .events = POLLOUT } };
		int64_t left = e->deadline_ms - clock_now_ms();
		int r = poll(p, 3, left > 0 ? (int)left : 0);

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
		r = p[2].revents ? feed(e) : 0;
		if (r == 0)
			r = drain(e);
		if (r < 0 || p[0].revents || (whole && whole(arg, e->out, e->out_len)))
			return r;
	}
}

static int watch_to_end(struct exec *e)
{
	FAULT_POINT("end of a program", NULL);
	return watch(e, NULL, NULL);
}

static int reap(struct exec *e, int *ret_status)
{
	pid_t pid;

	do
		pid = waitpid(e->pid, ret_status, 0);
	while (pid < 0 && errno == EINTR);
	e->pid = 0;
	return pid < 0 ? -errno : 0;
}

/* Watches the program to its end and takes its status. */
static int end(struct exec *e, int *ret_status)
{
	int r = watch_to_end(e), reaped;

	if (r < 0)
		(void)kill(-e->pid, SIGKILL);
	reaped = reap(e, ret_status);
	return r < 0 ? r : reaped;
}

struct pipe {
	int reader, writer;
};

static void pipe_close(const struct pipe *p)
{
	cleanup_close(&p->reader);
	cleanup_close(&p->writer);
}

static int pipe_open(struct pipe *ret)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret = (struct pipe){ fds[0], fds[1] };
	return 0;
}

static int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int exec_start(const char *path, char *const envp[], int timeout_ms, struct exec *ret,
	       struct err *err)
{
	auto_with(pipe_close) struct pipe in = { -1, -1 }, out = { -1, -1 };
	auto_free char *room = malloc(EXEC_OUTPUT_MAX + 1);
	pid_t pid = 0;
	int r = room ? pipe_open(&in) : -ENOMEM;

	FAULT_POINT("start of a program", err);
	if (r == 0)
		r = set_nonblock(in.writer);
	if (r == 0)
		r = pipe_open(&out);
	if (r == 0)
		r = set_nonblock(out.reader);
	if (r == 0)
		r = spawn(path, envp, in.reader, out.writer, &pid);
	if (r < 0)
		return err_sys(err, r, "run '%s'", path);
	*ret = (struct exec){ .path = path, .pid = pid, .timeout_ms = timeout_ms };
	ret->in_fd = TAKE_FD(in.writer);
	ret->out_fd = TAKE_FD(out.reader);
	ret->out = TAKE_PTR(room);
	return 0;
}

void exec_feed(struct exec *e, const char *in, size_t len)
{
	e->in = in;
	e->in_len = len;
	e->deadline_ms = clock_now_ms() + e->timeout_ms;
	(void)feed(e); /* an error is met again by watch() */
}

void exec_wait(struct exec *e, exec_whole_fn *whole, void *arg)
{
	(void)watch(e, whole, arg);
}

void exec_clear(struct exec *e)
{
	int status;

	if (!e->path)
		return;
	if (e->pid) {
		(void)kill(-e->pid, SIGKILL);
		(void)reap(e, &status);
	}
	cleanup_close(&e->in_fd);
	cleanup_close(&e->out_fd);
	free(e->out);
	*e = (struct exec){ 0 };
}

int exec_finish(struct exec *e, struct exec_result *ret, struct err *err)
{
	int status = 0, r = end(e, &status);

	if (r == 0) {
		e->out[e->out_len] = '\0';
		*ret = (struct exec_result){ .status = status,
					     .out = e->out,
					     .out_len = e->out_len };
		e->out = NULL;
	} else if (r == -ETIMEDOUT) {
		err_set(err, r, "run '%s': no end within %d ms", e->path, e->timeout_ms);
	} else if (r == -EFBIG) {
		err_set(err, r, "run '%s': it printed more than %d bytes", e->path,
			EXEC_OUTPUT_MAX);
	} else {
		err_sys(err, r, "watch '%s'", e->path);
	}
	exec_clear(e);
	return r;
}
