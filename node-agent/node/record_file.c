/* SPDX-License-Identifier: Apache-2.0 */
/* The files of record.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/json.h"
#include "node-agent/model/attach.h"
#include "node-agent/model/record.h"

#define SUFFIX ".json"
#define FILE_MAX_BYTES (2 * WIRE_MESSAGE_MAX)
#define NAME_LEN (sizeof(RECORD_DIR) + WIRE_HASH_LEN + sizeof(SUFFIX))

static void record_path(const struct wire_attachment *a, char path[NAME_LEN])
{
	char hash[WIRE_HASH_LEN];

	(void)snprintf(path, NAME_LEN, RECORD_DIR "/%s" SUFFIX, wire_attachment_hash(a, hash));
}

static int read_file(int dirfd, const char *path, struct record **ret, struct err *err)
{
	auto_free char *text = NULL;
	json_auto_t *obj = NULL;
	size_t len;
	int r = file_read(dirfd, path, FILE_MAX_BYTES, &text, &len, err);

	if (r < 0)
		return r;
	r = smc_json_parse_object(text, len, "record", &obj, err);
	return r < 0 ? r : record_from_json(obj, ret, err);
}

int record_read(int dirfd, const struct wire_attachment *a, struct record **ret, struct err *err)
{
	struct record *rec;
	char path[NAME_LEN];
	int r;

	record_path(a, path);
	r = read_file(dirfd, path, &rec, err);
	if (r < 0)
		return r;
	if (!wire_attachment_same(&rec->req.attachment, a)) {
		record_free(rec);
		return err_set(err, -EEXIST,
			       "record '%s' is that of another attachment with the same hash",
			       path);
	}
	*ret = rec;
	return 0;
}

/* -EEXIST when the file belongs to another attachment. A file that cannot be read is no
 * obstacle. */
static int check_name(int dirfd, const struct wire_attachment *a, struct err *err)
{
	struct record *old = NULL;
	struct err ignored;
	int r = record_read(dirfd, a, &old, &ignored);

	if (r == 0)
		record_free(old);
	return r == -EEXIST ? err_set(err, r, "%s", ignored.msg) : 0;
}

int record_write(int dirfd, const struct record *rec, struct err *err)
{
	json_auto_t *obj = record_to_json(rec);
	auto_free char *text = obj ? json_dumps(obj, JSON_INDENT(1)) : NULL;
	char path[NAME_LEN];

	if (!text)
		return err_sys(err, ENOMEM, "write record");
	if (mkdirat(dirfd, RECORD_DIR, 0700) < 0 && errno != EEXIST)
		return err_sys(err, errno, "create folder '" RECORD_DIR "' of stateDir");
	record_path(&rec->req.attachment, path);
	return file_replace(dirfd, path, text, strlen(text), 0600, err);
}

int record_create(int dirfd, const struct record *rec, struct err *err)
{
	int r = check_name(dirfd, &rec->req.attachment, err);

	return r < 0 ? r : record_write(dirfd, rec, err);
}

int record_remove(int dirfd, const struct wire_attachment *a, struct err *err)
{
	char path[NAME_LEN];

	FAULT_POINT("removal of a record", err);
	record_path(a, path);
	return file_remove(dirfd, path, err);
}

static void each_file(int fd, const char *name, record_fn *fn, record_bad_fn *bad, void *arg)
{
	struct err err = ERR_INIT;
	struct record *rec;
	char aside[NAME_MAX + 8];
	int r = read_file(fd, name, &rec, &err);

	if (r == 0) {
		fn(arg, rec);
		return;
	}
	if (r == -EINVAL || r == -EFBIG) { /* its content, not a trouble of the moment */
		(void)snprintf(aside, sizeof(aside), "%s.bad", name);
		(void)renameat(fd, name, fd, aside);
	}
	bad(arg, name, err.msg);
}

int record_each(int dirfd, record_fn *fn, record_bad_fn *bad, void *arg, struct err *err)
{
	auto_closedir DIR *dir = NULL;
	const struct dirent *de;
	int fd = openat(dirfd, RECORD_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ?
			       0 :
			       err_sys(err, errno, "read folder '" RECORD_DIR "' of stateDir");
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_sys(err, ENOMEM, "read folder '" RECORD_DIR "' of stateDir");
	}
	while ((de = readdir(dir))) {
		if (file_name_ends(de->d_name, SUFFIX))
			each_file(fd, de->d_name, fn, bad, arg);
	}
	return 0;
}
