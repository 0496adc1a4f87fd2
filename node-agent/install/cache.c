/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/install/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/install/list.h"
#include "node-agent/parse/base64.h"

#define SANDBOX_MAX_S 240 /* kubelet's runtimeRequestTimeout, doubled for RunPodSandbox */

json_t *install_cache_read(int dirfd, const char *name)
{
	auto_free char *text = NULL;
	size_t len;

	if (file_read(dirfd, name, INSTALL_LIST_MAX, &text, &len, NULL) < 0)
		return NULL;
	return json_loadb(text, len, JSON_ALLOW_NUL, NULL); /* an annotation may have one */
}

static bool names_us(const json_t *info)
{
	const char *config = json_string_value(json_object_get(info, "config"));
	auto_free char *decoded = NULL;
	size_t n;

	return config && base64_decode(config, &decoded, &n) == 0 &&
	       strstr(decoded, "\"" INSTALL_TYPE "\"");
}

bool install_cache_names_us(const char *cache_dir)
{
	auto_closedir DIR *dir = opendir(cache_dir);
	const struct dirent *de;

	while (dir && (de = readdir(dir))) {
		json_auto_t *info =
			de->d_name[0] != '.' ? install_cache_read(dirfd(dir), de->d_name) : NULL;

		if (names_us(info))
			return true;
	}
	return false;
}

bool install_cache_is_empty(const char *cache_dir)
{
	auto_closedir DIR *dir = opendir(cache_dir);
	const struct dirent *de;

	while (dir && (de = readdir(dir)))
		if (de->d_name[0] != '.')
			return false;
	return true;
}

bool install_cache_is_of(const json_t *info, const char *network)
{
	const char *name = json_string_value(json_object_get(info, "networkName"));

	return name && strcmp(name, network) == 0;
}

/* The sandbox that the result names, for runtimes whose libcni does not name the netns itself. */
static const char *sandbox_of(const json_t *result)
{
	const json_t *interface;
	size_t i;

	json_array_foreach(json_object_get(result, "interfaces"), i, interface) {
		const char *sandbox = json_string_value(json_object_get(interface, "sandbox"));

		if (sandbox && *sandbox)
			return sandbox;
	}
	return NULL;
}

const char *install_cache_netns(const json_t *info)
{
	const char *netns = json_string_value(json_object_get(info, "netns"));

	return netns ? netns : sandbox_of(json_object_get(info, "result"));
}

/* Did its ADD begin after that? The file tells when the ADD ended. The namespace, which was made
 * before it and is held by a mount, tells when that was; where it cannot be looked at, the ADD is
 * taken to have lasted as long as kubelet waits at most. */
static bool began_after(const json_t *info, const struct stat *file, int64_t since_s)
{
	const char *netns = install_cache_netns(info);
	struct stat st;

	if (netns && stat(netns, &st) == 0)
		return st.st_ctim.tv_sec > since_s;
	return file->st_mtim.tv_sec > since_s + SANDBOX_MAX_S;
}

bool install_cache_has_newer(const char *cache_dir, const char *network, int64_t since_s)
{
	auto_closedir DIR *dir = opendir(cache_dir);
	const struct dirent *de;

	while (dir && (de = readdir(dir))) {
		json_auto_t *info = NULL;
		struct stat st;

		if (strncmp(de->d_name, network, strlen(network)) != 0 ||
		    fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_mtim.tv_sec <= since_s)
			continue;
		info = install_cache_read(dirfd(dir), de->d_name);
		if (install_cache_is_of(info, network) && began_after(info, &st, since_s))
			return true;
	}
	return false;
}
