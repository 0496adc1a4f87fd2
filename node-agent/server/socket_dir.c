/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/server/socket_dir.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/wire.h"

#define REMEDY "name one of its own, such as '" WIRE_DEFAULT_SOCKET "'"

static int folder_of(const char *path, char ret[PATH_MAX], struct err *err)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || slash - path >= PATH_MAX)
		return err_set(err, -EINVAL, "socket '%s' must lie in a folder of its own", path);
	(void)snprintf(ret, PATH_MAX, "%.*s", (int)(slash - path), path);
	return 0;
}

/* The name in the folder that leads to the path, as "state" of "/run/smc-cni" to
 * "/run/smc-cni/state/x". */
static bool leads_to(const char *dir, const char *name, const char *path)
{
	size_t dir_len = strlen(dir), len = strlen(name);

	return !strncmp(path, dir, dir_len) && path[dir_len] == '/' &&
	       !strncmp(path + dir_len + 1, name, len) &&
	       (!path[dir_len + 1 + len] || path[dir_len + 1 + len] == '/');
}

static bool is_ours(const struct config *config, const char *dir, const char *name)
{
	static const char required_tmp[] = "." WIRE_REQUIRED_FILE ".tmp";
	static const char *const names[] = { ".", "..", WIRE_PENDING_DIR, WIRE_REQUIRED_FILE,
					     required_tmp };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return leads_to(dir, name, config->socket) || leads_to(dir, name, config->state_dir) ||
	       leads_to(dir, name, WIRE_PLUGIN_DIR);
}

static int check_entries(const struct config *config, const char *dir, struct err *err)
{
	auto_closedir DIR *d = opendir(dir);
	const struct dirent *entry;

	while (d && (entry = readdir(d))) {
		if (!is_ours(config, dir, entry->d_name))
			return err_set(err, -EPERM,
				       "socket '%s': its folder holds '%s', "
				       "which is not the agent's: " REMEDY,
				       config->socket, entry->d_name);
	}
	return 0;
}

/* 1: there is nothing to do; 0: it is to be made, or made ours. */
static int look(const struct config *config, const char *dir, struct err *err)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return errno == ENOENT ?
			       0 :
			       err_sys(err, errno, "socket '%s': its folder", config->socket);
	if (!S_ISDIR(st.st_mode))
		return err_sys(err, ENOTDIR, "socket '%s': its folder", config->socket);
	if ((st.st_mode & (S_IWGRP | S_IWOTH | S_ISVTX)) ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return err_set(err, -EPERM, "socket '%s': others may write to its folder: " REMEDY,
			       config->socket);
	if (!(st.st_mode & (S_IRWXG | S_IRWXO)))
		return 1;
	return check_entries(config, dir, err);
}

int socket_dir_check(const struct config *config, struct err *err)
{
	char dir[PATH_MAX];
	int r = folder_of(config->socket, dir, err);

	if (r == 0)
		r = look(config, dir, err);
	return r < 0 ? r : 0;
}

int socket_dir_make(const struct config *config, struct err *err)
{
	char dir[PATH_MAX];
	int r = folder_of(config->socket, dir, err);

	if (r == 0)
		r = look(config, dir, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = file_mkdirs(dir, 0700, err);
	if (r < 0)
		return r;
	return chmod(dir, 0700) < 0 ? err_sys(err, errno, "set mode 0700 of '%s'", dir) : 0;
}
