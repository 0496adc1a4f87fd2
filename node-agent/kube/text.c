/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/kube/access.h"

static void forget(char *text, size_t len)
{
	if (text)
		explicit_bzero(text, len);
	free(text);
}

static void trim(char *text, size_t *len)
{
	while (*len > 0 && strchr(" \t\r\n", text[*len - 1]))
		text[--*len] = '\0';
}

static int read_text(const char *path, char **ret, size_t *ret_len, struct stat *st,
		     struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0 || fstat(fd, st) < 0)
		return err_sys(err, errno, "read '%s'", path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, -EINVAL, "read '%s': it is no regular file", path);
	r = file_read_fd(fd, path, KUBE_TEXT_MAX, ret, ret_len, err);
	if (r < 0)
		return r;
	if (strlen(*ret) != *ret_len)
		r = err_set(err, -EINVAL, "read '%s': it has a NUL byte", path);
	trim(*ret, ret_len);
	if (r >= 0 && *ret_len == 0)
		r = err_set(err, -EINVAL, "read '%s': it is empty", path);
	if (r >= 0)
		return 0;
	forget(*ret, *ret_len);
	*ret = NULL;
	return r;
}

int kube_text_open(struct kube_text *t, char *path, const char *what, struct err *err)
{
	int r;

	kube_text_clear(t);
	t->path = path;
	if (!path)
		return err_sys(err, ENOMEM, "read the %s", what);
	r = read_text(path, &t->text, &t->len, &t->seen, err);
	return r < 0 ? err_prefix(err, r, "%s", what) : 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

void kube_text_renew(struct kube_text *t, const char *what)
{
	struct err err = ERR_INIT;
	char *text = NULL;
	struct stat st;
	size_t len = 0;

	if (!t->path || (stat(t->path, &st) == 0 && same_file(&st, &t->seen)))
		return;
	if (read_text(t->path, &text, &len, &st, &err) < 0) {
		if (!t->warned)
			log_warn("file cannot be read, what it last held stays in use", "what",
				 what, "err", err.msg);
		t->warned = true;
		return;
	}
	if (t->warned)
		log_info("file can be read again", "what", what, "file", t->path);
	t->warned = false;
	forget(t->text, t->len);
	t->text = text;
	t->len = len;
	t->seen = st;
}

void kube_text_clear(struct kube_text *t)
{
	forget(t->text, t->len);
	free(t->path);
	*t = (struct kube_text){ 0 };
}
