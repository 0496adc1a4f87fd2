/* SPDX-License-Identifier: Apache-2.0 */
/* A source that reads a folder of the test's own, against the real inotify: for the tests of it. */
#ifndef SMC_TESTS_UNIT_SOURCE_FOLDER_H
#define SMC_TESTS_UNIT_SOURCE_FOLDER_H

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

#define DEADLINE_MS 5000

static char top[64]; /* the folder above */
static char folder[80];
static struct loop *loop;
static struct source *source;
static char changes[4096]; /* "ns/name " for each that was told */

static inline void on_change(void *arg, const char *namespace, const char *name)
{
	size_t used = strlen(changes);

	(void)arg;
	(void)snprintf(changes + used, sizeof(changes) - used, "%s/%s ", namespace, name);
}

static inline long now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* One turn of the agent's loop; false when nothing came for timeout_ms. */
static inline bool turn(int timeout_ms)
{
	return loop_turn(loop, timeout_ms, NULL) > 0;
}

/* Turns until as many changes as `expected` has were told, and then until all is quiet: these and
 * no more. */
static inline void expect(const char *expected)
{
	long deadline = now_ms() + DEADLINE_MS;

	while (strlen(changes) < strlen(expected) && now_ms() < deadline)
		(void)turn(50);
	while (turn(150) && now_ms() < deadline)
		;
	assert_string_equal(changes, expected);
	changes[0] = '\0';
}

static inline const char *path_of(const char *name)
{
	static char path[2][256];
	static int which;

	which = !which;
	(void)snprintf(path[which], sizeof(path[which]), "%s/%s", folder, name);
	return path[which];
}

/* Written as an editor does that does not care: open, truncate, write, close. */
static inline void put(const char *name, const char *text)
{
	auto_fclose FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
}

static inline void put_pod(const char *file, const char *pod, const char *steer)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
		       "kind: Pod\nmetadata:\n  name: %s\n  annotations: {smc-cni.io/steer: %s}\n",
		       pod, steer);
	put(file, text);
}

static inline void expect_steer(const char *pod, const char *steer)
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

static inline void open_source(void)
{
	struct err err = ERR_INIT;

	changes[0] = '\0';
	if (source_folder_open(folder, loop, on_change, NULL, &source, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(source_synced(source));
}

static inline bool says(const char *text)
{
	return strstr(source_why(source), text) != NULL;
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
