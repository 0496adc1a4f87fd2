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
#include "tests/unit/tree.h"

/* All against the real inotify, in a folder of the test's own. */

#define DEADLINE_MS 5000

static char top[64]; /* the folder above */
static char folder[80];
static struct loop *loop;
static struct source *source;
static char changes[4096]; /* "ns/name " for each that was told */

static void on_change(void *arg, const char *namespace, const char *name)
{
	size_t used = strlen(changes);

	(void)arg;
	(void)snprintf(changes + used, sizeof(changes) - used, "%s/%s ", namespace, name);
}

static long now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* One turn of the agent's loop; false when nothing came for timeout_ms. */
static bool turn(int timeout_ms)
{
	return loop_turn(loop, timeout_ms, NULL) > 0;
}

/* Turns until as many changes as `expected` has were told, and then until all is quiet: these and
 * no more. */
static void expect(const char *expected)
{
	long deadline = now_ms() + DEADLINE_MS;

	while (strlen(changes) < strlen(expected) && now_ms() < deadline)
		(void)turn(50);
	while (turn(150) && now_ms() < deadline)
		;
	assert_string_equal(changes, expected);
	changes[0] = '\0';
}

static const char *path_of(const char *name)
{
	static char path[2][256];
	static int which;

	which = !which;
	(void)snprintf(path[which], sizeof(path[which]), "%s/%s", folder, name);
	return path[which];
}

/* Written as an editor does that does not care: open, truncate, write, close. */
static void put(const char *name, const char *text)
{
	auto_fclose FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
}

static void put_pod(const char *file, const char *pod, const char *steer)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
		       "kind: Pod\nmetadata:\n  name: %s\n  annotations: {smc-cni.io/steer: %s}\n",
		       pod, steer);
	put(file, text);
}

static void expect_steer(const char *pod, const char *steer)
{
	const struct object_pod *p = source_pod(source, "default", pod);

	if (!steer) {
		assert_null(p);
		return;
	}
	assert_non_null(p);
	assert_string_equal(json_string_value(json_object_get(p->annotations, "smc-cni.io/steer")),
			    steer);
}

static void open_source(void)
{
	struct err err = ERR_INIT;

	changes[0] = '\0';
	if (source_folder_open(folder, loop, on_change, NULL, &source, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(source_synced(source));
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(top, sizeof(top), "/tmp/test-source.XXXXXX");
	if (!mkdtemp(top) || loop_new(&loop, NULL) < 0)
		return -1;
	(void)snprintf(folder, sizeof(folder), "%s/pods", top);
	return mkdir(folder, 0755);
}

static int teardown(void **state)
{
	(void)state;
	source_close(source);
	source = NULL;
	loop_free(loop);
	return tree_remove(top);
}

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
	put_pod(".tmp.yaml", "a",
		"enabled"); /* and the careful: a new file, renamed over the old one */
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

static bool says(const char *text)
{
	return strstr(source_why(source), text) != NULL;
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

#define BANK "kind: Namespace\nmetadata: {name: bank, annotations: {smc-cni.io/steer: required}}\n"

static const struct object_namespace *bank(void)
{
	return source_namespace(source, "bank");
}

/* What the agent writes down, and reads at its next start. */
static void seed(const char *pods)
{
	json_auto_t *saved = NULL;
	auto_free char *text = NULL;

	assert_true(asprintf(&text, "{\"namespaces\":{\"bank\":{\"smc-cni.io/steer\":\"required\"}},\"pods\":[%s]}",
			     pods) > 0);
	saved = json_loads(text, 0, NULL);
	assert_non_null(saved);
	assert_int_equal(source_seed(source, saved, NULL), 0);
}

static void a_bad_file_at_the_start_says_what_it_said_before(void **state)
{
	(void)state;
	put("ns.yaml", BANK "  labels: [\n");
	put_pod("a.yaml", "a", "enabled");
	open_source();
	assert_null(bank());
	seed("{\"namespace\":\"default\",\"name\":\"b\",\"uid\":\"\",\"annotations\":{\"smc-cni.io/steer\":\"enabled\"}},"
	     "{\"namespace\":\"default\",\"name\":\"a\",\"uid\":\"\",\"annotations\":{}}");
	expect("bank/ default/b ");
	assert_non_null(bank());
	expect_steer("a", "enabled"); /* as a good file says it now */
	expect_steer("b", "enabled");
	assert_true(says("/ns.yaml' has errors"));
	put("ns.yaml", BANK);
	expect("default/b "); /* all is known now */
	expect_steer("b", NULL);
	assert_non_null(bank());
	put("ns.yaml", "");
	expect("bank/ ");
}

static void a_folder_that_is_away_at_the_start_says_what_it_said_before(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/x", top);
	open_source();
	seed("");
	expect("bank/ ");
	assert_non_null(bank());
	assert_int_equal(mkdir(folder, 0755), 0);
	expect("bank/ ");
	assert_null(bank());
}

static void a_folder_that_is_whole_needs_nothing_of_before(void **state)
{
	(void)state;
	put_pod("a.yaml", "a", "enabled");
	open_source();
	seed("");
	expect("");
	assert_null(bank());
}

static void what_an_earlier_run_left_half_is_refused(void **state)
{
	static const char *const texts[] = {
		"{}", "{\"namespaces\":{}}", "{\"namespaces\":[],\"pods\":[]}", "{\"namespaces\":{\"A\":{}},\"pods\":[]}",
		"{\"namespaces\":{\"a\":{\"k\":7}},\"pods\":[]}", "{\"namespaces\":{},\"pods\":[7]}",
		"{\"namespaces\":{},\"pods\":[{\"namespace\":\"a\",\"name\":\"b\",\"uid\":\"\"}]}",
	};

	(void)state;
	put("bad.yaml", "kind: [\n");
	open_source();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_auto_t *saved = json_loads(texts[i], 0, NULL);
		struct err err = ERR_INIT;

		assert_non_null(saved);
		assert_int_equal(source_seed(source, saved, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "of an earlier run cannot be taken over"));
	}
	expect("");
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

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
		CASE(a_bad_file_at_the_start_says_what_it_said_before),
		CASE(a_folder_that_is_away_at_the_start_says_what_it_said_before),
		CASE(a_folder_that_is_whole_needs_nothing_of_before),
		CASE(what_an_earlier_run_left_half_is_refused),
		CASE(an_overflow_of_the_queue_loses_nothing),
		CASE(all_is_had_in_order_to_be_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
