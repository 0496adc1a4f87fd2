/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a CNI plugin under the clock: stopwatch PROGRAM STDIN STDOUT
 *
 * The environment is passed on. Prints wall, user and system time in microseconds, the peak of the
 * resident set in KiB, and the wait status, on one line. Time and memory of programs that PROGRAM
 * has run and waited for (IPAM) are in it; the peak is that of the largest. Static and small, since
 * until its exec a child's memory is its parent's.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static long long us(const struct timeval *tv)
{
	return (long long)tv->tv_sec * 1000000 + tv->tv_usec;
}

static int fail(const char *what, int errnum)
{
	(void)fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(errnum));
	return 1;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	int in, out, status = 0, r;
	struct rusage usage;
	int64_t begin_us, end_us;
	pid_t pid;

	if (argc != 4)
		return fail("expected PROGRAM STDIN STDOUT", EINVAL);
	in = open(argv[2], O_RDONLY | O_CLOEXEC);
	out = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (in < 0 || out < 0)
		return fail(in < 0 ? argv[2] : argv[3], errno);
	r = posix_spawn_file_actions_init(&actions);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (r)
		return fail("prepare", r);
	begin_us = now_us();
	r = posix_spawn(&pid, argv[1], &actions, NULL, (char *[]){ argv[1], NULL }, environ);
	if (r)
		return fail(argv[1], r);
	if (wait4(pid, &status, 0, &usage) < 0)
		return fail("wait", errno);
	end_us = now_us();
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)printf("%lld %lld %lld %ld %d\n", (long long)(end_us - begin_us), us(&usage.ru_utime),
		     us(&usage.ru_stime), usage.ru_maxrss, status);
	return 0;
}
