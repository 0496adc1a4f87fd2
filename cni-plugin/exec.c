#include "cni-plugin/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/wire.h"

/* The input is a file in memory: unlike a pipe it cannot fill up while the program writes. */
static int input_file(const char *content, size_t len, struct err *err)
{
	auto_close int fd = memfd_create("stdin", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "make file in memory");
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, content + done, len - done);

		if (n < 0)
			return err_sys(err, errno, "write file in memory");
		done += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, errno, "rewind file in memory");
	return TAKE_FD(fd);
}

static int spawn(const char *path, char *const envp[], int in_fd, int out_fd, pid_t *ret)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r;

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
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	if (!r)
		r = posix_spawn(ret, path, &actions, &attr, argv, envp);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

struct output {
	int fd; /* the pipe's reading end, non-blocking */
	bool ended;
	char *text; /* room for EXEC_OUTPUT_MAX + 1 */
	size_t len;
};

/* Takes what is there. */
static int drain(struct output *out)
{
	while (!out->ended) {
		ssize_t n = read(out->fd, out->text + out->len, EXEC_OUTPUT_MAX + 1 - out->len);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			out->ended = true;
		if (n > 0)
			out->len += (size_t)n;
		if (out->len > EXEC_OUTPUT_MAX)
			return -EFBIG;
	}
	return 0;
}

/* 0: the process has ended and all that it wrote is taken. */
static int watch(int pidfd, struct output *out, int64_t deadline_ms)
{
	FAULT_POINT("end of a program", NULL);
	for (;;) {
		struct pollfd p[] = { { .fd = pidfd, .events = POLLIN },
				      { .fd = out->ended ? -1 : out->fd, .events = POLLIN } };
		int64_t left = deadline_ms - wire_now_ms();
		int r = poll(p, 2, left > 0 ? (int)left : 0);

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
		r = drain(out);
		if (r < 0 || p[0].revents)
			return r;
	}
}

/* Watches the program to its end and takes its status. */
static int watch_to_end(const struct exec *e, struct output *out, int *ret_status)
{
	auto_close int pidfd = pidfd_open(e->pid, 0);
	int r = pidfd < 0 ? -errno : watch(pidfd, out, e->deadline_ms);

	if (r < 0)
		(void)kill(-e->pid, SIGKILL);
	while (waitpid(e->pid, ret_status, 0) < 0 && errno == EINTR)
		;
	return r;
}

int exec_start(const char *path, char *const envp[], const char *in, size_t in_len, int timeout_ms,
	       struct exec *ret, struct err *err)
{
	auto_close int in_fd = input_file(in, in_len, err), reader = -1, writer = -1;
	struct exec e = { .path = path,
			  .timeout_ms = timeout_ms,
			  .deadline_ms = wire_now_ms() + timeout_ms };
	int pipe_fds[2], r;

	FAULT_POINT("start of a program", err);
	if (in_fd < 0)
		return in_fd;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(err, errno, "run '%s'", path);
	reader = pipe_fds[0];
	writer = pipe_fds[1];
	if (fcntl(reader, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, errno, "run '%s'", path);
	r = spawn(path, envp, in_fd, writer, &e.pid);
	if (r < 0)
		return err_sys(err, r, "run '%s'", path);
	e.out_fd = TAKE_FD(reader);
	*ret = e;
	return 0;
}

int exec_finish(const struct exec *e, struct exec_result *ret, struct err *err)
{
	auto_close int reader = e->out_fd;
	auto_free char *text = malloc(EXEC_OUTPUT_MAX + 1);
	struct output out = { .fd = reader, .text = text };
	int status = 0, r;

	out.ended = !text;
	r = watch_to_end(e, &out, &status);
	if (!text)
		return err_sys(err, ENOMEM, "run '%s'", e->path);
	if (r == -ETIMEDOUT)
		return err_set(err, r, "run '%s': no end within %d ms", e->path, e->timeout_ms);
	if (r == -EFBIG)
		return err_set(err, r, "run '%s': it printed more than %d bytes", e->path,
			       EXEC_OUTPUT_MAX);
	if (r < 0)
		return err_sys(err, r, "watch '%s'", e->path);
	text[out.len] = '\0';
	*ret = (struct exec_result){ .status = status, .out = TAKE_PTR(text), .out_len = out.len };
	return 0;
}

int exec_run(const char *path, char *const envp[], const char *in, size_t in_len, int timeout_ms,
	     struct exec_result *ret, struct err *err)
{
	struct exec e;
	int r = exec_start(path, envp, in, in_len, timeout_ms, &e, err);

	return r < 0 ? r : exec_finish(&e, ret, err);
}
