/* SPDX-License-Identifier: Apache-2.0 */
/* What the host remembers of a lent device, in a mount namespace with an empty /run. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cni-plugin/lent.h"
#include "cni-plugin/rundir.h"
#include "common/cleanup.h"
#include "common/file.h"

#define FOLDER RUNDIR_PATH "/" WIRE_PLUGIN_LENT
#define ID UINT64_C(0xfedcba9876543210)
#define ITS_FILE FOLDER "/fedcba9876543210.%s.json"

static const struct lent sample = {
	.attachment = { "net1", "c1", "eth0" },
	.netns = { 4, 4026532290, UINT64_C(0x7fffffffffffffff) },
	.id = ID,
	.real = true,
	.before = { .name = "enp3s0f1np1",
		    .mac = { 0x02, 0xff, 0, 0x0a, 0xb0, 0x01 },
		    .mtu = 4294967295U,
		    .flags = 0x11043,
		    .group = 4294967295U,
		    .alias = "the \"fast\" one" },
	.n_altnames = 2,
	.altnames = { "eno1", "an alternative name of more than fifteen bytes" },
	.has_rdma = true,
	.rdma = { 7, "mlx5_3" },
};

static int hide_run(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0)
		return -1;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int empty_run(void **state)
{
	(void)state;
	(void)umount("/run");
	return mount("none", "/run", "tmpfs", 0, "mode=0755");
}

static int count(const struct lent *l, void *arg, struct err *err)
{
	(void)l;
	(void)err;
	++*(int *)arg;
	return 0;
}

static int how_many(void)
{
	int n = 0;

	assert_int_equal(lent_each(count, &n, NULL), 0);
	return n;
}

static void what_is_written_is_read_back(void **state)
{
	struct lent l = { .id = 0 };

	(void)state;
	assert_int_equal(lent_write(&sample, NULL), 0);
	assert_int_equal(lent_to(&sample.attachment, &l, NULL), 1);
	assert_true(wire_attachment_same(&l.attachment, &sample.attachment));
	assert_true(netns_id_same(&l.netns, &sample.netns));
	assert_true(l.id == ID && l.real);
	assert_memory_equal(&l.before, &sample.before, sizeof(l.before));
	assert_int_equal(l.n_altnames, 2);
	assert_string_equal(l.altnames[0], sample.altnames[0]);
	assert_string_equal(l.altnames[1], sample.altnames[1]);
	assert_true(l.has_rdma);
	assert_int_equal(l.rdma.index, 7);
	assert_string_equal(l.rdma.name, "mlx5_3");
	memset(&l, 0, sizeof(l));
	assert_int_equal(lent_of_device(ID, &l, NULL), 1);
	assert_string_equal(l.before.name, sample.before.name);
}

static void what_is_forgotten_is_gone(void **state)
{
	struct lent l;

	(void)state;
	assert_int_equal(lent_write(&sample, NULL), 0);
	assert_int_equal(lent_forget(&sample, NULL), 0);
	assert_int_equal(lent_to(&sample.attachment, &l, NULL), 0);
	assert_int_equal(lent_of_device(ID, &l, NULL), 0);
	assert_int_equal(lent_forget(&sample, NULL), 0);
}

static void nothing_was_lent_yet(void **state)
{
	struct lent l;

	(void)state;
	assert_int_equal(lent_to(&sample.attachment, &l, NULL), 0);
	assert_int_equal(how_many(), 0);
}

static void others_are_told_apart(void **state)
{
	struct lent other = sample, l;

	(void)state;
	other.id = ID + 1;
	strcpy(other.attachment.container_id, "c2");
	strcpy(other.before.name, "eth9");
	assert_int_equal(lent_write(&sample, NULL), 0);
	assert_int_equal(lent_write(&other, NULL), 0);
	assert_int_equal(how_many(), 2);
	assert_int_equal(lent_to(&other.attachment, &l, NULL), 1);
	assert_string_equal(l.before.name, "eth9");
	assert_int_equal(lent_of_device(ID, &l, NULL), 1);
	assert_string_equal(l.before.name, sample.before.name);
	assert_int_equal(lent_of_device(ID + 2, &l, NULL), 0);
}

static void a_device_is_lent_once(void **state)
{
	struct lent other = sample, l;

	(void)state;
	strcpy(other.attachment.container_id, "c2");
	assert_int_equal(lent_write(&sample, NULL), 0);
	assert_int_equal(lent_write(&other, NULL), 0);
	assert_int_equal(how_many(), 1);
	assert_int_equal(lent_to(&sample.attachment, &l, NULL), 0);
}

static void only_root_reads_it(void **state)
{
	char path[128], hash[WIRE_HASH_LEN];
	struct stat st;

	(void)state;
	assert_int_equal(lent_write(&sample, NULL), 0);
	(void)snprintf(path, sizeof(path), ITS_FILE,
		       wire_attachment_hash(&sample.attachment, hash));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(FOLDER, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* Puts a text in the place of what is remembered, with the first `from` in it changed to `to`. */
static void rewrite(const char *from, const char *to)
{
	char path[128], hash[WIRE_HASH_LEN], changed[4096], *at;
	auto_free char *text = NULL;

	assert_int_equal(lent_write(&sample, NULL), 0);
	(void)snprintf(path, sizeof(path), ITS_FILE,
		       wire_attachment_hash(&sample.attachment, hash));
	assert_int_equal(file_read(AT_FDCWD, path, 65536, &text, NULL, NULL), 0);
	at = strstr(text, from);
	assert_non_null(at);
	(void)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to,
		       at + strlen(from));
	assert_int_equal(file_replace(AT_FDCWD, path, changed, strlen(changed), 0600, NULL), 0);
}

/* The number of a device may be another one's in the next boot. */
static void what_an_earlier_boot_has_left_goes(void **state)
{
	struct lent l;

	(void)state;
	rewrite("\"bootID\":\"", "\"bootID\":\"not-");
	assert_int_equal(lent_of_device(ID, &l, NULL), 0);
	assert_int_equal(how_many(), 0);
	assert_int_equal(rmdir(FOLDER), 0);
}

static void what_cannot_be_understood_is_passed_over(void **state)
{
	static const char *const changes[][2] = {
		{ "{", "{{" },
		{ "\"id\":\"18", "\"id\":\"x18" },
		{ "\"name\":\"enp3", "\"name\":\"a/b" },
		{ "02:ff:", "2:ff:" },
		{ "\"eno1\"", "7" },
		{ "\"network\":\"net1\"", "\"network\":\"\"" },
		{ "\"inode\":\"", "\"inode\":\"-" },
		{ "\"index\":7", "\"index\":-7" },
	};
	struct lent l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		rewrite(changes[i][0], changes[i][1]);
		if (lent_to(&sample.attachment, &l, NULL) != 0)
			fail_msg("taken: %s", changes[i][1]);
	}
}

/* That nothing was lent is not known then. */
static void what_cannot_be_read_is_an_error(void **state)
{
	char path[128], hash[WIRE_HASH_LEN];
	struct err err = ERR_INIT;
	struct lent l;

	(void)state;
	assert_int_equal(lent_write(&sample, NULL), 0);
	(void)snprintf(path, sizeof(path), ITS_FILE,
		       wire_attachment_hash(&sample.attachment, hash));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(lent_to(&sample.attachment, &l, &err), -EISDIR);
	assert_non_null(strstr(err.msg, "Is a directory"));
}

int main(void)
{
#define LENT_TEST(f) cmocka_unit_test_setup(f, empty_run)
	const struct CMUnitTest tests[] = {
		LENT_TEST(what_is_written_is_read_back),
		LENT_TEST(what_is_forgotten_is_gone),
		LENT_TEST(nothing_was_lent_yet),
		LENT_TEST(others_are_told_apart),
		LENT_TEST(a_device_is_lent_once),
		LENT_TEST(only_root_reads_it),
		LENT_TEST(what_an_earlier_boot_has_left_goes),
		LENT_TEST(what_cannot_be_understood_is_passed_over),
		LENT_TEST(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, hide_run, NULL);
}
