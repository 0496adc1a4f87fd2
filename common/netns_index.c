/* SPDX-License-Identifier: Apache-2.0 */
#include "common/netns_index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/caps.h"
#include "common/cleanup.h"

#define NAMES "/run/netns"
#define PROCESSES "/proc"
#define OWN_NETNS "/proc/self/ns/net"
/* Walks over all processes before a no: one may fork, and end, while we look. */
#define LOOKS 2

/* ---- what was seen ---- */

/* realloc(3), with room for `more` beyond n; NULL: no memory. */
static void *with_room(void *old, size_t n, size_t more, size_t each, size_t *max)
{
	size_t want = n + more > 64 ? 2 * (n + more) : 64;
	void *grown;

	if (n + more <= *max)
		return old;
	grown = reallocarray(old, want, each);
	if (grown)
		*max = want;
	return grown;
}

static int see(struct netns_places *p, const struct stat *st, const char *path)
{
	size_t len = strlen(path) + 1;
	void *grown = with_room(p->places, p->n, 1, sizeof(*p->places), &p->max);

	if (!grown)
		return -ENOMEM;
	p->places = grown;
	grown = with_room(p->text, p->len, len, 1, &p->size);
	if (!grown)
		return -ENOMEM;
	p->text = grown;
	memcpy(p->text + p->len, path, len);
	p->places[p->n++] = (struct netns_place){ st->st_dev, st->st_ino, p->len };
	p->len += len;
	return 0;
}

static int compare(const void *pa, const void *pb)
{
	const struct netns_place *a = pa, *b = pb;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	return (a->path > b->path) - (a->path < b->path);
}

/* Of one namespace the first place stays: containers have many processes. */
static void settle(struct netns_places *p)
{
	size_t n = 0;

	if (p->n > 0)
		qsort(p->places, p->n, sizeof(*p->places), compare);
	for (size_t i = 0; i < p->n; i++) {
		if (n == 0 || p->places[n - 1].inode != p->places[i].inode ||
		    p->places[n - 1].dev != p->places[i].dev)
			p->places[n++] = p->places[i];
	}
	p->n = n;
}

static void places_clear(struct netns_places *p)
{
	free(p->places);
	free(p->text);
	*p = (struct netns_places){ .walks = p->walks };
}

/* ---- walks ---- */

struct walk {
	struct netns_index *index;
	struct stat own; /* the host's, which is nobody's that is looked for */
	int rc;
};

static bool is_number(const char *name)
{
	return name[0] >= '1' && name[0] <= '9';
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* `entry` of the folder, a process or a thread. *ret_gone: it has no namespace any more. */
static void look_at_process(struct walk *w, const char *folder, const char *entry, bool *ret_gone)
{
	char path[PATH_MAX];
	struct stat st;

	*ret_gone = false;
	(void)snprintf(path, sizeof(path), "%s/%s/ns/net", folder, entry);
	if (stat(path, &st) == 0) {
		if (!same(&st, &w->own) && see(&w->index->processes, &st, path) < 0)
			w->rc = -ENOMEM;
	} else if (errno == EACCES) {
		w->index->denied = true;
	} else {
		*ret_gone = true;
	}
}

/* A leader that has exited before its threads has no namespace any more; then they are asked. */
static void look_at_threads(struct walk *w, const char *pid)
{
	char folder[NAME_MAX + 32];
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	bool gone;

	(void)snprintf(folder, sizeof(folder), PROCESSES "/%s/task", pid);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		if (is_number(entry->d_name))
			look_at_process(w, folder, entry->d_name, &gone);
	}
}

/* Not to be able to look, for want of descriptors, say, is no -ENOENT. */
static int no_answer(struct err *err, const char *folder)
{
	return err_set(err, -EIO, "look for network namespaces in '%s': %s", folder,
		       strerror(errno));
}

static int walk_processes(struct netns_index *x, struct err *err)
{
	auto_closedir DIR *dir = opendir(PROCESSES);
	struct walk w = { .index = x };
	const struct dirent *entry;
	bool gone;

	places_clear(&x->processes);
	x->denied = false;
	if (!dir || stat(OWN_NETNS, &w.own) < 0)
		return no_answer(err, PROCESSES);
	x->processes.walks++;
	x->n_walks++;
	while ((entry = readdir(dir))) {
		if (!is_number(entry->d_name))
			continue;
		look_at_process(&w, PROCESSES, entry->d_name, &gone);
		if (gone)
			look_at_threads(&w, entry->d_name);
	}
	settle(&x->processes);
	return w.rc < 0 ? err_sys(err, w.rc, "remember where network namespaces are") : 0;
}

static int walk_names(struct netns_index *x, struct err *err)
{
	auto_closedir DIR *dir = opendir(NAMES);
	char path[sizeof(NAMES) + NAME_MAX + 1];
	const struct dirent *entry;
	struct stat st;
	int r = 0;

	places_clear(&x->names);
	if (!dir && errno != ENOENT)
		return no_answer(err, NAMES);
	x->names.walks++;
	x->n_walks++;
	while (r == 0 && dir && (entry = readdir(dir))) {
		(void)snprintf(path, sizeof(path), NAMES "/%s", entry->d_name);
		if (entry->d_name[0] != '.' && stat(path, &st) == 0)
			r = see(&x->names, &st, path);
	}
	settle(&x->names);
	return r < 0 ? err_sys(err, r, "remember where network namespaces are") : 0;
}

/* ---- finding ---- */

/* Returns an fd if the path still leads to the namespace; -ENOENT; -ESTALE: it has the same inode
 * and another cookie, so that the one that is looked for is gone, wherever else we look. Any other
 * error, such as -EMFILE, is no answer. */
static int try_path(const char *path, const struct netns_id *id, struct err *err)
{
	auto_close int fd = -1;
	struct netns_id found;
	struct stat st;
	int r;

	if (stat(path, &st) < 0 || st.st_dev != id->dev || st.st_ino != id->inode)
		return -ENOENT;
	fd = netns_open(path, err);
	if (fd < 0) /* -EINVAL: it is another thing by now */
		return fd == -EINVAL ? -ENOENT : fd;
	r = netns_identify(fd, &found, err);
	if (r < 0)
		return r == -ENOENT ? -EIO : r;
	if (found.dev != id->dev || found.inode != id->inode)
		return -ENOENT;
	return found.cookie == id->cookie ? TAKE_FD(fd) : -ESTALE;
}

static int look_up(const struct netns_places *p, const struct netns_id *id, struct err *err)
{
	size_t from = 0, to = p->n;

	while (from < to) { /* the first one that is not less */
		size_t mid = from + (to - from) / 2;
		const struct netns_place *place = &p->places[mid];

		if (place->inode < id->inode || (place->inode == id->inode && place->dev < id->dev))
			from = mid + 1;
		else
			to = mid;
	}
	if (from == p->n || p->places[from].inode != id->inode || p->places[from].dev != id->dev)
		return -ENOENT;
	return try_path(p->text + p->places[from].path, id, err);
}

/* Walks where nobody has since netns_index_doubt(), as long as it is not found. */
static int walk_and_look(struct netns_index *x, const struct netns_id *id, struct err *err)
{
	int r = -ENOENT;

	if (x->names.walks == 0) {
		r = walk_names(x, err);
		if (r == 0)
			r = look_up(&x->names, id, err);
	}
	while (r == -ENOENT && x->processes.walks < LOOKS) {
		r = walk_processes(x, err);
		if (r == 0)
			r = look_up(&x->processes, id, err);
	}
	return r;
}

/* With CAP_SYS_PTRACE, a process that we still may not look at is none of a pod's: it belongs to an
 * outer user namespace. */
static bool has_sys_ptrace(void)
{
	uint64_t set = 0;

	return caps_effective(&set) == 0 && (set >> CAP_SYS_PTRACE & 1);
}

int netns_index_find(struct netns_index *x, const struct netns_id *id, struct err *err)
{
	int r = look_up(&x->names, id, err);

	if (r == -ENOENT)
		r = look_up(&x->processes, id, err);
	if (r == -ENOENT)
		r = walk_and_look(x, id, err);
	if (r != -ENOENT && r != -ESTALE)
		return r;
	if (r == -ENOENT && x->denied && !has_sys_ptrace())
		return err_set(err, -EACCES,
			       "find network namespace %llu: not in " NAMES
			       ", and processes' own may not "
			       "be looked at (needs CAP_SYS_PTRACE)",
			       (unsigned long long)id->inode);
	return err_set(err, -ENOENT, "find network namespace %llu: nothing holds it any more",
		       (unsigned long long)id->inode);
}

void netns_index_doubt(struct netns_index *x)
{
	x->names.walks = 0;
	x->processes.walks = 0;
}

void netns_index_clear(struct netns_index *x)
{
	places_clear(&x->names);
	places_clear(&x->processes);
	netns_index_doubt(x);
}

int netns_find(const struct netns_id *id, struct err *err)
{
	struct netns_index x = { .n_walks = 0 };
	int r = netns_index_find(&x, id, err);

	netns_index_clear(&x);
	return r;
}
