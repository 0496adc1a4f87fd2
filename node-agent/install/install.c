/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/install/install.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/install/impl.h"

/* ---- the first file that counts ---- */

static int is_conf(const struct dirent *de)
{
	return de->d_type != DT_DIR && install_is_conf_name(de->d_name);
}

static int bytewise(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int install_conf_files(const char *conf_dir, struct dirent ***ret, struct err *err)
{
	int n = scandir(conf_dir, ret, is_conf, bytewise);

	return n < 0 ? err_sys(err, errno, "read folder '%s'", conf_dir) : n;
}

void install_files_free(struct dirent **files, int n)
{
	for (int i = 0; i < n; i++)
		free(files[i]);
	free(files);
}

int install_read_list(const char *conf_dir, const char *name, struct install_list *ret,
		      struct stat *ret_st, struct err *err)
{
	auto_free char *text = NULL;
	auto_close int fd = -1;
	char path[PATH_MAX];
	size_t len;
	int r = install_join(path, conf_dir, name, err);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, ret_st) < 0)
		return err_sys(err, errno, "open '%s'", path);
	r = file_read_fd(fd, path, INSTALL_LIST_MAX, &text, &len, err);
	return r < 0 ? r : install_list_parse(name, text, len, ret, err);
}

/* A file that is half written will soon be whole. One that stays bad is passed over by CRI-O;
 * containerd then starts no pod, whatever we do. */
static bool stays_bad(int r, const struct stat *st)
{
	return r == -EINVAL && st->st_mtim.tv_sec + INSTALL_BAD_STAYS_S < time(NULL);
}

static int first_list(const char *conf_dir, char ret_name[NAME_MAX + 1], struct install_list *ret,
		      struct stat *ret_st, struct err *err)
{
	struct dirent **files = NULL;
	int r, n = install_conf_files(conf_dir, &files, err);
	struct err e = ERR_INIT;

	if (n < 0)
		return n;
	r = err_set(err, -ENOENT, "folder '%s' has no CNI configuration yet", conf_dir);
	for (int i = 0; i < n; i++) {
		(void)snprintf(ret_name, NAME_MAX + 1, "%s", files[i]->d_name);
		r = install_read_list(conf_dir, files[i]->d_name, ret, ret_st, &e);
		if (err && r < 0 && (i == 0 || r != -EINVAL))
			*err = e; /* of several bad files the first one is told */
		if (!stays_bad(r, ret_st))
			break;
	}
	install_files_free(files, n);
	return r;
}

/* ---- the program ---- */

/* Marks what is here as ours, so that --cleanup takes away no more than that. */
static int put_mark(const char *bin_dir, struct err *err)
{
	static const char text[] =
		"smc-cni was put here by smc-node-agent, which removes it: --cleanup\n";
	char path[PATH_MAX];
	int r = install_join(path, bin_dir, INSTALL_MARK, err);

	if (r < 0 || access(path, F_OK) == 0)
		return r;
	return install_put(bin_dir, INSTALL_MARK, text, strlen(text), 0644, NULL, err);
}

static int put_program(const struct install_wish *w, struct err *err)
{
	auto_free char *ours = NULL, *there = NULL;
	auto_close int lock = -1;
	size_t len, len_there = 0;
	char path[PATH_MAX];
	struct stat st;
	int r = install_join(path, w->bin_dir, INSTALL_TYPE, err);

	if (r == 0)
		r = file_read(AT_FDCWD, w->plugin, INSTALL_PROGRAM_MAX, &ours, &len, err);
	if (r == 0)
		r = file_mkdirs(w->bin_dir, 0755, err);
	if (r != 0)
		return r;
	lock = install_lock(w->bin_dir, err);
	if (lock < 0)
		return lock;
	r = put_mark(w->bin_dir, err);
	if (r < 0)
		return r;
	/* A program that is running keeps its inode; the new one takes the name. */
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0755 &&
	    file_read(AT_FDCWD, path, INSTALL_PROGRAM_MAX, &there, &len_there, NULL) == 0 &&
	    len_there == len && memcmp(ours, there, len) == 0)
		return 0;
	return install_put(w->bin_dir, INSTALL_TYPE, ours, len, 0755, NULL, err);
}

/* ---- our place ---- */

/* *ret_changed is set when the text was not there already. */
static int put_dropin(const struct install_wish *w, const struct install_list *l, bool *ret_changed,
		      struct err *err)
{
	auto_free char *text = install_dropin_text(l, w->socket);
	auto_free char *there = NULL;
	char dir[PATH_MAX], path[PATH_MAX];
	size_t len = 0;
	int r = install_join(dir, w->conf_dir, l->name, err);

	if (!text)
		return err_sys(err, ENOMEM, "write the drop-in of network '%s'", l->name);
	if (r == 0)
		r = install_join(path, dir, INSTALL_DROPIN, err);
	if (r < 0)
		return r;
	if (file_read(AT_FDCWD, path, INSTALL_LIST_MAX, &there, &len, NULL) == 0 &&
	    !strcmp(text, there))
		return 0;
	*ret_changed = true;
	r = file_mkdirs(dir, 0755, err);
	return r < 0 ? r : install_put(dir, INSTALL_DROPIN, text, strlen(text), 0644, NULL, err);
}

int install_edit_list(const char *conf_dir, const char *name, const struct install_list *l,
		      const struct stat *was, const char *socket, struct err *err)
{
	auto_free char *text = install_list_text(l, socket);
	char path[PATH_MAX];
	struct stat st;
	int r = install_join(path, conf_dir, name, err);

	if (!text)
		return err_sys(err, ENOMEM, "write '%s'", name);
	if (r < 0)
		return r;
	if (lstat(path, &st) < 0)
		return err_sys(err, errno, "look at '%s'", path);
	if (S_ISLNK(st.st_mode))
		return err_set(err, -EOPNOTSUPP,
			       "'%s' is a link: who put it there must add the entry", path);
	return install_put(conf_dir, name, text, strlen(text), was->st_mode & 0777, was, err);
}

/* A list without plugins has all of them in its folder. Without a plugin that makes the interface
 * there is no result for us to pass on. */
static bool follows_others(const char *conf_dir, const char *network)
{
	struct dirent **files = NULL;
	bool found = false;
	char dir[PATH_MAX];
	int n = install_join(dir, conf_dir, network, NULL) == 0 ?
			install_conf_files(dir, &files, NULL) :
			-1;

	if (n > 0)
		found = strcmp(files[0]->d_name, INSTALL_DROPIN) < 0;
	if (n >= 0)
		install_files_free(files, n);
	return found;
}

static int put_place(const struct install_wish *w, const char *name, const struct install_list *l,
		     const struct stat *was, struct install_state *state, struct err *err)
{
	int r;

	/* the list has an entry already, ours or the operator's; a second place would have us
	 * called twice */
	if (l->n_ours > 0)
		return install_drop_dropins(w->conf_dir, NULL, &state->changed, err);
	state->dropin = w->mode == CONFIG_INSTALL_BY_DROPIN ||
			(w->mode == CONFIG_INSTALL_AUTO && !l->inlined_only);
	if (state->dropin && l->inlined_only)
		return err_set(
			err, -EOPNOTSUPP,
			"'%s' says loadOnlyInlinedPlugins: 'cniInstall: dropin' has no effect there",
			name);
	if (l->n_plugins == 0 && !(state->dropin && follows_others(w->conf_dir, l->name))) {
		(void)install_drop_dropins(w->conf_dir, NULL, &state->changed, NULL);
		return err_set(
			err, -EOPNOTSUPP,
			"'%s' has no plugins: in its drop-in folder smc-cni would be the first",
			name);
	}
	/* of a network that had another name */
	r = install_drop_dropins(w->conf_dir, state->dropin ? l->name : NULL, &state->changed, err);
	if (r < 0)
		return r;
	if (state->dropin)
		return put_dropin(w, l, &state->changed, err);
	state->changed = true;
	return install_edit_list(w->conf_dir, name, l, was, w->socket, err);
}

int install_apply(const struct install_wish *w, struct install_state *ret, struct err *err)
{
	struct install_state state = { 0 };
	auto_close int lock = -1;
	struct install_list l = { 0 };
	struct stat st = { 0 };
	int r = put_program(w, err);

	if (r == 0)
		r = lock = install_lock(w->conf_dir, err);
	if (r >= 0)
		r = first_list(w->conf_dir, state.list, &l, &st, err);
	if (r < 0)
		return r;
	strcpy(state.network, l.name);
	r = put_place(w, state.list, &l, &st, &state, err);
	install_list_clear(&l);
	if (state.changed)
		install_poke(w->conf_dir);
	if (r < 0)
		return r;
	*ret = state;
	return 0;
}
