/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "node-agent/steer/pod_cgroup.h"

#define NODE_FILE "node.json"
#define NODE_FILE_MAX (256 * 1024)
#define LOCK_FILE "agent.lock"

void node_close(struct node *node)
{
	if (!node)
		return;
	flows_close(node->flows);
	steer_close(node->steer);
	offer_close(node->offer);
	hostnet_undo_free(node->hostnet);
	netns_index_clear(&node->netns_index);
	if (node->state_fd >= 0)
		(void)close(node->state_fd);
	if (node->cgroup_fd >= 0)
		(void)close(node->cgroup_fd);
	free(node);
}

static void cleanup_node(struct node **node)
{
	node_close(*node);
}

static int open_state_dir(const char *path, struct err *err)
{
	int fd, r = file_mkdirs(path, 0700, err);

	if (r < 0)
		return err_prefix(err, r, "stateDir");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, errno, "open stateDir '%s'", path);
}

/* Fills ueid and hostnet from node.json, if it is of this boot. */
static int parse_state(struct node *node, const char *text, size_t len, struct err *err)
{
	const char *boot_id, *ueid = "";
	json_auto_t *obj = NULL;
	json_t *hostnet = NULL;
	int r = smc_json_parse_object(text, len, NODE_FILE, &obj, err);

	if (r < 0)
		return r;
	if (smc_json_need_string(obj, NODE_FILE, "bootID", &boot_id, err) < 0 ||
	    smc_json_get_string(obj, NODE_FILE, "ueid", &ueid, err) < 0 ||
	    smc_json_get_object(obj, NODE_FILE, "hostnet", &hostnet, err) < 0)
		return -EINVAL;
	if (strcmp(boot_id, node->boot_id) != 0)
		return 0;
	if (strlen(ueid) >= sizeof(node->ueid))
		return err_set(err, -EINVAL, NODE_FILE ": 'ueid' is '%.64s', no UEID", ueid);
	if (hostnet) {
		struct hostnet_undo *undo;

		r = hostnet_undo_from_json(hostnet, &undo, err);
		if (r < 0)
			return r;
		hostnet_undo_free(node->hostnet);
		node->hostnet = undo;
	}
	strcpy(node->ueid, ueid);
	return 0;
}

static int read_state(struct node *node, struct err *err)
{
	auto_free char *text = NULL;
	struct err why = ERR_INIT;
	size_t len;
	int r = file_read(node->state_fd, NODE_FILE, NODE_FILE_MAX, &text, &len, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(err, r, "stateDir: %s", why.msg);
	r = parse_state(node, text, len, &why);
	if (r == -ENOMEM)
		return err_set(err, r, "stateDir: %s", why.msg);
	if (r < 0) {
		log_warn(
			"node.json cannot be read, moving it to node.json.bad and going on without",
			"err", why.msg);
		(void)renameat(node->state_fd, NODE_FILE, node->state_fd, NODE_FILE ".bad");
	}
	return 0;
}

int node_open(const struct config *config, struct node **ret, struct err *err)
{
	auto_with(cleanup_node) struct node *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		return err_sys(err, ENOMEM, "open stateDir");
	node->config = config;
	node->state_fd = node->cgroup_fd = -1;
	node->facts.plugin.unasked = !*config->cni_plugin;
	strcpy(node->facts.plugin.why,
	       *config->cni_plugin ?
		       "the plugin is not in the CNI chain yet" :
		       "not managed: the agent was not told to install it (--cni-plugin)");
	node->facts.nri.unasked = !*config->nri;
	strcpy(node->facts.nri.why,
	       *config->nri ? "the runtime has not answered yet" : "the config says 'nri: off'");
	node->hostnet = hostnet_undo_new();
	if (!node->hostnet)
		return err_sys(err, ENOMEM, "open stateDir");
	r = file_boot_id(node->boot_id, err);
	if (r < 0)
		return r;
	node->state_fd = open_state_dir(config->state_dir, err);
	if (node->state_fd < 0)
		return node->state_fd;
	r = read_state(node, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(node);
	return 0;
}

int node_save(const struct node *node, struct err *err)
{
	json_auto_t *obj = json_pack("{s:i, s:s, s:s, s:o}", "version", 1, "bootID", node->boot_id,
				     "ueid", node->ueid, "hostnet",
				     hostnet_undo_to_json(node->hostnet));
	auto_free char *text = obj ? json_dumps(obj, JSON_INDENT(1)) : NULL;

	if (!text)
		return err_sys(err, ENOMEM, "write '" NODE_FILE "'");
	return file_replace(node->state_fd, NODE_FILE, text, strlen(text), 0600, err);
}

int node_record_hostnet(void *arg, const struct hostnet_undo *undo, struct err *err)
{
	const struct node *node = arg;

	(void)undo; /* it is the node's own */
	return node_save(node, err);
}

int node_drop_hostnet(struct node *node, struct err *err)
{
	int r = hostnet_shared_undo(node->hostnet, err);

	return r < 0 ? r : node_save(node, err);
}

int node_beside_socket(const struct config *config, const char *name, char *buf, size_t size,
		       struct err *err)
{
	const char *slash = strrchr(config->socket, '/');
	int dir_len = slash ? (int)(slash - config->socket) + 1 : 0;
	int n = snprintf(buf, size, "%.*s%s", dir_len, config->socket, name);

	if (n < 0 || (size_t)n >= size)
		return err_sys(err, ENAMETOOLONG, "socket '%s'", config->socket);
	return 0;
}

/* Who has the lock, for the message; 0 if the file does not say. */
static int lock_holder(int fd)
{
	auto_free char *text = NULL;
	struct err ignored;

	return file_read_fd(fd, LOCK_FILE, 32, &text, NULL, &ignored) < 0 ? 0 : atoi(text);
}

int node_lock(const char *state_dir, struct err *err)
{
	auto_close int dir = open_state_dir(state_dir, err);
	auto_close int fd = -1;

	if (dir < 0)
		return dir;
	fd = openat(dir, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, errno, "open '%s/" LOCK_FILE "'", state_dir);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return err_sys(err, errno, "lock '%s/" LOCK_FILE "'", state_dir);
		return err_set(err, -EBUSY, "lock '%s/" LOCK_FILE "': the agent with pid %d has it",
			       state_dir, lock_holder(fd));
	}
	/* The pid is for people; on a full disk the lock works without. */
	if (ftruncate(fd, 0) == 0)
		(void)dprintf(fd, "%d\n", (int)getpid());
	return TAKE_FD(fd);
}
