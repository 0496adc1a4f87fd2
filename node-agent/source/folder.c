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
#include "node-agent/source/watch.h"

/* From the first event until the folder is read: what belongs together (an editor's rename,
 * remove and write; a ConfigMap's swap) is then seen as one change. */
#define SETTLE_MS 50

struct source_folder {
	struct source source;
	struct loop *loop;
	char *path;
	struct loop_watch loop_watch; /* of `watch` */
	struct loop_timer settle;
	struct source_watch *watch;
	struct source_files *files;
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

/* Reads what changed and tells `changed`. On failure the store is as before, and the next event tries
 * again. */
static int update(struct source_folder *s, source_changed_fn *changed, struct err *err)
{
	auto_free struct manifest_object **objects = NULL;
	ssize_t n;
	int rc;

	rc = source_files_scan(s->files, err);
	if (rc < 0)
		return rc;
	n = source_files_objects(s->files, &objects);
	rc = n < 0 ? (int)n :
		     source_store_replace(&s->source.store, objects, (size_t)n, changed,
					  s->source.arg);
	if (rc < 0)
		return err_sys(err, rc, "take over the manifests");
	s->source.synced = true;
	return 0;
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
	if (update(s, s->source.changed, &err) < 0)
		log_error("manifests stay as they were", "err", err.msg);
}

static void folder_close(struct source *source)
{
	struct source_folder *s = (struct source_folder *)source;

	loop_disarm(&s->settle);
	if (s->watch && s->loop_watch.fn)
		loop_unwatch(s->loop, &s->loop_watch);
	source_watch_close(s->watch);
	source_files_free(s->files);
	free(s->path);
	free(s);
}

static const char *folder_from(const struct source *source)
{
	return ((const struct source_folder *)source)->path;
}

static const struct source_ops folder_ops = {
	.kind = "folder",
	.close = folder_close,
	.from = folder_from,
};

static void folder_cleanup(struct source_folder **s)
{
	if (*s)
		source_close(&(*s)->source);
}

static int begin(struct source_folder *s, struct err *err)
{
	int rc = source_watch_open(s->path, &s->watch, err); /* watched first: no change is missed */

	if (rc < 0)
		return rc;
	s->loop_watch = (struct loop_watch){ .fd = source_watch_fd(s->watch), .fn = on_readable, .arg = s };
	rc = loop_watch(s->loop, &s->loop_watch, EPOLLIN, err);
	return rc < 0 ? rc : update(s, NULL, err);
}

int source_folder_open(const char *path, struct loop *loop, source_changed_fn *changed, void *arg,
		       struct source **ret, struct err *err)
{
	auto_with(folder_cleanup) struct source_folder *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_sys(err, ENOMEM, "open '%s'", path);
	s->source = (struct source){ .ops = &folder_ops, .changed = changed, .arg = arg };
	s->loop = loop;
	s->settle = (struct loop_timer){ .fn = on_settled, .arg = s };
	s->path = strdup(path);
	s->files = source_files_new(path);
	if (!s->path || !s->files)
		return err_sys(err, ENOMEM, "open '%s'", path);
	rc = begin(s, err);
	if (rc < 0)
		return rc;
	*ret = &s->source;
	s = NULL;
	return 0;
}
