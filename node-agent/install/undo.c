/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/file.h"
#include "node-agent/install/cache.h"
#include "node-agent/install/impl.h"

/* Removes the lock, and temporary files that an agent which was killed half-way has left. */
static void drop_temporary(const char *dir)
{
	static const char *const names[] = { INSTALL_NEW, "." INSTALL_NEW ".tmp", INSTALL_POKE,
					     INSTALL_LOCK };
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (install_join(path, dir, names[i], NULL) == 0)
			(void)unlink(path);
}

/* ---- drop-in folders ---- */

static int drop_dropin(const char *conf_dir, const char *network, bool *changed, struct err *err)
{
	auto_free char *text = NULL;
	char dir[PATH_MAX], path[PATH_MAX];
	size_t len;

	if (install_join(dir, conf_dir, network, NULL) < 0 ||
	    install_join(path, dir, INSTALL_DROPIN, NULL) < 0)
		return 0;
	drop_temporary(dir);
	if (file_read(AT_FDCWD, path, INSTALL_LIST_MAX, &text, &len, NULL) < 0 ||
	    !install_is_dropin(text, len))
		return 0;
	FAULT_POINT("removal of the drop-in", err);
	if (unlink(path) < 0)
		return err_sys(err, errno, "remove '%s'", path);
	*changed = true;
	(void)rmdir(dir); /* others may have files there */
	return 0;
}

int install_drop_dropins(const char *conf_dir, const char *but, bool *changed, struct err *err)
{
	auto_closedir DIR *dir = opendir(conf_dir);
	const struct dirent *de;
	int first = 0;

	while (dir && (de = readdir(dir))) {
		struct err e = ERR_INIT;

		if (de->d_name[0] == '.' || (but && strcmp(de->d_name, but) == 0))
			continue;
		err_keep_first(&first, err, drop_dropin(conf_dir, de->d_name, changed, &e), &e);
	}
	return first;
}

/* ---- entries in lists ---- */

static int drop_entry(const char *conf_dir, const char *name, bool *changed, struct err *err)
{
	struct install_list l = { 0 };
	struct stat st = { 0 };
	int r;

	/* a list that cannot be read or joined has no entry of ours that a runtime would see */
	if (install_read_list(conf_dir, name, &l, &st, NULL) < 0)
		return 0;
	r = l.n_ours > 0 ? install_edit_list(conf_dir, name, &l, &st, NULL, err) : 0;
	*changed |= l.n_ours > 0 && r == 0;
	install_list_clear(&l);
	return r;
}

static int drop_entries(const char *conf_dir, bool *changed, struct err *err)
{
	struct dirent **files = NULL;
	int first = 0, n = install_conf_files(conf_dir, &files, err);

	if (n < 0)
		return n == -ENOENT ? 0 : n;
	for (int i = 0; i < n; i++) {
		struct err e = ERR_INIT;

		err_keep_first(&first, err, drop_entry(conf_dir, files[i]->d_name, changed, &e),
			       &e);
	}
	install_files_free(files, n);
	return first;
}

/* ---- the program ---- */

static int drop_program(const char *bin_dir, struct err *err)
{
	static const char *const names[] = { INSTALL_TYPE, INSTALL_MARK }; /* in this order */
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = install_join(path, bin_dir, names[i], err);

		if (r < 0)
			return r;
		FAULT_POINT("removal of the program", err);
		if (unlink(path) < 0 && errno != ENOENT)
			return err_sys(err, errno, "remove '%s'", path);
	}
	return 0;
}

static bool is_marked(const char *bin_dir)
{
	char path[PATH_MAX];

	return install_join(path, bin_dir, INSTALL_MARK, NULL) == 0 && access(path, F_OK) == 0;
}

static int drop_places(const char *conf_dir, bool *changed, struct err *err)
{
	auto_close int lock = install_lock(conf_dir, err);
	struct err e = ERR_INIT;
	int first = 0;

	if (lock < 0)
		return lock == -ENOENT ? 0 : lock;
	err_keep_first(&first, err, install_drop_dropins(conf_dir, NULL, changed, &e), &e);
	err_keep_first(&first, err, drop_entries(conf_dir, changed, &e), &e);
	drop_temporary(conf_dir);
	if (*changed)
		install_poke(conf_dir);
	return first;
}

int install_undo(const char *conf_dir, const char *bin_dir, const char *cache_dir, struct err *err)
{
	static const struct timespec pause = { .tv_sec = 1 };
	bool changed = false;
	int r;

	/* The mark itself may be what was half written. */
	drop_temporary(bin_dir);
	if (!is_marked(bin_dir))
		return 0;
	r = drop_places(conf_dir, &changed, err);
	if (r < 0)
		return r;
	/* where pods come and go, the runtime should have read its folder before the program is
	 * gone */
	if (changed && !install_cache_is_empty(cache_dir))
		(void)nanosleep(&pause, NULL);
	if (install_cache_names_us(cache_dir))
		return 0;
	return drop_program(bin_dir, err);
}
