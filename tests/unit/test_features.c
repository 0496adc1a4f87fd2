/* SPDX-License-Identifier: Apache-2.0 */
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
#include "node-agent/node/features.h"

static char dir[] = "/tmp/test_features.XXXXXX";
static char path[sizeof(dir) + sizeof("/" FEATURES_FILE)];
static struct err err;

static struct facts good(void)
{
	struct facts facts = { .devices.n_smcd = 1 };

	facts.smc.ok = facts.hook.ok = facts.offer.ok = facts.ueid.ok = facts.selinux.ok = true;
	facts.host.ok = facts.plugin.ok = facts.nri.ok = true;
	return facts;
}

static void assert_file_says(const char *want)
{
	auto_free char *text = NULL;

	if (file_read(AT_FDCWD, path, FEATURES_BYTES_MAX, &text, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(text, want);
}

static void each_feature_has_a_line(void **state)
{
	struct facts facts = good();
	char text[FEATURES_BYTES_MAX] = "";
	size_t len = features_text(&facts, text);

	(void)state;
	assert_int_equal(len, strlen(text));
	assert_string_equal(text,
			    "smc-cni.io/nri=true\nsmc-cni.io/smcd=true\nsmc-cni.io/smcr=true\n"
			    "smc-cni.io/steering=true\n");
	facts.devices.n_smcd = 0;
	(void)features_text(&facts, text);
	assert_string_equal(text,
			    "smc-cni.io/nri=true\nsmc-cni.io/smcd=false\nsmc-cni.io/smcr=true\n"
			    "smc-cni.io/steering=true\n");
	facts = good();
	facts.host.ok = facts.nri.ok = false;
	(void)features_text(&facts, text);
	assert_string_equal(text,
			    "smc-cni.io/nri=false\nsmc-cni.io/smcd=true\nsmc-cni.io/smcr=false\n"
			    "smc-cni.io/steering=true\n");
}

static void without_steering_there_is_no_smc(void **state)
{
	static const char nothing[] =
		"smc-cni.io/nri=true\nsmc-cni.io/smcd=false\nsmc-cni.io/smcr=false\n"
		"smc-cni.io/steering=false\n";
	struct facts facts = good();
	struct fact *all[] = { &facts.smc,  &facts.hook,    &facts.offer,
			       &facts.ueid, &facts.selinux, &facts.plugin };
	char text[FEATURES_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		all[i]->ok = false;
		(void)features_text(&facts, text);
		assert_string_equal(text, nothing);
		all[i]->ok = true;
	}
}

static void the_file_is_written_when_it_says_something_else(void **state)
{
	struct facts facts = good();
	struct stat before, after;

	(void)state;
	assert_int_equal(features_write(dir, &facts, &err), 1);
	assert_file_says("smc-cni.io/nri=true\nsmc-cni.io/smcd=true\nsmc-cni.io/smcr=true\n"
			 "smc-cni.io/steering=true\n");
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 07777, 0644);
	assert_int_equal(features_write(dir, &facts, &err), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);

	facts.hook.ok = false;
	assert_int_equal(features_write(dir, &facts, &err), 1);
	assert_file_says("smc-cni.io/nri=true\nsmc-cni.io/smcd=false\nsmc-cni.io/smcr=false\n"
			 "smc-cni.io/steering=false\n");
	assert_int_equal(unlink(path), 0); /* by somebody else */
	assert_int_equal(features_write(dir, &facts, &err), 1);
}

static void the_file_is_removed_and_may_be_gone(void **state)
{
	struct facts facts = good();

	(void)state;
	assert_int_equal(features_write(dir, &facts, &err), 1);
	assert_int_equal(features_remove(dir, &err), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(features_remove(dir, &err), 0);
}

static void without_the_folder_nothing_is_done(void **state)
{
	struct facts facts = good();

	(void)state;
	assert_int_equal(features_write("", &facts, &err), 0);
	assert_int_equal(features_remove("", &err), 0);
	assert_int_equal(features_write("/tmp/no-such-folder-here", &facts, &err), 0);
	assert_int_equal(access("/tmp/no-such-folder-here", F_OK), -1);
	assert_int_equal(features_remove("/tmp/no-such-folder-here", &err), 0);
}

static void what_is_no_folder_is_an_error(void **state)
{
	struct facts facts = good();

	(void)state;
	assert_int_equal(features_write("/etc/passwd", &facts, &err), -ENOTDIR);
	assert_string_equal(err.msg, "open folder of node features '/etc/passwd': Not a directory");
	assert_int_equal(features_remove("/etc/passwd", &err), -ENOTDIR);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/" FEATURES_FILE, dir);
	return 0;
}

static int forget_file(void **state)
{
	(void)state;
	(void)unlink(path);
	err = ERR_INIT;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_feature_has_a_line),
		cmocka_unit_test(without_steering_there_is_no_smc),
		cmocka_unit_test_setup(the_file_is_written_when_it_says_something_else,
				       forget_file),
		cmocka_unit_test_setup(the_file_is_removed_and_may_be_gone, forget_file),
		cmocka_unit_test_setup(without_the_folder_nothing_is_done, forget_file),
		cmocka_unit_test_setup(what_is_no_folder_is_an_error, forget_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
