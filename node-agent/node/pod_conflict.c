/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/pod_conflict.h"

#include "common/cleanup.h"
#include "node-agent/conflict/conflict.h"
#include "node-agent/steer/pod_cgroup.h"

static void look_for_owner_rules(struct node *node, const struct record *rec, int netns_fd,
				 struct conflict *ret)
{
	auto_close int found_fd =
		netns_fd < 0 ? netns_index_find(&node->netns_index, &rec->netns, NULL) : -1;
	char what[CONFLICT_WHAT_MAX] = "";
	struct err err = ERR_INIT;
	int r;

	if (netns_fd < 0)
		netns_fd = found_fd;
	if (netns_fd < 0) /* the look at the pod says why */
		return;
	r = conflict_owner_rules(netns_fd, NODE_NETLINK_MS, what, sizeof(what), &err);
	conflict_set(ret, r, what, &err);
}

/* Where the pod's cgroup is not known, the root's programs are all that can be seen. */
static void look_for_sock_ops(const struct node *node, const struct record *rec,
			      struct conflict *ret)
{
	char what[CONFLICT_WHAT_MAX] = "";
	struct err err = ERR_INIT;
	auto_close int fd = -1;
	int r;

	if (node->cgroup_fd < 0) /* nor could anybody attach one */
		return;
	if (rec->req.cgroup_path[0])
		fd = cgroup_open(node->cgroup_fd, rec->req.cgroup_path, &err);
	if (fd < 0 && fd != -ENOENT && rec->req.cgroup_path[0]) {
		conflict_set(ret, fd, what, &err);
		return;
	}
	r = conflict_sock_ops(fd < 0 ? node->cgroup_fd : fd, what, sizeof(what), &err);
	conflict_set(ret, r, what, &err);
}

static void look(struct node *node, const struct record *rec, int netns_fd, bool steered,
		 struct conflicts *ret)
{
	*ret = (struct conflicts){ 0 };
	look_for_owner_rules(node, rec, netns_fd, &ret->of[CONFLICT_OWNER_RULES]);
	look_for_sock_ops(node, rec, &ret->of[CONFLICT_SOCK_OPS]);
	if (steered)
		conflicts_drop_doubts(ret);
}

void pod_conflicts_look(struct node *node, const struct record *rec, int netns_fd,
			struct conflicts *ret)
{
	look(node, rec, netns_fd, rec->wish.steer, ret);
}

void pod_conflicts_heed(struct node *node, const struct record *rec, int netns_fd,
			const struct wish *before, struct wish *wish, struct conflicts *ret)
{
	if (!wish->steer)
		return;
	look(node, rec, netns_fd, before->steer, ret);
	if (conflicts_forbidding(node->config, ret, wish->containers))
		wish_unsteer(wish, before);
}
