/* SPDX-License-Identifier: Apache-2.0 */
/* libsmc-preload.so as it is built, in programs of glibc and musl. What the kernel says to an SMC
 * socket is said by seccomp (tests/preload/probe.c). */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"

#define WORDS_MAX 10
#define DIED (1000 + SIGSYS)

static char build[PATH_MAX - 100], library[PATH_MAX], said[4096];

/* The exit status of a probe with these words, or 1000 and the signal. */
static int probe(const char *which, bool preloaded, const char *words)
{
	char path[PATH_MAX], copy[256], *rest = copy;
	char *argv[WORDS_MAX + 2] = { path };
	int argc = 1, ends[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	(void)snprintf(path, sizeof(path), "%s/tests/preload/%s", build, which);
	(void)snprintf(copy, sizeof(copy), "%s", words);
	while (argc <= WORDS_MAX && (argv[argc] = strsep(&rest, " ")))
		argc++;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
		if (preloaded)
			(void)setenv("LD_PRELOAD", library, 1);
		(void)execv(path, argv);
		_exit(127);
	}
	(void)close(ends[1]);
	while ((n = read(ends[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static const char *const libcs[] = { "probe", "probe-musl" };

static void smc_is_asked_for_by_protocol_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(libcs); i++) {
		assert_int_equal(probe(libcs[i], false, "kill256 2,1,0"), 0);
		assert_string_equal(said, "6\n");
		assert_int_equal(probe(libcs[i], true, "kill256 2,1,0"), DIED);
		assert_int_equal(probe(libcs[i], true, "kill256 10,1,6"), DIED);
		assert_int_equal(probe(libcs[i], true, "kill256 2,02000001,262"), DIED);
	}
}

static void then_by_family(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(libcs); i++)
		assert_int_equal(probe(libcs[i], true, "refuse256 kill43 2,1,0"), DIED);
}

static void then_it_is_what_was_asked_for_and_stays_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(libcs); i++) {
		assert_int_equal(
			probe(libcs[i], true, "refuse256 refuse43 2,1,0 kill256 kill43 2,1,0"), 0);
		assert_string_equal(said, "6\n6\n");
	}
}

static void what_is_no_tcp_is_let_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(libcs); i++) {
		assert_int_equal(probe(libcs[i], true, "kill256 kill43 2,2,0 1,1,0 2,2,17"), 0);
		assert_string_equal(said, "17\n0\n17\n");
	}
}

static void errno_is_the_programs_own(void **state)
{
	char wanted[64];

	(void)state;
	(void)snprintf(wanted, sizeof(wanted), "errno %d\nerrno %d\nerrno %d\n", EAFNOSUPPORT,
		       EPROTONOSUPPORT, EMFILE);
	for (size_t i = 0; i < ARRAY_SIZE(libcs); i++) {
		assert_int_equal(probe(libcs[i], true, "99,1,0 2,1,17 full 2,1,0"), 0);
		assert_string_equal(said, wanted);
	}
}

static void a_static_program_is_not_reached(void **state)
{
	(void)state;
	assert_int_equal(probe("probe-static", true, "kill256 kill43 2,1,0"), 0);
	assert_string_equal(said, "6\n");
}

/* What it would need would have to be there in each container. */
static void the_library_needs_nothing(void **state)
{
	auto_free char *data = malloc(1 << 20);
	FILE *file = fopen(library, "re");
	size_t len;

	(void)state;
	assert_true(file && data);
	len = fread(data, 1, 1 << 20, file);
	assert_int_equal(fclose(file), 0);
	assert_in_range(len, 1000, 100000);
	assert_null(memmem(data, len, "libc.so", 7));
	assert_null(memmem(data, len, "GLIBC", 5));
	assert_non_null(memmem(data, len, "__errno_location", 16));
}

static int begin(void **state)
{
	char self[PATH_MAX];

	(void)state;
	if (!realpath("/proc/self/exe", self))
		return -1;
	(void)snprintf(build, sizeof(build), "%s", dirname(dirname(dirname(self))));
	(void)snprintf(library, sizeof(library), "%s/lib/libsmc-preload.so", build);
	(void)unsetenv("LD_PRELOAD");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smc_is_asked_for_by_protocol_first),
		cmocka_unit_test(then_by_family),
		cmocka_unit_test(then_it_is_what_was_asked_for_and_stays_so),
		cmocka_unit_test(what_is_no_tcp_is_let_alone),
		cmocka_unit_test(errno_is_the_programs_own),
		cmocka_unit_test(a_static_program_is_not_reached),
		cmocka_unit_test(the_library_needs_nothing),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
