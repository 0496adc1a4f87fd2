/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/source/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/parse/ytree.h"
#include "node-agent/source/files_impl.h"

struct source_files *source_files_new(const char *folder)
{
	struct source_files *f = calloc(1, sizeof(*f));
	char *copy = strdup(folder);

	if (!f || !copy) {
		free(f);
		free(copy);
		return NULL;
	}
	f->folder = copy;
	return f;
}

static void file_free(struct source_file *file)
{
	manifest_clear(&file->content);
	free(file->name);
	free(file);
}

void source_files_free(struct source_files *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		file_free(f->files[i]);
	free(f->files);
	free(f->folder);
	free(f);
}

bool source_files_wanted(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && dot &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
}

static struct source_file *find(const struct source_files *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->files[i]->name, name) == 0)
			return f->files[i];
	return NULL;
}

/* The file of that name, made if need be. NULL: no memory. */
static struct source_file *obtain(struct source_files *f, const char *name)
{
	struct source_file *file = find(f, name);
	struct source_file **grown;

	if (file)
		return file;
	grown = reallocarray(f->files, f->n + 1, sizeof(struct source_file *));
	if (!grown)
		return NULL;
	f->files = grown;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->name = strdup(name);
	if (!file->name) {
		free(file);
		return NULL;
	}
	f->files[f->n++] = file;
	return file;
}

int source_files_writing(struct source_files *f, const char *name)
{
	struct source_file *file = obtain(f, name);

	if (!file)
		return -ENOMEM;
	file->writing = true;
	return 0;
}

void source_files_written(struct source_files *f, const char *name)
{
	struct source_file *file = find(f, name); /* one that we do not know is read anyway */

	if (!file)
		return;
	file->writing = false;
	file->dirty = true;
}

void source_files_all_written(struct source_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		f->files[i]->writing = false;
		f->files[i]->dirty = true;
	}
}

static void log_bad(void *arg, const struct err *err)
{
	(void)arg;
	log_error("read manifest", "err", err->msg);
}

static bool has(const struct manifest *m, const struct manifest_object *o)
{
	for (size_t i = 0; i < m->n_objects; i++)
		if (manifest_object_compare(m->objects[i], o) == 0)
			return true;
	return false;
}

/* What `old` has and `m` has not is taken along: a bad document may be the one that brought it. */
static int keep_old(struct manifest *m, const struct manifest *old)
{
	struct manifest_object **grown;

	grown = reallocarray(m->objects, m->n_objects + old->n_objects + 1,
			     sizeof(struct manifest_object *));
	if (!grown)
		return -ENOMEM;
	m->objects = grown;
	for (size_t i = 0; i < old->n_objects; i++)
		if (!has(m, old->objects[i]))
			m->objects[m->n_objects++] = manifest_object_ref(old->objects[i]);
	return 0;
}

/* Reads what is in the file now. Trouble is logged, and the file keeps what it brought. */
static int read_content(struct source_file *file, const char *path, int dir_fd, struct err *err)
{
	auto_close int fd =
		openat(dir_fd, file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	auto_free char *text = NULL;
	struct manifest content;
	struct err bad;
	size_t len;
	int rc;

	file->bad = true;
	rc = fd < 0 ? err_sys(&bad, errno, "open '%s'", path) :
		      file_read_fd(fd, path, YTREE_BYTES_MAX, &text, &len, &bad);
	if (rc < 0) {
		log_bad(NULL, &bad);
		return 0;
	}
	rc = manifest_parse(text, len, path, log_bad, NULL, &content, err);
	if (rc < 0)
		return rc;
	if (content.n_bad > 0 && keep_old(&content, &file->content) < 0) {
		manifest_clear(&content);
		return err_sys(err, ENOMEM, "read '%s'", path);
	}
	file->bad = content.n_bad > 0;
	file->whole |= !file->bad;
	manifest_clear(&file->content);
	file->content = content;
	return 0;
}

static bool same(const struct signature *a, const struct signature *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec &&
	       a->ctime.tv_sec == b->ctime.tv_sec && a->ctime.tv_nsec == b->ctime.tv_nsec;
}

/* 1: there and regular, 0: as if it were not there (gone, a dangling link, a folder), or -errno. */
static int look_at(int dir_fd, const char *name, struct signature *ret)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	*ret = (struct signature){ .dev = st.st_dev,
				   .ino = st.st_ino,
				   .size = st.st_size,
				   .mtime = st.st_mtim,
				   .ctime = st.st_ctim };
	return 1;
}

static int scan_file(struct source_files *f, int dir_fd, const char *name, struct err *err)
{
	struct source_file *file = find(f, name);
	struct signature now;
	struct err bad;
	char *path;
	int rc;

	if (file && file->writing) {
		file->seen = true;
		return 0;
	}
	rc = look_at(dir_fd, name, &now);
	if (rc < 0) {
		(void)err_sys(&bad, rc, "look at '%s/%s'", f->folder, name);
		log_bad(NULL, &bad);
	}
	if (rc <= 0) {
		if (file)
			file->seen = rc < 0;
		return 0;
	}
	file = obtain(f, name);
	if (!file || asprintf(&path, "%s/%s", f->folder, name) < 0)
		return err_sys(err, ENOMEM, "read '%s/%s'", f->folder, name);
	file->seen = true;
	if (file->dirty || !same(&file->read_as, &now)) {
		file->dirty = false;
		file->read_as = now;
		rc = read_content(file, path, dir_fd, err);
	}
	free(path);
	return rc < 0 ? rc : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct source_file *x = *(struct source_file *const *)a;
	const struct source_file *y = *(struct source_file *const *)b;

	return strcmp(x->name, y->name);
}

static void forget_unseen(struct source_files *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (f->files[i]->seen)
			f->files[kept++] = f->files[i];
		else
			file_free(f->files[i]);
	}
	f->n = kept;
	if (kept > 1)
		qsort(f->files, kept, sizeof(*f->files), by_name);
}

int source_files_scan(struct source_files *f, struct err *err)
{
	auto_closedir DIR *dir = opendir(f->folder);
	const struct dirent *entry;
	int rc = 0;

	if (!dir && errno != ENOENT)
		return err_sys(err, errno, "read folder '%s'", f->folder);
	f->missing = !dir;
	if (f->missing)
		return 0;
	for (size_t i = 0; i < f->n; i++)
		f->files[i]->seen = false;
	while (rc == 0) {
		errno = 0;
		entry = readdir(dir);
		if (!entry && errno)
			return err_sys(err, errno, "read folder '%s'", f->folder);
		if (!entry)
			break;
		if (source_files_wanted(entry->d_name))
			rc = scan_file(f, dirfd(dir), entry->d_name, err);
	}
	if (rc == 0)
		forget_unseen(f);
	return rc;
}

bool source_files_are_whole(const struct source_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (!f->files[i]->whole)
			return false;
	}
	return !f->missing || f->n > 0;
}

void source_files_trouble(const struct source_files *f, struct err *ret)
{
	static const char counts[] = "what it said before counts";

	*ret = ERR_INIT;
	if (f->missing)
		(void)err_set(ret, -ENOENT, "folder '%s' is not there: %s", f->folder, counts);
	for (size_t i = 0; i < f->n && !ret->msg[0]; i++) {
		if (f->files[i]->bad)
			(void)err_set(ret, -EINVAL, "'%s/%s' has errors, which the log names: %s",
				      f->folder, f->files[i]->name, counts);
	}
}
