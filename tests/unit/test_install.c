/* SPDX-License-Identifier: Apache-2.0 */
/* Where the plugin goes, what is left alone, and the way back. */
#include "tests/unit/install_folders.h"

#include <sys/mount.h>
#include <time.h>

#include "node-agent/install/pace.h"

/* ---- where ---- */

static void the_dropin_folder_is_used_and_no_foreign_file_is_touched(void **state)
{
	auto_free char *list = NULL, *dropin = NULL;
	struct install_state st;

	(void)state;
	put("net.d/10-flannel.conflist", FLANNEL);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_true(st.changed && st.dropin);
	assert_string_equal(st.network, "cbr0");
	assert_string_equal(st.list, "10-flannel.conflist");
	list = get("net.d/10-flannel.conflist");
	assert_string_equal(list, FLANNEL);
	dropin = get("net.d/cbr0/" INSTALL_DROPIN);
	assert_non_null(dropin);
	assert_true(install_is_dropin(dropin, strlen(dropin)));
	assert_true(is_there("bin/smc-cni"));
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_false(st.changed);
}

static void an_entry_is_added_behind_the_others_and_all_else_is_kept(void **state)
{
	auto_free char *text = NULL;
	struct install_state st;

	(void)state;
	put("net.d/10-flannel.conflist", FLANNEL);
	assert_int_equal(apply(CONFIG_INSTALL_BY_CONFLIST, &st), 0);
	assert_true(st.changed);
	assert_false(st.dropin);
	text = get("net.d/10-flannel.conflist");
	assert_non_null(strstr(text, "\"disableCheck\": true"));
	assert_true(strstr(text, "zebra") < strstr(text, "plugins") &&
		    strstr(text, "plugins") < strstr(text, "alpha"));
	assert_true(strstr(text, "\"portmap\"") < strstr(text, "\"smc-cni\""));
	assert_int_equal(apply(CONFIG_INSTALL_BY_CONFLIST, &st), 0);
	/* It is in the chain: not a second time. */
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_false(st.changed);
	assert_false(is_there("net.d/cbr0"));
}

static void a_list_that_reads_no_dropin_folder_gets_an_entry(void **state)
{
	struct install_state st;

	(void)state;
	put("net.d/10-a.conflist",
	    "{\"name\": \"a\", \"cniVersion\": \"1.1.0\", \"loadOnlyInlinedPlugins\": true,"
	    " \"plugins\": [{\"type\": \"bridge\"}]}");
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_false(st.dropin);
	assert_int_equal(apply(CONFIG_INSTALL_BY_DROPIN, &st), 0); /* it has the entry by now */
}

static void the_first_file_counts_bytewise_sorted(void **state)
{
	struct install_state st;

	(void)state;
	put("net.d/10-b.conflist", FLANNEL);
	put("net.d/10-B.conflist",
	    "{\"name\": \"big\", \"cniVersion\": \"1.0.0\", \"plugins\": [{\"type\": \"ptp\"}]}");
	put("net.d/00-first.txt", "not looked at");
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_string_equal(st.network, "big");
}

static void a_network_with_a_new_name_takes_our_file_along(void **state)
{
	struct install_state st;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	put("net.d/00-cilium.conflist",
	    "{\"name\": \"cilium\", \"cniVersion\": \"0.3.1\", \"plugins\": [{\"type\": \"cilium-cni\"}]}");
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_true(is_there("net.d/cilium/" INSTALL_DROPIN));
	assert_false(is_there("net.d/cbr0"));
}

static void a_network_with_all_its_plugins_in_a_folder_gets_us_behind_them_or_not_at_all(
	void **state)
{
	struct install_state st;

	(void)state;
	put("net.d/10-a.conflist", "{\"name\": \"a\", \"cniVersion\": \"1.1.0\"}");
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), -EOPNOTSUPP);
	assert_int_equal(mkdir(path_of("net.d/a"), 0755), 0);
	put("net.d/a/60-bridge.conf", "{\"type\": \"bridge\"}");
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "would be the first"));
	put("net.d/a/10-ptp.conf", "{\"type\": \"ptp\"}");
	assert_int_equal(apply(CONFIG_INSTALL_BY_CONFLIST, &st), -EOPNOTSUPP);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_true(is_there("net.d/a/" INSTALL_DROPIN));
	assert_int_equal(unlink(path_of("net.d/a/10-ptp.conf")), 0);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), -EOPNOTSUPP);
	assert_false(is_there("net.d/a/" INSTALL_DROPIN));
}

/* CRI-O passes it over; containerd starts no pod then, whatever we do. */
static void a_bad_file_is_passed_over_when_it_stays_bad(void **state)
{
	const struct timespec old[2] = { { .tv_sec = time(NULL) - 2 * INSTALL_BAD_STAYS_S },
					 { .tv_sec = time(NULL) - 2 * INSTALL_BAD_STAYS_S } };
	struct install_state st;

	(void)state;
	put("net.d/00-bad.conflist", "{\"name\": \"half");
	put("net.d/10-a.conflist", FLANNEL);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), -EINVAL);
	assert_non_null(strstr(err.msg, "00-bad.conflist"));
	assert_int_equal(utimensat(AT_FDCWD, path_of("net.d/00-bad.conflist"), old, 0), 0);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	assert_string_equal(st.network, "cbr0");
}

/* ---- what is left alone ---- */

static const struct refused {
	const char *name, *text, *says;
	int rc;
} refused[] = {
	{ "10-a.conf", "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"type\": \"bridge\"}",
	  "single plugin", -EOPNOTSUPP },
	{ "10-a.conflist",
	  "{\"name\": \"a\", \"cniVersion\": \"0.2.0\", \"plugins\": [{\"type\": \"b\"}]}", "0.2.0",
	  -EOPNOTSUPP },
	{ "10-a.conflist", "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"plugins\": [{\"ty",
	  "10-a.conflist", -EINVAL },
	{ "10-a.conflist", "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"plugins\": []}", "empty",
	  -EINVAL },
	{ "10-a.conflist",
	  "{\"name\": \"../../etc\", \"cniVersion\": \"1.0.0\", \"plugins\": [{\"type\": \"b\"}]}",
	  "../../etc", -EINVAL },
};

static void what_cannot_be_joined_is_left_alone_and_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		auto_free char *name = NULL, *text = NULL;
		struct install_state st;

		assert_true(asprintf(&name, "net.d/%s", refused[i].name) > 0);
		put(name, refused[i].text);
		assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), refused[i].rc);
		assert_non_null(strstr(err.msg, refused[i].says));
		text = get(name);
		assert_string_equal(text, refused[i].text);
		assert_int_equal(unlink(path_of(name)), 0);
	}
}

static void a_folder_without_a_network_is_waited_for(void **state)
{
	struct install_state st;

	(void)state;
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), -ENOENT);
	assert_true(is_there("bin/smc-cni")); /* the program is there before any configuration */
}

static void a_list_that_changed_meanwhile_is_not_overwritten(void **state)
{
	auto_free char *text = NULL;
	struct install_list l;
	struct stat was;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	assert_int_equal(install_read_list(path_of("net.d"), "10-a.conflist", &l, &was, &err), 0);
	put("net.d/10-a.conflist", "theirs");
	assert_int_equal(install_edit_list(path_of("net.d"), "10-a.conflist", &l, &was, "/s", &err),
			 -EAGAIN);
	install_list_clear(&l);
	text = get("net.d/10-a.conflist");
	assert_string_equal(text, "theirs");
}

static void a_full_disk_leaves_everything_as_it_was(void **state)
{
	static char filler[64 * 1024];
	auto_free char *text = NULL;
	struct install_state st;
	int fd;

	(void)state;
	if (mount("tmpfs", path_of("net.d"), "tmpfs", 0, "size=16k") < 0)
		skip(); /* not root */
	put("net.d/10-a.conflist", FLANNEL);
	fd = open(path_of("net.d/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(write(fd, filler, sizeof(filler)) > 0);
	(void)close(fd);
	assert_int_equal(apply(CONFIG_INSTALL_BY_CONFLIST, &st), -ENOSPC);
	text = get("net.d/10-a.conflist");
	assert_string_equal(text, FLANNEL);
	assert_int_equal(unlink(path_of("net.d/filler")), 0);
	assert_int_equal(apply(CONFIG_INSTALL_BY_CONFLIST, &st), 0);
	assert_int_equal(umount(path_of("net.d")), 0);
}

static void a_read_only_folder_is_said(void **state)
{
	struct install_state st;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	if (mount(path_of("net.d"), path_of("net.d"), NULL, MS_BIND, NULL) < 0)
		skip(); /* not root */
	assert_int_equal(
		mount(NULL, path_of("net.d"), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), -EROFS);
	assert_non_null(strstr(err.msg, "Read-only file system"));
	assert_int_equal(umount(path_of("net.d")), 0);
}

/* ---- the way back ---- */

static void undo_takes_away_what_was_put(void **state)
{
	static const enum config_install modes[] = { CONFIG_INSTALL_AUTO,
						     CONFIG_INSTALL_BY_CONFLIST };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		auto_free char *text = NULL;
		struct install_state st;

		put("net.d/10-a.conflist", FLANNEL);
		assert_int_equal(apply(modes[i], &st), 0);
		assert_int_equal(undo(), 0);
		assert_false(is_there("net.d/cbr0"));
		assert_false(is_there("bin/smc-cni"));
		assert_false(is_there("bin/" INSTALL_MARK));
		text = get("net.d/10-a.conflist");
		assert_null(strstr(text, "smc-cni"));
		assert_non_null(strstr(text, "portmap"));
	}
}

static void undo_leaves_what_an_operator_installed_by_hand(void **state)
{
	auto_free char *text = NULL;

	(void)state;
	put("bin/smc-cni", "by make install");
	put("net.d/10-a.conflist",
	    "{\"name\": \"a\", \"cniVersion\": \"1.0.0\", \"plugins\": [{\"type\": \"smc-cni\"}]}");
	assert_int_equal(undo(), 0);
	assert_true(is_there("bin/smc-cni"));
	text = get("net.d/10-a.conflist");
	assert_non_null(strstr(text, "smc-cni"));
}

static void the_program_stays_while_a_cached_result_names_it(void **state)
{
	struct install_state st;

	(void)state;
	put("net.d/10-a.conflist", FLANNEL);
	assert_int_equal(apply(CONFIG_INSTALL_AUTO, &st), 0);
	/* {"plugins":[{"type":"smc-cni"}]} */
	put("cache/cbr0-1-eth0",
	    "{\"kind\": \"cniCacheV1\", \"config\": \"eyJwbHVnaW5zIjpbeyJ0eXBlIjoic21jLWNuaSJ9XX0=\"}");
	assert_int_equal(undo(), 0);
	assert_false(is_there("net.d/cbr0"));
	assert_true(is_there("bin/smc-cni"));
	assert_int_equal(unlink(path_of("cache/cbr0-1-eth0")), 0);
	assert_int_equal(undo(), 0);
	assert_false(is_there("bin/smc-cni"));
}

/* ---- pace ---- */

static void who_fights_for_the_list_is_met_ever_later_and_then_not(void **state)
{
	struct install_pace p = { 0 };
	int64_t now = 1000, last = 0;

	(void)state;
	assert_int_equal(install_pace_done(&p, INSTALL_PUT, now), INSTALL_PACE_CHECK_MS);
	assert_int_equal(install_pace_event(&p, now), INSTALL_PACE_SETTLE_MS);
	for (int i = 1; i < INSTALL_PACE_REPAIRS_MAX; i++) {
		(void)install_pace_done(&p, INSTALL_PUT, now);
		assert_false(install_pace_rests(&p, now));
		assert_true(install_pace_event(&p, now) > last);
		last = install_pace_event(&p, now);
	}
	assert_int_equal(install_pace_done(&p, INSTALL_PUT, now), INSTALL_PACE_REST_MS);
	assert_true(install_pace_rests(&p, now));
	assert_int_equal(install_pace_event(&p, now + 1), INSTALL_PACE_REST_MS - 1);
	assert_false(install_pace_rests(&p, now + INSTALL_PACE_REST_MS));
}

static void failures_are_retried_ever_later(void **state)
{
	struct install_pace p = { 0 };

	(void)state;
	assert_int_equal(install_pace_done(&p, INSTALL_FAILED, 0), INSTALL_PACE_RETRY_MS);
	assert_int_equal(install_pace_done(&p, INSTALL_FAILED, 0), 2 * INSTALL_PACE_RETRY_MS);
	for (int i = 0; i < 100; i++)
		assert_true(install_pace_done(&p, INSTALL_FAILED, 0) <= INSTALL_PACE_RETRY_MAX_MS);
	assert_int_equal(install_pace_done(&p, INSTALL_WAS_RIGHT, 0), INSTALL_PACE_CHECK_MS);
	assert_int_equal(install_pace_done(&p, INSTALL_FAILED, 0), INSTALL_PACE_RETRY_MS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(the_dropin_folder_is_used_and_no_foreign_file_is_touched),
		CASE(an_entry_is_added_behind_the_others_and_all_else_is_kept),
		CASE(a_list_that_reads_no_dropin_folder_gets_an_entry),
		CASE(the_first_file_counts_bytewise_sorted),
		CASE(a_network_with_a_new_name_takes_our_file_along),
		CASE(a_network_with_all_its_plugins_in_a_folder_gets_us_behind_them_or_not_at_all),
		CASE(a_bad_file_is_passed_over_when_it_stays_bad),
		CASE(what_cannot_be_joined_is_left_alone_and_named),
		CASE(a_folder_without_a_network_is_waited_for),
		CASE(a_list_that_changed_meanwhile_is_not_overwritten),
		CASE(a_full_disk_leaves_everything_as_it_was),
		CASE(a_read_only_folder_is_said),
		CASE(undo_takes_away_what_was_put),
		CASE(undo_leaves_what_an_operator_installed_by_hand),
		CASE(the_program_stays_while_a_cached_result_names_it),
		cmocka_unit_test(who_fights_for_the_list_is_met_ever_later_and_then_not),
		cmocka_unit_test(failures_are_retried_ever_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
