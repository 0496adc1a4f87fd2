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
#include "common/file.h"

/* Input and output are files in memory: no pipe can fill up, and a process that the program
 * leaves behind cannot make us wait for the end of its output. */
static int memory_file(const char *name, const char *content, size_t len, struct err *err)
{
	auto_close int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

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

static int output_file(struct err *err)
{
	auto_close int fd = memory_file("stdout", NULL, 0, err);

	if (fd < 0)
		return fd;
	if (ftruncate(fd, EXEC_OUTPUT_MAX) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return err_sys(err, errno, "limit file in memory");
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

/* 0 when the process has ended, -ETIMEDOUT; -errno when it cannot be watched. */
static int wait_end(pid_t pid, int timeout_ms)
{
	auto_close int pidfd = pidfd_open(pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r;

	if (pidfd < 0)
		return -errno;
	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

static int read_output(int fd, struct exec_result *ret, struct err *err)
{
	/* The program's descriptor and ours share one offset: where it stopped writing. */
	off_t len = lseek(fd, 0, SEEK_CUR);
	auto_free char *out = NULL;

	if (len < 0 || len > EXEC_OUTPUT_MAX)
		len = EXEC_OUTPUT_MAX;
	out = malloc((size_t)len + 1);
	if (!out)
		return err_sys(err, ENOMEM, "read output");
	if (pread(fd, out, (size_t)len, 0) != len)
		return err_sys(err, EIO, "read output");
	out[len] = '\0';
	ret->out = TAKE_PTR(out);
	ret->out_len = (size_t)len;
	return 0;
}

int exec_run(const char *path, char *const envp[], const char *in, size_t in_len, int timeout_ms,
	     struct exec_result *ret, struct err *err)
{
	auto_close int in_fd = memory_file("stdin", in, in_len, err);
	auto_close int out_fd = in_fd < 0 ? -1 : output_file(err);
	struct exec_result result = { 0 };
	pid_t pid;
	int r;

	if (in_fd < 0 || out_fd < 0)
		return -ENOMEM;
	r = spawn(path, envp, in_fd, out_fd, &pid);
	if (r < 0)
		return err_sys(err, r, "run '%s'", path);
	r = wait_end(pid, timeout_ms);
	if (r < 0)
		(void)kill(-pid, SIGKILL);
	while (waitpid(pid, &result.status, 0) < 0 && errno == EINTR)
		;
	if (r == -ETIMEDOUT)
		return err_set(err, r, "run '%s': no end within %d ms", path, timeout_ms);
	if (r < 0)
		return err_sys(err, r, "wait for '%s'", path);
	r = read_output(out_fd, &result, err);
	if (r < 0)
		return err_prefix(err, r, "run '%s'", path);
	*ret = result;
	return 0;
}
