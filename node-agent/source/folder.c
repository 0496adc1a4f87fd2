/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "node-agent/loop/loop.h"
#include "node-agent/source/files.h"
#include "node-agent/source/impl.h"
#include "node-agent/source/seed.h"
#include "node-agent/source/watch.h"

/* From the first event until the folder is read: what belongs together (an editor's rename,
 * remove and write; a ConfigMap's swap) is then seen as one change. */
#define SETTLE_MS 50
#define AGAIN_MS 1000 /* while it cannot be read, or watched */

struct source_folder {
	struct source source;
	struct loop *loop;
	char *path;
	struct loop_watch loop_watch; /* of `watch` */
	struct loop_timer settle, again;
	struct source_watch *watch;
	struct source_files *files;
	bool read; /* once */
	struct seed seed; /* what an earlier run knew: counts until the files are whole */
	struct err why;
};

static void start_settling(struct source_folder *s)
{
	if (!s->settle.due_ms) /* from the first: a folder without rest is read all the same */
		loop_arm(s->loop, &s->settle, clock_now_ms() + SETTLE_MS);
}

static void on_event(void *arg, enum source_event event, const char *name)
{
	struct source_folder *s = arg;

	if (event == SOURCE_ALL)
		source_files_all_written(s->files);
	else if (event == SOURCE_WRITTEN)
		source_files_written(s->files, name);
	else if (!source_files_wanted(name) || source_files_writing(s->files, name) == 0)
		return; /* read when it is whole */
	start_settling(s);
}

/* What only an earlier run knew is put among n objects, both sorted. Returns how many it makes, or
 * -ENOMEM. */
static ssize_t add_seed(const struct seed *seed, struct manifest_object ***objects, size_t n)
{
	struct manifest_object **all = calloc(n + seed->n + 1, sizeof(struct manifest_object *));
	size_t i = 0, k = 0, used = 0;

	if (!all)
		return -ENOMEM;
	while (i < n || k < seed->n) {
		int cmp = i == n       ? 1 :
			  k == seed->n ? -1 :
					 manifest_object_compare((*objects)[i], seed->objects[k]);

		k += cmp >= 0;
		all[used++] = cmp <= 0 ? (*objects)[i++] : seed->objects[k - 1];
	}
	free(*objects);
	*objects = all;
	return (ssize_t)used;
}

/* Tells `changed` what is another than before. On failure the store is as it was. */
static int take_over(struct source_folder *s, source_changed_fn *changed, struct err *err)
{
	auto_free struct manifest_object **objects = NULL;
	ssize_t n = source_files_objects(s->files, &objects);
	bool whole = s->read && source_files_are_whole(s->files);
	int r;

	if (n >= 0 && !whole)
		n = add_seed(&s->seed, &objects, (size_t)n);
	r = n < 0 ? (int)n :
		    source_store_replace(&s->source.store, objects, (size_t)n, changed,
					 s->source.arg);
	if (r < 0)
		return err_sys(err, r, "take over the manifests");
	if (whole)
		seed_clear(&s->seed);
	return 0;
}

static void say(struct source_folder *s)
{
	struct err before = s->why;

	source_files_trouble(s->files, &s->why);
	if (!s->why.msg[0] && before.msg[0])
		log_info("manifests are whole again", "folder", s->path);
	else if (strcmp(before.msg, s->why.msg) != 0)
		log_warn("manifests are not known in full", "err", s->why.msg);
}

/* Reads what changed and tells `changed`. On failure the store is as before, and the next event
 * tries again. */
static int update(struct source_folder *s, source_changed_fn *changed, struct err *err)
{
	int r = source_files_scan(s->files, err);

	if (r < 0)
		return r;
	s->read = true;
	r = take_over(s, changed, err);
	if (r < 0)
		return r;
	say(s);
	s->source.synced = true;
	return 0;
}

static int folder_seed(struct source *source, const json_t *saved, struct err *err)
{
	struct source_folder *s = (struct source_folder *)source;
	int r;

	if (s->read && source_files_are_whole(s->files))
		return 0;
	seed_clear(&s->seed);
	r = seed_manifests(saved, &s->seed, err);
	return r < 0 ? r : take_over(s, source->changed, err);
}

static void on_readable(void *arg, uint32_t events)
{
	struct source_folder *s = arg;

	(void)events;
	source_watch_read(s->watch, on_event, s);
}

static void on_settled(void *arg)
{
	struct source_folder *s = arg;
	struct err err = ERR_INIT;

	if (source_watch_renew(s->watch))
		source_files_all_written(s->files);
	if (update(s, s->source.changed, &err) == 0)
		return;
	log_error("manifests stay as they were", "err", err.msg);
	s->why = err;
}

static void folder_close(struct source *source)
{
	struct source_folder *s = (struct source_folder *)source;

	loop_disarm(&s->settle);
	loop_disarm(&s->again);
	if (s->watch)
		loop_unwatch(s->loop, &s->loop_watch);
	source_watch_close(s->watch);
	source_files_free(s->files);
	seed_clear(&s->seed);
	free(s->path);
	free(s);
}

static const char *folder_from(const struct source *source)
{
	return ((const struct source_folder *)source)->path;
}

static const char *folder_why(const struct source *source)
{
	return ((const struct source_folder *)source)->why.msg;
}

static const struct source_ops folder_ops = {
	.kind = "folder",
	.close = folder_close,
	.from = folder_from,
	.why = folder_why,
	.seed = folder_seed,
};

static int watch(struct source_folder *s, struct err *err)
{
	int r;

	if (s->watch)
		return 0;
	r = source_watch_open(s->path, &s->watch, err);
	if (r < 0)
		return r;
	s->loop_watch =
		(struct loop_watch){ .fd = source_watch_fd(s->watch), .fn = on_readable, .arg = s };
	r = loop_watch(s->loop, &s->loop_watch, EPOLLIN, err);
	if (r < 0) {
		source_watch_close(s->watch);
		s->watch = NULL;
	}
	return r;
}

/* Until it has been read once. What an earlier run knew counts meanwhile. */
static void begin(struct source_folder *s, source_changed_fn *changed)
{
	struct err err = ERR_INIT;
	int r = watch(s, &err); /* watched first: no change is missed */

	if (r == 0)
		r = update(s, changed, &err);
	if (r == 0)
		return;
	if (strcmp(err.msg, s->why.msg) != 0)
		log_error("manifests cannot be read, trying again", "err", err.msg);
	s->why = err;
	loop_arm(s->loop, &s->again, clock_now_ms() + AGAIN_MS);
}

static void on_again(void *arg)
{
	struct source_folder *s = arg;

	begin(s, s->source.changed);
}

int source_folder_open(const char *path, struct loop *loop, source_changed_fn *changed, void *arg,
		       struct source **ret, struct err *err)
{
	struct source_folder *s = calloc(1, sizeof(*s));

	if (!s)
		return err_sys(err, ENOMEM, "open '%s'", path);
	s->source = (struct source){ .ops = &folder_ops, .changed = changed, .arg = arg };
	s->loop = loop;
	s->settle = (struct loop_timer){ .fn = on_settled, .arg = s };
	s->again = (struct loop_timer){ .fn = on_again, .arg = s };
	s->path = strdup(path);
	s->files = source_files_new(path);
	if (!s->path || !s->files) {
		source_close(&s->source);
		return err_sys(err, ENOMEM, "open '%s'", path);
	}
	begin(s, NULL);
	*ret = &s->source;
	return 0;
}
