/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/loop/loop.h"
#include "node-agent/object/manifest.h"
#include "node-agent/source/source.h"
#include "tests/unit/source_folder.h"

static void what_is_there_at_the_start_is_known_and_not_told(void **state)
{
	(void)state;
	put_pod("a.yaml", "a", "enabled");
	put("b.yml", "kind: Namespace\nmetadata: {name: shop}\n");
	put("c.json", "{\"kind\": \"Pod\", \"metadata\": {\"name\": \"c\"}}");
	open_source();
	expect_steer("a", "enabled");
	assert_non_null(source_namespace(source, "shop"));
	assert_null(source_namespace(source, "default"));
	assert_non_null(source_pod(source, "default", "c"));
	assert_null(source_pod(source, "shop", "a"));
	expect("");
}

static void created_changed_and_removed_files_are_told(void **state)
{
	(void)state;
	open_source();
	put_pod("a.yaml", "a", "enabled");
	expect("default/a ");
	expect_steer("a", "enabled");
	put_pod("a.yaml", "a", "disabled");
	expect("default/a ");
	expect_steer("a", "disabled");
	put_pod("a.yaml", "a", "disabled"); /* the same again */
	expect("");
	put("a.yaml", "kind: Namespace\nmetadata: {name: shop}\n");
	expect("shop/ default/a ");
	expect_steer("a", NULL);
	assert_int_equal(unlink(path_of("a.yaml")), 0);
	expect("shop/ ");
	assert_null(source_namespace(source, "shop"));
}

static void a_renamed_file_changes_nothing(void **state)
{
	(void)state;
	put_pod("a.yaml", "a", "enabled");
	open_source();
	assert_int_equal(rename(path_of("a.yaml"), path_of("z.yaml")), 0);
	expect("");
	expect_steer("a", "enabled");
	assert_int_equal(rename(path_of("z.yaml"), path_of("z.txt")), 0);
	expect("default/a ");
	assert_int_equal(rename(path_of("z.txt"), path_of("z.yaml")), 0);
	expect("default/a ");
}

/* vim: the old file becomes a backup, a new one is written, the backup goes. */
static void an_editors_way_of_saving_is_one_change(void **state)
{
	(void)state;
	put_pod("a.yaml", "a", "enabled");
	open_source();
	for (int i = 0; i < 20; i++) {
		long begin = now_ms();

		assert_int_equal(rename(path_of("a.yaml"), path_of("a.yaml~")), 0);
		(void)turn(5); /* the agent wakes up in the middle of it */
		put_pod("a.yaml", "a", i % 2 ? "enabled" : "disabled");
		assert_int_equal(unlink(path_of("a.yaml~")), 0);
		if (now_ms() - begin < 30)
			break;
		(void)turn(200); /* this machine is too busy to be as quick as an editor: again */
		(void)turn(200);
		changes[0] = '\0';
	}
	expect("default/a ");
	put_pod("a.yaml", "a", "disabled");
	while (turn(200))
		;
	changes[0] = '\0';
	put_pod(".a.yaml.swp", "b", "enabled");
	put_pod(".b.yaml", "b", "enabled");
	put_pod("b.yaml~", "b", "enabled");
	put_pod("b.yaml.bak", "b", "enabled");
	expect("");
	put_pod(".tmp.yaml", "a", "enabled"); /* and the careful: a new file, renamed over the old
						 one */
	assert_int_equal(rename(path_of(".tmp.yaml"), path_of("a.yaml")), 0);
	expect("default/a ");
	expect_steer("a", "enabled");
}

static void a_file_is_not_read_while_somebody_writes_it(void **state)
{
	auto_close int fd = -1;

	(void)state;
	put_pod("a.yaml", "a", "enabled");
	open_source();
	fd = open(path_of("a.yaml"), O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	put_pod("b.yaml", "b", "enabled"); /* makes the folder be read meanwhile */
	expect("default/b ");
	expect_steer("a", "enabled");
	assert_int_equal(write(fd, "kind: Pod\nmetadata: {name: a}\n", 30), 30);
	expect("");
	assert_int_equal(close(TAKE_FD(fd)), 0);
	expect("default/a ");
}

static void a_bad_file_keeps_what_it_brought_until_it_is_good_or_gone(void **state)
{
	(void)state;
	put_pod("a.yaml", "a", "enabled");
	put_pod("b.yaml", "b", "enabled");
	open_source();
	put("a.yaml", "kind: Pod\nmetadata: [\n");
	put_pod("b.yaml", "b", "disabled"); /* the others are served */
	expect("default/b ");
	expect_steer("a", "enabled");
	put("a.yaml", "kind: Pod\nmetadata: {name: a, annotations: {smc-cni.io/steer: true}}\n"
		      "---\nkind: Pod\nmetadata: {name: c}\n");
	expect("default/c "); /* and so are its own good documents */
	expect_steer("a", "enabled");
	put("a.yaml", "kind: Pod\nmetadata: {name: c}\n");
	expect("default/a ");
	put("a.yaml", "]");
	expect("");
	assert_int_equal(unlink(path_of("a.yaml")), 0);
	expect("default/c ");
}

static void of_two_files_with_the_same_pod_the_first_by_name_counts(void **state)
{
	(void)state;
	put_pod("b.yaml", "a", "enabled");
	open_source();
	put_pod("c.yaml", "a", "disabled");
	expect("");
	expect_steer("a", "enabled");
	put_pod("a.yaml", "a", "required");
	expect("default/a ");
	expect_steer("a", "required");
	assert_int_equal(unlink(path_of("a.yaml")), 0);
	assert_int_equal(unlink(path_of("b.yaml")), 0);
	expect("default/a ");
	expect_steer("a", "disabled");
}

/* As kubelet updates a volume: files link to ..data/FILE, ..data links to a folder that is
 * swapped. */
static void the_swap_of_a_config_map_is_noticed(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of("..1"), 0755), 0);
	put_pod("..1/a.yaml", "a", "enabled");
	assert_int_equal(symlink("..1", path_of("..data")), 0);
	assert_int_equal(symlink("..data/a.yaml", path_of("a.yaml")), 0);
	open_source();
	expect_steer("a", "enabled");
	assert_int_equal(mkdir(path_of("..2"), 0755), 0);
	put_pod("..2/a.yaml", "a", "disabled");
	assert_int_equal(symlink("..2", path_of("..data_tmp")), 0);
	assert_int_equal(rename(path_of("..data_tmp"), path_of("..data")), 0);
	assert_int_equal(unlink(path_of("..1/a.yaml")), 0);
	assert_int_equal(rmdir(path_of("..1")), 0);
	expect("default/a ");
	expect_steer("a", "disabled");
}

static void links_of_both_kinds_are_files(void **state)
{
	char outside[96];

	(void)state;
	open_source();
	(void)snprintf(outside, sizeof(outside), "%s/outside", top);
	assert_int_equal(rename((put_pod("x", "a", "enabled"), path_of("x")), outside), 0);
	assert_int_equal(link(outside, path_of("hard.yaml")), 0);
	expect("default/a ");
	assert_int_equal(unlink(path_of("hard.yaml")), 0);
	expect("default/a ");
	assert_int_equal(symlink(outside, path_of("soft.yaml")), 0);
	expect("default/a ");
	assert_int_equal(symlink("/nonexistent", path_of("dangling.yaml")), 0);
	assert_int_equal(mkdir(path_of("folder.yaml"), 0755), 0);
	assert_int_equal(mkfifo(path_of("fifo.yaml"), 0600), 0);
	expect("");
	expect_steer("a", "enabled");
}

/* That nobody can be asked is no answer: what it said counts until it is there again. */
static void a_folder_may_come_later_and_go_and_come_again(void **state)
{
	char away[96];

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/x/y/pods", top);
	open_source();
	expect("");
	assert_true(says("/pods' is not there"));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(file_mkdirs(folder, 0755, NULL), 0);
		put_pod("a.yaml", "a", "enabled");
		expect("default/a ");
		assert_string_equal(source_why(source), "");
		put_pod("a.yaml", "a", "disabled");
		expect("default/a ");
		assert_int_equal(unlink(path_of("a.yaml")), 0);
		assert_int_equal(rmdir(folder), 0);
		expect("");
		expect_steer("a", "disabled");
		assert_true(says("/pods' is not there"));
		(void)snprintf(away, sizeof(away), "%s/x/y", top);
		assert_int_equal(rmdir(away), 0);
	}
	assert_int_equal(file_mkdirs(folder, 0755, NULL), 0);
	put_pod("a.yaml", "a", "enabled");
	expect("default/a ");
	(void)snprintf(away, sizeof(away), "%s/away", top);
	assert_int_equal(rename(folder, away), 0); /* with all that is in it */
	expect("");
	expect_steer("a", "enabled");
	assert_int_equal(file_mkdirs(folder, 0755, NULL), 0); /* empty: that is an answer */
	expect("default/a ");
	expect_steer("a", NULL);
}

static void a_file_in_the_place_of_the_folder_is_said_and_tried_again(void **state)
{
	struct err err = ERR_INIT;
	char file[256];

	(void)state;
	put("file", "");
	(void)snprintf(folder + strlen(folder), sizeof(folder) - strlen(folder), "/file");
	changes[0] = '\0';
	assert_int_equal(source_folder_open(folder, loop, on_change, NULL, &source, &err), 0);
	assert_false(source_synced(source));
	assert_true(says("/file': Not a directory"));
	(void)snprintf(file, sizeof(file), "%s", folder);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0755), 0);
	put_pod("a.yaml", "a", "enabled");
	expect("default/a ");
	assert_true(source_synced(source));
	assert_string_equal(source_why(source), "");
}

/* More events than the kernel's queue holds, while nobody reads: that the file was closed is
 * lost. */
static void an_overflow_of_the_queue_loses_nothing(void **state)
{
	long events = 16384;
	auto_fclose FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	auto_fclose FILE *f = NULL;

	(void)state;
	assert_true(limit && fscanf(limit, "%ld", &events) == 1);
	put_pod("a.yaml", "a", "enabled");
	put_pod("b.yaml", "b", "enabled");
	open_source();
	f = fopen(path_of("a.yaml"), "w");
	assert_true(f && fputs("kind: Pod\n", f) > 0 && fflush(f) == 0);
	expect("");
	for (long i = 0; i <= events; i += 2) {
		assert_int_equal(rename(path_of("b.yaml"), path_of("c.yaml")), 0);
		assert_int_equal(rename(path_of("c.yaml"), path_of("b.yaml")), 0);
	}
	assert_true(fputs("metadata: {name: a}\n", f) > 0 && fclose(TAKE_PTR(f)) == 0);
	expect("default/a ");
	put_pod("b.yaml", "b", "disabled");
	expect("default/b ");
}

static void all_is_had_in_order_to_be_kept(void **state)
{
	auto_free struct manifest_object **list = NULL;

	(void)state;
	put("a.yaml", "kind: Namespace\nmetadata: {name: b}\n---\nkind: Namespace\n"
		      "metadata: {name: a}\n---\nkind: Pod\nmetadata: {name: c}\n");
	open_source();
	assert_int_equal(source_objects(source, &list), 3);
	assert_string_equal(list[0]->namespace.name, "a");
	assert_string_equal(list[1]->namespace.name, "b");
	assert_string_equal(list[2]->pod.name, "c");
	for (int i = 0; i < 3; i++)
		manifest_object_unref(list[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_there_at_the_start_is_known_and_not_told),
		CASE(created_changed_and_removed_files_are_told),
		CASE(a_renamed_file_changes_nothing),
		CASE(an_editors_way_of_saving_is_one_change),
		CASE(a_file_is_not_read_while_somebody_writes_it),
		CASE(a_bad_file_keeps_what_it_brought_until_it_is_good_or_gone),
		CASE(of_two_files_with_the_same_pod_the_first_by_name_counts),
		CASE(the_swap_of_a_config_map_is_noticed),
		CASE(links_of_both_kinds_are_files),
		CASE(a_folder_may_come_later_and_go_and_come_again),
		CASE(a_file_in_the_place_of_the_folder_is_said_and_tried_again),
		CASE(an_overflow_of_the_queue_loses_nothing),
		CASE(all_is_had_in_order_to_be_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
