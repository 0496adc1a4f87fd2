/* SPDX-License-Identifier: Apache-2.0 */
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
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

static char folder[] = "/tmp/test_file.XXXXXX";
static int dir = -1;
static struct err err;

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	static const char *const files[] = { "a", "fifo", ".b.tmp", "b" };
	static const char *const folders[] = { "x/y/z", "x/y", "x", "b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlinkat(dir, files[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		(void)unlinkat(dir, folders[i], AT_REMOVEDIR);
	(void)close(dir);
	return rmdir(folder);
}

static void what_was_written_is_read_back_whole(void **state)
{
	char data[10000];
	auto_free char *back = NULL;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i % 251);
	assert_int_equal(file_replace(dir, "a", data, sizeof(data), 0600, &err), 0);
	assert_int_equal(file_read(dir, "a", sizeof(data), &back, &len, &err), 0);
	assert_int_equal(len, sizeof(data));
	assert_memory_equal(back, data, sizeof(data));
	assert_int_equal(back[len], '\0');
}

static void a_file_larger_than_allowed_is_refused(void **state)
{
	char *back = NULL;

	(void)state;
	assert_int_equal(file_replace(dir, "a", "12345", 5, 0600, &err), 0);
	assert_int_equal(file_read(dir, "a", 4, &back, NULL, &err), -EFBIG);
	assert_string_equal(err.msg, "read 'a': larger than 4 bytes");
	assert_null(back);
	assert_int_equal(file_read(dir, "a", 5, &back, NULL, &err), 0);
	free(back);
}

static void a_missing_file_is_named(void **state)
{
	char *back;

	(void)state;
	assert_int_equal(file_read(dir, "nope", 10, &back, NULL, &err), -ENOENT);
	assert_string_equal(err.msg, "open 'nope': No such file or directory");
}

static void a_fifo_without_writer_does_not_hang_the_reader(void **state)
{
	auto_free char *back = NULL;
	size_t len = 1;

	(void)state;
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(file_read(dir, "fifo", 10, &back, &len, &err), 0);
	assert_int_equal(len, 0);
}

static void replacing_sets_the_mode_whatever_the_umask(void **state)
{
	struct stat st;
	mode_t old = umask(077);

	(void)state;
	assert_int_equal(file_replace(dir, "a", "x", 1, 0644, &err), 0);
	(void)umask(old);
	assert_int_equal(fstatat(dir, "a", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void a_failed_replace_leaves_the_target_and_no_temporary_file(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdirat(dir, "b", 0700), 0);
	assert_int_equal(file_replace(dir, "b", "x", 1, 0600, &err), -EISDIR);
	assert_string_equal(err.msg, "write 'b': Is a directory");
	assert_int_equal(fstatat(dir, ".b.tmp", &st, 0), -1);
	assert_int_equal(fstatat(dir, "b", &st, 0), 0);
}

static void a_link_in_place_of_the_temporary_file_is_not_followed(void **state)
{
	struct stat st;

	(void)state;
	for (int i = 0; i < 2; i++) { /* a new file, and one in the place of an old one */
		assert_int_equal(symlinkat("victim", dir, ".a.tmp"), 0);
		assert_int_equal(file_replace(dir, "a", "x", 1, 0600, &err), 0);
		assert_int_equal(fstatat(dir, "victim", &st, 0), -1);
		assert_int_equal(fstatat(dir, "a", &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_true(S_ISREG(st.st_mode));
		(void)unlinkat(dir, ".a.tmp", 0);
	}
}

static void what_is_removed_takes_its_temporary_file_along(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(file_replace(dir, "a", "x", 1, 0600, &err), 0);
	assert_int_equal(symlinkat("victim", dir, ".a.tmp"), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(file_remove(dir, "a", &err), 0);
		assert_int_equal(fstatat(dir, "a", &st, 0), -1);
		assert_int_equal(fstatat(dir, ".a.tmp", &st, AT_SYMLINK_NOFOLLOW), -1);
	}
	(void)mkdirat(dir, "b", 0700);
	assert_int_equal(file_remove(dir, "b", &err), -EISDIR);
	assert_string_equal(err.msg, "remove 'b': Is a directory");
}

static void folders_are_made_to_the_end_and_may_exist(void **state)
{
	char path[128];
	struct stat st;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/x/y/z", folder);
	assert_int_equal(file_mkdirs(path, 0700, &err), 0);
	assert_int_equal(file_mkdirs(path, 0700, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_file_in_the_way_of_a_folder_is_an_error(void **state)
{
	char path[128];

	(void)state;
	assert_int_equal(file_replace(dir, "a", "x", 1, 0600, &err), 0);
	(void)snprintf(path, sizeof(path), "%s/a", folder);
	assert_int_equal(file_mkdirs(path, 0700, &err), -ENOTDIR);
	assert_int_equal(file_mkdirs("", 0700, &err), -ENOENT);
}

static void the_boot_id_is_a_uuid(void **state)
{
	char id[FILE_BOOT_ID_LEN];

	(void)state;
	assert_int_equal(file_boot_id(id, &err), 0);
	assert_int_equal(strlen(id), 36);
	assert_int_equal(id[8], '-');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_back_whole),
		cmocka_unit_test(a_file_larger_than_allowed_is_refused),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(a_fifo_without_writer_does_not_hang_the_reader),
		cmocka_unit_test(replacing_sets_the_mode_whatever_the_umask),
		cmocka_unit_test(a_failed_replace_leaves_the_target_and_no_temporary_file),
		cmocka_unit_test(a_link_in_place_of_the_temporary_file_is_not_followed),
		cmocka_unit_test(what_is_removed_takes_its_temporary_file_along),
		cmocka_unit_test(folders_are_made_to_the_end_and_may_exist),
		cmocka_unit_test(a_file_in_the_way_of_a_folder_is_an_error),
		cmocka_unit_test(the_boot_id_is_a_uuid),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
