/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/source/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"

/* IN_CREATE: links, soft and hard, come whole. */
#define FOLDER_EVENTS                                                                       \
	(IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define ANCESTOR_EVENTS (IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct source_watch {
	char *folder;
	int fd;
	int wd; /* -1: nothing is watched */
	dev_t dev; /* of what is watched */
	ino_t ino;
};

/* Cuts the last name off a path: "/a/b" -> "/a" -> "/". False at the root. */
static bool cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || (slash == path && !path[1]))
		return false;
	slash[slash == path] = '\0';
	return true;
}

static bool is_watched(const struct source_watch *w, const struct stat *st)
{
	return w->wd >= 0 && w->dev == st->st_dev && w->ino == st->st_ino;
}

/* Watches the folder or its nearest ancestor. 1: another than before, 0: the same, -errno. */
static int watch_nearest(struct source_watch *w, struct err *err)
{
	auto_free char *path = strdup(w->folder);
	bool is_folder = true;
	struct stat st;
	int wd, old = w->wd;

	if (!path)
		return err_sys(err, ENOMEM, "watch '%s'", w->folder);
	while (stat(path, &st) < 0) {
		if (errno != ENOENT || !cut(path))
			return err_sys(err, errno, "watch '%s'", path);
		is_folder = false;
	}
	if (is_watched(w, &st))
		return 0;
	wd = inotify_add_watch(w->fd, path, is_folder ? FOLDER_EVENTS : ANCESTOR_EVENTS);
	if (wd < 0)
		return err_sys(err, errno, "watch '%s'", path);
	if (old >= 0 && old != wd)
		(void)inotify_rm_watch(w->fd, old);
	w->wd = wd;
	w->dev = st.st_dev;
	w->ino = st.st_ino;
	return 1;
}

/* What was looked for may have been made just before it was watched: so until nothing changes. */
static int renew(struct source_watch *w, struct err *err)
{
	int rc, changed = 0;

	do {
		rc = watch_nearest(w, err);
		changed |= rc > 0;
	} while (rc > 0);
	return rc < 0 ? rc : changed;
}

int source_watch_open(const char *folder, struct source_watch **ret, struct err *err)
{
	struct source_watch *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return err_sys(err, ENOMEM, "watch '%s'", folder);
	w->wd = -1;
	w->folder = strdup(folder);
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		rc = err_sys(err, errno,
			     "make an inotify descriptor (fs.inotify.max_user_instances?)");
	else
		rc = w->folder ? renew(w, err) : err_sys(err, ENOMEM, "watch '%s'", folder);
	if (rc < 0) {
		source_watch_close(w);
		return rc;
	}
	*ret = w;
	return 0;
}

void source_watch_close(struct source_watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w->folder);
	free(w);
}

int source_watch_fd(const struct source_watch *w)
{
	return w->fd;
}

static void handle(struct source_watch *w, const struct inotify_event *ev, source_event_fn *event,
		   void *arg)
{
	if (ev->mask & IN_Q_OVERFLOW) {
		event(arg, SOURCE_ALL, "");
		return;
	}
	if (ev->wd != w->wd)
		return; /* of a folder watched before */
	if (ev->mask & (IN_IGNORED | IN_UNMOUNT))
		w->wd = -1;
	if (ev->len == 0)
		event(arg, SOURCE_ALL, ""); /* the folder itself, or the ancestor */
	else
		event(arg, ev->mask & IN_MODIFY ? SOURCE_WRITING : SOURCE_WRITTEN, ev->name);
}

void source_watch_read(struct source_watch *w, source_event_fn *event, void *arg)
{
	_Alignas(struct inotify_event) char buf[16 * 1024];

	for (;;) {
		ssize_t n = read(w->fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		for (const char *p = buf; p < buf + n;) {
			const struct inotify_event *ev =
				(const struct inotify_event *)(const void *)p;

			handle(w, ev, event, arg);
			p += sizeof(*ev) + ev->len;
		}
	}
}

bool source_watch_renew(struct source_watch *w)
{
	struct err err = ERR_INIT;
	int rc = renew(w, &err);

	if (rc < 0)
		log_error("manifests are not watched", "err", err.msg);
	return rc != 0;
}
