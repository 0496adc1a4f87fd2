/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/log.h"
#include "node-agent/node/late.h"

#define SUFFIX ".json"

static int parse(int dirfd, const char *name, struct record *rec, char path[PATH_MAX],
		 uint64_t *ret_cookie, struct err *err)
{
	auto_free char *text = NULL;
	json_auto_t *obj = NULL;
	json_t *undo = NULL;
	const char *netns, *cookie = "0"; /* requests of 0.1.0 have none */
	size_t len;
	int r = file_read(dirfd, name, WIRE_MESSAGE_MAX, &text, &len, err);

	if (r < 0)
		return r;
	r = smc_json_parse_object(text, len, "request", &obj, err);
	if (r < 0)
		return r;
	r = smc_json_need_string(obj, "request", "netnsPath", &netns, err);
	if (r < 0)
		return r;
	if (strlen(netns) >= PATH_MAX)
		return err_set(err, -EINVAL, "request: 'netnsPath' is too long");
	strcpy(path, netns);
	if (smc_json_get_string(obj, "request", "netnsCookie", &cookie, err) < 0)
		return -EINVAL;
	*ret_cookie = strtoull(cookie, NULL, 10);
	if (smc_json_get_object(obj, "request", "undo", &undo, err) < 0 ||
	    (undo && podnet_from_json(undo, "undo", &rec->undo, err) < 0))
		return -EINVAL;
	return wire_prepare_from_json(obj, &rec->req, err);
}

/* 0: *ret is a record (or NULL: nothing to adopt), and the file may go. */
static int take(struct node *node, int dirfd, const char *name, struct record **ret,
		struct err *err)
{
	auto_record struct record *rec = calloc(1, sizeof(*rec));
	char path[PATH_MAX];
	uint64_t cookie = 0;
	int r;

	if (!rec)
		return err_sys(err, ENOMEM, "read request");
	r = parse(dirfd, name, rec, path, &cookie, err);
	if (r < 0)
		return r;
	*ret = NULL;
	r = late_identify(node, path, cookie, rec, err);
	if (r == 0 || r == -ENOENT) /* known, or the pod went before anybody could adopt it */
		return 0;
	if (r < 0)
		return r;
	r = record_create(node->state_fd, rec, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(rec);
	return 0;
}

static void each_file(struct node *node, int dirfd, const char *name, record_fn *fn, void *arg)
{
	struct record *rec = NULL;
	struct err err = ERR_INIT;
	char aside[NAME_MAX + 8];
	int r = take(node, dirfd, name, &rec, &err);

	if (r == 0) {
		(void)file_remove(dirfd, name, NULL);
		if (rec)
			fn(arg, rec);
	} else if (r == -EINVAL || r == -EPERM || r == -EFBIG) {
		log_warn("pending request is refused, renaming it to .bad", "file", name, "err",
			 err.msg);
		(void)snprintf(aside, sizeof(aside), "%s.bad", name);
		(void)renameat(dirfd, name, dirfd, aside);
	} else if (r != -EBUSY) {
		log_warn("pending request cannot be adopted now, it stays", "file", name, "err",
			 err.msg);
	}
}

int pending_scan(struct node *node, record_fn *fn, void *arg, struct err *err)
{
	auto_closedir DIR *dir = NULL;
	const struct dirent *de;
	char path[PATH_MAX];
	int r = node_beside_socket(node->config, WIRE_PENDING_DIR, path, sizeof(path), err);

	if (r < 0)
		return r;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : err_sys(err, errno, "read folder '%s'", path);
	while ((de = readdir(dir))) {
		if (file_name_ends(de->d_name, SUFFIX))
			each_file(node, dirfd(dir), de->d_name, fn, arg);
	}
	return 0;
}

int pending_drop(const struct node *node, const struct wire_attachment *a, struct err *err)
{
	char name[64], hash[WIRE_HASH_LEN], path[PATH_MAX];
	int r;

	(void)snprintf(name, sizeof(name), WIRE_PENDING_DIR "/%s" SUFFIX,
		       wire_attachment_hash(a, hash));
	r = node_beside_socket(node->config, name, path, sizeof(path), err);
	if (r < 0)
		return r;
	return file_remove(AT_FDCWD, path, err);
}
