/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/netns_json.h"

#define LIST_MAX (1024 * 1024) /* bytes of the list of namespaces */

/* "<folder of the socket>/<name>"; ret holds PATH_MAX bytes (agentSocket is far shorter). */
static const char *beside_socket(const struct conf *conf, const char *name, char *ret)
{
	int len = (int)(strrchr(conf->agent_socket, '/') - conf->agent_socket);

	(void)snprintf(ret, PATH_MAX, "%.*s/%s", len, conf->agent_socket, name);
	return ret;
}

static const char *path_of(const struct conf *conf, const struct wire_attachment *a, char *ret)
{
	char name[sizeof(WIRE_PENDING_DIR) + WIRE_HASH_LEN + sizeof("/.json")], hash[WIRE_HASH_LEN];

	(void)snprintf(name, sizeof(name), WIRE_PENDING_DIR "/%s.json",
		       wire_attachment_hash(a, hash));
	return beside_socket(conf, name, ret);
}

/* When the path is read again it may lead to another namespace (/proc/PID/ns/net); the cookie
 * cannot, nor where the kernel has none (before 5.14), device and inode together. */
static int add_netns(json_t *msg, const char *netns, struct err *err)
{
	auto_close int fd = netns_open(netns, err);
	struct netns_id id;
	int r = fd < 0 ? fd : netns_identify(fd, &id, err);

	if (r < 0)
		return r;
	if (json_object_set_new(msg, "netnsCookie", u64_to_json(id.cookie)) < 0 ||
	    json_object_set_new(msg, "netns", netns_to_json(&id)) < 0)
		return err_sys(err, ENOMEM, "write request");
	return 0;
}

int pending_write(const struct conf *conf, const struct wire_prepare *request, const char *netns,
		  const struct podnet *undo, struct err *err)
{
	json_auto_t *msg = wire_prepare_to_json(request);
	auto_free char *text = NULL;
	char path[PATH_MAX];
	int r = add_netns(msg, netns, err);

	if (r < 0)
		return r;
	if (!msg || json_object_set_new(msg, "netnsPath", json_string(netns)) < 0 ||
	    json_object_set_new(msg, "undo", podnet_to_json(undo)) < 0)
		return err_sys(err, ENOMEM, "write request");
	text = json_dumps(msg, JSON_COMPACT);
	if (!text)
		return err_sys(err, ENOMEM, "write request");
	r = file_mkdirs(beside_socket(conf, WIRE_PENDING_DIR, path), 0700, err);
	if (r < 0)
		return r;
	return file_replace(AT_FDCWD, path_of(conf, &request->attachment, path), text, strlen(text),
			    0600, err);
}

static json_t *read_request(int dirfd, const char *path)
{
	auto_free char *text = NULL;
	json_t *msg = NULL;
	size_t len;

	if (file_read(dirfd, path, WIRE_MESSAGE_MAX, &text, &len, NULL) < 0)
		return NULL;
	(void)smc_json_parse_object(text, len, path, &msg, NULL);
	return msg;
}

bool pending_take(const struct conf *conf, const struct wire_attachment *a, struct podnet *ret_undo,
		  struct netns_id *ret_netns)
{
	json_auto_t *msg = NULL;
	json_t *undo = NULL;
	char path[PATH_MAX];

	msg = read_request(AT_FDCWD, path_of(conf, a, path));
	(void)file_remove(AT_FDCWD, path, NULL);
	return smc_json_get_object(msg, "request", "undo", &undo, NULL) > 0 &&
	       podnet_from_json(undo, "undo", ret_undo, NULL) == 0 &&
	       netns_from_json(msg, "request", ret_netns, NULL) == 0;
}

static bool is_stale(const json_t *msg, const struct conf *conf,
		     const struct wire_attachment *valid, size_t n)
{
	struct wire_attachment a;

	if (!msg || wire_attachment_from_json(msg, &a, NULL) < 0 ||
	    strcmp(a.network, conf->name) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(a.container_id, valid[i].container_id) &&
		    !strcmp(a.ifname, valid[i].ifname))
			return false;
	}
	return true;
}

void pending_gc(const struct conf *conf, const struct wire_attachment *valid, size_t n)
{
	char path[PATH_MAX];
	auto_closedir DIR *dir = opendir(beside_socket(conf, WIRE_PENDING_DIR, path));
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		json_auto_t *msg = NULL;

		if (entry->d_name[0] == '.')
			continue;
		msg = read_request(dirfd(dir), entry->d_name);
		if (is_stale(msg, conf, valid, n))
			(void)file_remove(dirfd(dir), entry->d_name, NULL);
	}
}

bool pending_namespace_required(const struct conf *conf, const char *namespace)
{
	auto_free char *text = NULL;
	char path[PATH_MAX];
	char *rest, *line;

	if (*namespace == '\0' || file_read(AT_FDCWD, beside_socket(conf, WIRE_REQUIRED_FILE, path),
					    LIST_MAX, &text, NULL, NULL) < 0)
		return false;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (!strcmp(line, namespace))
			return true;
	}
	return false;
}
