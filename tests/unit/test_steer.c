/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of node-agent/steer/ that need no kernel of their own: what facts are made of, paths
 * and layouts. Programs, maps and pins are tried in tests/vm/cases/steer-*.sh. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

#include "node-agent/steer/impl.h"
#include "tests/unit/tree.h"

static struct err err;
static char dir[64];

static int make_folder(void **state)
{
	(void)state;
	err = ERR_INIT;
	strcpy(dir, "/tmp/test_steer.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return tree_remove(dir);
}

/* Writes dir/name and returns its path, good until the next call. */
static const char *file(const char *name, const char *content)
{
	static char path[PATH_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void folder(const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static bool exists(const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void assert_targets(const char *kallsyms, enum facts_target v4, enum facts_target v6)
{
	struct steer_symbols got;

	assert_int_equal(steer_facts_symbols(file("kallsyms", kallsyms), &got, &err), 0);
	assert_int_equal(got.v4.target, v4);
	assert_int_equal(got.v6.target, v6);
	assert_true(got.v4.address == (v4 == FACTS_TARGET_OK ? 0xffffffff82e4f2c0 : 0));
	assert_true(got.v6.address == (v6 == FACTS_TARGET_OK ? 0xffffffffc0a4f2c0 : 0));
}

static void landlock_is_found_or_not_there(void **state)
{
	struct steer_symbols got;

	(void)state;
	assert_int_equal(steer_facts_symbols(file("kallsyms", "ffffffff82e4f2c0 b inetsw\n"), &got,
					     &err),
			 0);
	assert_int_equal(got.landlock.target, FACTS_TARGET_NO_SYMBOL);
	assert_true(got.landlock.address == 0);
	assert_int_equal(
		steer_facts_symbols(file("kallsyms", "ffffffff83000010 D landlock_blob_sizes\n"),
				    &got, &err),
		0);
	assert_true(got.landlock.address == 0xffffffff83000010);
}

static void a_symbol_with_an_address_can_be_read(void **state)
{
	(void)state;
	assert_targets("ffffffff81000000 T _stext\n"
		       "ffffffff82e4f2c0 b inetsw\n"
		       "ffffffffc0a4f2c0 b inetsw6\t[ipv6]\n",
		       FACTS_TARGET_OK, FACTS_TARGET_OK);
}

static void a_symbol_without_an_address_is_hidden(void **state)
{
	(void)state;
	assert_targets("0000000000000000 b inetsw\n0000000000000000 b inetsw6\n",
		       FACTS_TARGET_HIDDEN, FACTS_TARGET_HIDDEN);
}

static void what_link_time_optimisation_has_renamed_is_found(void **state)
{
	(void)state;
	assert_targets("ffffffff82e4f2c0 b inetsw.llvm.1234567890123456789\n"
		       "ffffffffc0a4f2c0 b inetsw6.lto_priv.0\t[ipv6]\n",
		       FACTS_TARGET_OK, FACTS_TARGET_OK);
	assert_targets("0000000000000000 b inetsw.llvm.12\n0000000000000000 b inetsw6.llvm.12\n",
		       FACTS_TARGET_HIDDEN, FACTS_TARGET_HIDDEN);
	/* The plain name is what the kernel's source has: the others are somebody else's. */
	assert_targets("ffffffff82e40000 b inetsw.llvm.12\n"
		       "ffffffff82e4f2c0 b inetsw\n"
		       "ffffffff82e50000 b inetsw.llvm.13\n",
		       FACTS_TARGET_OK, FACTS_TARGET_NO_SYMBOL);
	assert_targets("ffffffff82e40000 b inetsw.llvm.\n"
		       "ffffffff82e40000 b inetsw.cold\n"
		       "ffffffff82e40000 b inetsw.llvm.1x\n"
		       "ffffffff82e40000 b inetsw_lock.llvm.1\n"
		       "ffffffff82e40000 b inetsw6.constprop.0\n",
		       FACTS_TARGET_NO_SYMBOL, FACTS_TARGET_NO_SYMBOL);
}

static void one_of_two_symbols_is_not_guessed(void **state)
{
	(void)state;
	assert_targets("ffffffff82e4f2c0 b inetsw.llvm.12\n"
		       "ffffffff82e50000 b inetsw.llvm.13\n"
		       "ffffffff82e60000 b inetsw6\nffffffff82e70000 b inetsw6\t[ipv6]\n",
		       FACTS_TARGET_AMBIGUOUS, FACTS_TARGET_AMBIGUOUS);
}

static void a_symbol_of_a_similar_name_is_another(void **state)
{
	(void)state;
	assert_targets("ffffffff82e4f2c0 d inetsw_array\n"
		       "ffffffff82e4f2c0 b inetsw_lock\n"
		       "ffffffff82e4f2c0 b inetsw6_lock\n"
		       "ffffffff82e4f2c0 b my_inetsw\n",
		       FACTS_TARGET_NO_SYMBOL, FACTS_TARGET_NO_SYMBOL);
}

static void ipv6_that_is_not_loaded_is_told_apart(void **state)
{
	(void)state;
	assert_targets("ffffffff82e4f2c0 b inetsw\n", FACTS_TARGET_OK, FACTS_TARGET_NO_SYMBOL);
}

static void a_missing_symbol_table_is_named(void **state)
{
	struct steer_symbols got;

	(void)state;
	assert_int_equal(steer_facts_symbols("/nonexistent", &got, &err), -ENOENT);
	assert_string_equal(err.msg, "open '/nonexistent': No such file or directory");
}

static void the_unsafe_ulp_is_the_one_that_is_listed(void **state)
{
	(void)state;
	assert_true(steer_facts_ulp_unsafe("espintcp mptcp smc\n", true, "6.12.0"));
	assert_true(steer_facts_ulp_unsafe("smc\n", true, "6.12.0"));
	assert_true(steer_facts_ulp_unsafe("smc mptcp", true, "7.0.0-patched"));
	assert_false(steer_facts_ulp_unsafe("espintcp mptcp\n", true, "6.19.4"));
	assert_false(steer_facts_ulp_unsafe("xsmc smcx\n", true, "6.12.0"));
}

static void an_old_kernel_is_unsafe_until_smc_is_loaded(void **state)
{
	(void)state;
	assert_true(steer_facts_ulp_unsafe("", false, "6.19.4"));
	assert_false(steer_facts_ulp_unsafe("", true, "6.19.4"));
	assert_false(steer_facts_ulp_unsafe("", false, "7.0.1"));
	assert_false(steer_facts_ulp_unsafe("", false, "10.1"));
	assert_true(steer_facts_ulp_unsafe("", false, "unreadable"));
}

static void facts_can_be_read_here(void **state)
{
	struct facts_kernel facts;

	(void)state;
	assert_int_equal(steer_facts_read(&facts, &err), 0);
	assert_int_equal(facts.btf, access("/sys/kernel/btf/vmlinux", R_OK) == 0);
}

static void a_folder_name_is_a_layout_only_in_one_spelling(void **state)
{
	static const char *const others[] = {
		"",   "v",   "v0",  "v01", "v1x", "x1", "1",
		"V1", "v-1", "v+1", "v 1", "v1.", ".",	"v99999999999999999999"
	};

	(void)state;
	assert_int_equal(pins_layout("v1"), 1);
	assert_int_equal(pins_layout("v42"), 42);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(pins_layout(others[i]), 0);
}

static void a_pin_lies_in_the_folder_of_its_layout(void **state)
{
	char path[PATH_MAX];
	char deep[PATH_MAX + 10];

	(void)state;
	assert_int_equal(pins_path(path, "/b", 3, "pods", &err), 0);
	assert_string_equal(path, "/b/v3/pods");
	assert_int_equal(pins_path(path, "/b", 3, NULL, &err), 0);
	assert_string_equal(path, "/b/v3");
	memset(deep, 'x', sizeof(deep));
	deep[0] = '/';
	deep[PATH_MAX - 3] = '\0';
	assert_int_equal(pins_path(path, deep, 3, NULL, &err), -ENAMETOOLONG);
}

static void a_folder_that_is_not_on_a_bpffs_is_refused_with_the_reason(void **state)
{
	(void)state;
	assert_int_equal(pins_check_fs("/proc/none/smc-cni", &err), -EINVAL);
	assert_string_equal(err.msg, "use bpffs folder '/proc/none/smc-cni': '/proc' is not on a "
				     "bpffs (mount -t bpf bpf /sys/fs/bpf)");
	assert_int_equal(pins_check_fs("/smc-cni-test/of/nothing", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "': '/' is not on a bpffs"));
	assert_int_equal(pins_check_fs("bpf/smc-cni", &err), -EINVAL);
	assert_string_equal(err.msg, "use bpffs folder 'bpf/smc-cni': not an absolute path");
}

static void steer_open_refuses_an_ordinary_folder_and_makes_nothing(void **state)
{
	struct steer *s = NULL;
	char path[PATH_MAX];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/new", dir);
	assert_int_equal(steer_open(path, &s, &err), -EINVAL);
	assert_null(s);
	assert_false(exists("new"));
}

static void the_newest_layout_is_found_among_other_folders(void **state)
{
	unsigned newest = 77;
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(pins_newest(dir, &newest, &err), 0);
	assert_int_equal(newest, 0);
	folder("v2");
	folder("v10");
	folder("v099");
	folder("other");
	assert_int_equal(pins_newest(dir, &newest, &err), 0);
	assert_int_equal(newest, 10);
	(void)snprintf(path, sizeof(path), "%s/none", dir);
	assert_int_equal(pins_newest(path, &newest, &err), 0);
	assert_int_equal(newest, 0);
}

static void only_layouts_of_the_range_are_removed(void **state)
{
	(void)state;
	folder("v1");
	folder("v2");
	folder("v3");
	folder("v01");
	(void)file("v1/steer_link", "");
	(void)file("v1/pods", "");
	(void)file("v2/steer_link_new", "");
	(void)file("v3/steer_link", "");
	assert_int_equal(pins_remove(dir, 1, 2, &err), 2);
	assert_false(exists("v1"));
	assert_false(exists("v2"));
	assert_true(exists("v3/steer_link"));
	assert_true(exists("v01"));
	assert_int_equal(pins_remove(dir, 1, 2, &err), 0);
}

static void remove_all_leaves_a_newer_layout_and_its_folder(void **state)
{
	(void)state;
	folder("v1");
	folder("v9");
	assert_int_equal(steer_remove_all(dir, &err), 0);
	assert_false(exists("v1"));
	assert_true(exists("v9"));
}

static void remove_all_removes_the_folder_when_it_is_empty(void **state)
{
	char path[PATH_MAX];

	(void)state;
	folder("bpf");
	folder("bpf/v1");
	(void)snprintf(path, sizeof(path), "%s/bpf", dir);
	assert_int_equal(steer_remove_all(path, &err), 0);
	assert_false(exists("bpf"));
	assert_int_equal(steer_remove_all(path, &err), 0);
}

static void a_cgroup_root_that_is_missing_is_named(void **state)
{
	(void)state;
	assert_int_equal(steer_cgroup_remove_all("/nonexistent", &err), -ENOENT);
	assert_string_equal(err.msg, "open cgroup root '/nonexistent': No such file or directory");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_symbol_with_an_address_can_be_read),
		TEST(a_symbol_without_an_address_is_hidden),
		TEST(what_link_time_optimisation_has_renamed_is_found),
		TEST(one_of_two_symbols_is_not_guessed),
		TEST(a_symbol_of_a_similar_name_is_another),
		TEST(ipv6_that_is_not_loaded_is_told_apart),
		TEST(landlock_is_found_or_not_there),
		TEST(a_missing_symbol_table_is_named),
		TEST(the_unsafe_ulp_is_the_one_that_is_listed),
		TEST(an_old_kernel_is_unsafe_until_smc_is_loaded),
		TEST(facts_can_be_read_here),
		TEST(a_folder_name_is_a_layout_only_in_one_spelling),
		TEST(a_pin_lies_in_the_folder_of_its_layout),
		TEST(a_folder_that_is_not_on_a_bpffs_is_refused_with_the_reason),
		TEST(steer_open_refuses_an_ordinary_folder_and_makes_nothing),
		TEST(the_newest_layout_is_found_among_other_folders),
		TEST(only_layouts_of_the_range_are_removed),
		TEST(remove_all_leaves_a_newer_layout_and_its_folder),
		TEST(remove_all_removes_the_folder_when_it_is_empty),
		TEST(a_cgroup_root_that_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
