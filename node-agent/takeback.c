/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/takeback.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/install/cache.h"
#include "node-agent/install/install.h"
#include "node-agent/node/features.h"
#include "node-agent/node/node.h"
#include "node-agent/node/pod.h"
#include "node-agent/steer/pod_cgroup.h"

struct cleanup {
	struct node *node;
	int first; /* the first error */
	struct err *err;
};

static void outcome(struct cleanup *c, const char *what, int r, const struct err *err)
{
	if (r >= 0 || r == -ENOENT)
		return;
	log_error("cannot remove", "what", what, "err", err->msg);
	if (c->first == 0) {
		c->first = r;
		*c->err = *err;
	}
}

/* ---- the kernel ---- */

static void remove_pod(void *arg, struct record *rec)
{
	const struct wish_shared nothing = { .host = true }; /* what is shared goes below */
	struct cleanup *c = arg;
	struct err err = ERR_INIT;
	int r;

	if (strcmp(rec->boot_id, c->node->boot_id) != 0)
		r = record_remove(c->node->state_fd, &rec->req.attachment, &err);
	else
		r = pod_remove(c->node, rec, &nothing, true, &err);
	outcome(c, rec->req.attachment.container_id, r, &err);
	record_free(rec);
}

static void bad_record(void *arg, const char *name, const char *why)
{
	(void)arg;
	log_warn("record cannot be read, going on without", "file", name, "err", why);
}

static void remove_ueid(struct cleanup *c)
{
	struct node *node = c->node;
	struct err err = ERR_INIT;
	struct smc_nl *nl;
	int r;

	if (!node->ueid[0])
		return;
	r = smc_nl_open(-1, NODE_NETLINK_MS, &nl, &err);
	if (r == 0) {
		r = smc_ueid_del(nl, node->ueid, &err);
		smc_nl_close(nl);
	}
	outcome(c, "UEID", r, &err);
	if (r == 0 || r == -ENOENT)
		node->ueid[0] = '\0';
}

/* No pod is to start with us in its chain from here on. */
static void remove_from_runtime(struct cleanup *c)
{
	const struct config *config = c->node->config;
	struct err err = ERR_INIT;

	outcome(c, "plugin",
		install_undo(config->cni_conf_dir, config->cni_bin_dir, INSTALL_CACHE_DIR, &err),
		&err);
}

static void remove_from_kernel(struct cleanup *c)
{
	const struct config *config = c->node->config;
	auto_close int cgroup_fd = -1;
	struct err err = ERR_INIT;

	/* Steering first: what comes after is of no use to it. */
	outcome(c, "hook", steer_remove_all(config->bpffs_dir, &err), &err);
	cgroup_fd = cgroup_open_root(config->cgroup_root, NULL);
	if (cgroup_fd >= 0)
		outcome(c, "programs on cgroups",
			steer_cgroup_remove_all(config->cgroup_root, &err), &err);
	outcome(c, "records", record_each(c->node->state_fd, remove_pod, bad_record, c, &err),
		&err);
	outcome(c, "host's side", node_drop_hostnet(c->node, &err), &err);
	remove_ueid(c);
	outcome(c, "node features", features_remove(config->features_dir, &err), &err);
	if (c->first < 0) /* node.json stays, and says what is left */
		(void)node_save(c->node, NULL);
}

/* ---- files ---- */

/* The files of ours in the folder: names that end so, or are so. */
static void empty_folder(const char *path, const char *const *endings)
{
	auto_closedir DIR *dir = opendir(path);
	const struct dirent *de;

	while (dir && (de = readdir(dir))) {
		size_t len = strlen(de->d_name);

		for (const char *const *e = endings; *e; e++) {
			if (len >= strlen(*e) && !strcmp(de->d_name + len - strlen(*e), *e))
				(void)unlinkat(dirfd(dir), de->d_name, 0);
		}
	}
}

static void remove_below(const char *dir, const char *name, const char *const *endings)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return;
	empty_folder(path, endings);
	(void)rmdir(path);
}

static void remove_beside_socket(const struct config *config)
{
	static const char *const endings[] = { ".json", ".json.bad", ".json.tmp", NULL };
	char path[PATH_MAX];

	if (node_beside_socket(config, WIRE_PENDING_DIR, path, sizeof(path), NULL) == 0) {
		empty_folder(path, endings);
		(void)rmdir(path);
	}
	if (node_beside_socket(config, WIRE_REQUIRED_FILE, path, sizeof(path), NULL) == 0)
		(void)file_remove(AT_FDCWD, path, NULL);
}

/* It stays while a pod has a device of the host, of which a plugin that the operator has put
 * elsewhere is to know. */
static void remove_plugin_dir(void)
{
	static const char *const unfinished[] = { ".tmp", NULL };

	empty_folder(WIRE_PLUGIN_DIR "/" WIRE_PLUGIN_LENT, unfinished);
	if (rmdir(WIRE_PLUGIN_DIR "/" WIRE_PLUGIN_LENT) < 0 && errno != ENOENT)
		return;
	(void)unlink(WIRE_PLUGIN_DIR "/" WIRE_PLUGIN_LOCK);
	(void)rmdir(WIRE_PLUGIN_DIR);
}

/* Folders that hold what is not ours stay. */
static void remove_files(const struct config *config)
{
	static const char *const records[] = { ".json", ".json.bad", ".json.tmp", NULL };
	static const char *const state[] = {
		"node.json",	       "node.json.bad",	       ".node.json.tmp",
		"namespaces.json",     ".namespaces.json.tmp", "manifests.json",
		".manifests.json.tmp", "agent.lock",	       NULL
	};
	char dir[PATH_MAX];

	remove_below(config->state_dir, RECORD_DIR, records);
	FAULT_KILL("removal of the state's files");
	remove_below(config->state_dir, ".", state);
	FAULT_KILL("removal of files beside the socket");
	(void)rmdir(config->state_dir);
	remove_beside_socket(config);
	remove_plugin_dir();
	(void)unlink(config->socket);
	if (node_beside_socket(config, "", dir, sizeof(dir), NULL) == 0)
		(void)rmdir(dir);
}

int takeback_run(const struct config *config, struct err *err)
{
	auto_close int lock = node_lock(config->state_dir, err);
	struct cleanup c = { .err = err };
	int r;

	if (lock < 0)
		return lock;
	r = node_open(config, &c.node, err);
	if (r < 0)
		return r;
	FAULT_SCOPE("cleanup");
	remove_from_runtime(&c);
	remove_from_kernel(&c);
	node_close(c.node);
	FAULT_KILL("removal of files");
	if (c.first == 0)
		remove_files(config);
	return c.first;
}
