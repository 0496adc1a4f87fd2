/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the agent's socket: its own, or none of its business. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/server/socket_dir.h"
#include "tests/unit/tree.h"

static char top[64], dir[96], socket_path[128], state_dir[128];
static struct config config;
static struct err err;

static int set_up(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-socket-dir-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s/run", top);
	(void)snprintf(socket_path, sizeof(socket_path), "%s/agent.sock", dir);
	(void)snprintf(state_dir, sizeof(state_dir), "%s/deep/state", dir);
	config = (struct config){ .socket = socket_path, .state_dir = state_dir };
	err = ERR_INIT;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return tree_remove(top);
}

static mode_t mode(void)
{
	struct stat st;

	assert_int_equal(stat(dir, &st), 0);
	return st.st_mode & 07777;
}

static void put(const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_replace(AT_FDCWD, path, "", 0, 0600, NULL), 0);
}

static void make(mode_t as)
{
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, as), 0);
}

static void assert_refused(const char *why)
{
	mode_t before = mode();

	assert_int_equal(socket_dir_check(&config, &err), -EPERM);
	assert_non_null(strstr(err.msg, why));
	assert_non_null(strstr(err.msg, "name one of its own"));
	assert_int_equal(socket_dir_make(&config, &err), -EPERM);
	assert_int_equal(mode(), before);
}

static void one_that_is_not_there_is_made(void **state)
{
	(void)state;
	assert_int_equal(socket_dir_check(&config, &err), 0);
	assert_int_equal(access(dir, F_OK), -1); /* looked at, not made */
	assert_int_equal(socket_dir_make(&config, &err), 0);
	assert_int_equal(mode(), 0700);
}

/* As kubelet makes it before us (hostPath, DirectoryOrCreate), and as a start before left it. */
static void one_with_nothing_but_ours_becomes_ours(void **state)
{
	static const char *const ours[] = { "agent.sock", "required-namespaces",
					    ".required-namespaces.tmp", "pending", "deep" };

	(void)state;
	make(0755);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		put(ours[i]);
	assert_int_equal(socket_dir_check(&config, &err), 0);
	assert_int_equal(mode(), 0755);
	assert_int_equal(socket_dir_make(&config, &err), 0);
	assert_int_equal(mode(), 0700);
}

static void one_that_holds_what_is_not_ours_is_refused(void **state)
{
	(void)state;
	make(0755);
	put("somebody-elses");
	assert_refused("its folder holds 'somebody-elses'");
}

static void one_that_others_may_write_to_is_refused(void **state)
{
	static const mode_t modes[] = { 01777, 0775, 0757, 01700 };

	(void)state;
	make(0700);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(dir, modes[i]), 0);
		assert_refused("others may write to its folder");
	}
}

static void one_that_nobody_else_can_enter_may_hold_anything(void **state)
{
	(void)state;
	make(0700);
	put("notes");
	assert_int_equal(socket_dir_make(&config, &err), 0);
}

static void the_root_is_no_folder_of_its_own(void **state)
{
	static char path[] = "/agent.sock";

	(void)state;
	config.socket = path;
	assert_int_equal(socket_dir_check(&config, &err), -EINVAL);
	assert_string_equal(err.msg, "socket '/agent.sock' must lie in a folder of its own");
}

#define dir_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(one_that_is_not_there_is_made),
		dir_test(one_with_nothing_but_ours_becomes_ours),
		dir_test(one_that_holds_what_is_not_ours_is_refused),
		dir_test(one_that_others_may_write_to_is_refused),
		dir_test(one_that_nobody_else_can_enter_may_hold_anything),
		dir_test(the_root_is_no_folder_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
