/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/pod_containers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "node-agent/node/pod_steer.h"
#include "node-agent/steer/container_cgroup.h"

/* The folder of the cgroup that the map entry of the pod names, and of no other one. */
static int open_pod(const struct node *node, const struct record *rec, struct err *err)
{
	auto_close int fd = pod_cgroup_open(node, rec, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "read the pod's cgroup");
	if (st.st_ino != rec->cgroup_id)
		return err_set(err, -ESTALE, "the pod's cgroup is not known yet");
	return TAKE_FD(fd);
}

/* 0 where there is none: the container has ended, or its cgroup is none that we know the name of.
 * Of two cgroups with its name one could be somebody else's. */
static int find_one(int pod_fd, const struct pair *container, uint64_t *ret, struct err *err)
{
	char id[80];
	int r;

	*ret = 0;
	(void)snprintf(id, sizeof(id), "%.*s", container->value_len, container->value);
	if (!id[0])
		return 0;
	r = cgroup_find_container(pod_fd, id, ret, err);
	return r == -ENOENT || r == -ENOTUNIQ ? 0 : r;
}

static int find_all(int pod_fd, const char *wanted, FILE *out, struct err *err)
{
	const char *comma = "";
	struct pair pair;

	while (pairs_next(&wanted, &pair)) {
		uint64_t cgroup;
		int r = find_one(pod_fd, &pair, &cgroup, err);

		if (r < 0)
			return r;
		(void)fprintf(out, "%s%.*s=", comma, pair.name_len, pair.name);
		if (cgroup)
			(void)fprintf(out, "%" PRIu64, cgroup);
		comma = ",";
	}
	return 0;
}

/* *ret is `placed` of what is wanted, the caller's; NULL where no containers are named. */
static int find(const struct node *node, const struct record *rec, struct text **ret,
		struct err *err)
{
	auto_close int fd = -1;
	auto_free char *buf = NULL;
	size_t len;
	FILE *out;
	int r;

	*ret = NULL;
	if (!rec->wish.containers)
		return 0;
	fd = open_pod(node, rec, err);
	if (fd < 0)
		return fd;
	out = open_memstream(&buf, &len);
	if (!out)
		return err_sys(err, ENOMEM, "look for containers");
	r = find_all(fd, text_get(rec->wish.containers), out, err);
	if (fclose(out) != 0 && r == 0)
		r = err_sys(err, ENOMEM, "look for containers");
	if (r < 0)
		return r;
	*ret = text_new(buf);
	return *ret ? 0 : err_sys(err, ENOMEM, "look for containers");
}

/* Takes those away that `keep` has not; NULL: all. */
static int drop(struct node *node, const struct record *rec, const char *keep, struct err *err)
{
	const char *placed = text_get(rec->containers);
	struct err e = ERR_INIT;
	struct pair pair;
	int first = 0;

	while (pairs_next(&placed, &pair)) {
		uint64_t cgroup = containers_cgroup(&pair);

		if (!cgroup || containers_has(keep, cgroup))
			continue;
		if (!node->steer)
			return err_set(err, -EOPNOTSUPP, "the hook is not attached: %s",
				       node->facts.hook.why);
		err_keep_first(&first, err, steer_container_undo(node->steer, cgroup, &e), &e);
	}
	return first;
}

int pod_containers_see(struct node *node, struct record *rec, bool shared, struct err *err)
{
	struct text *found;
	int r;

	if (rec->wish.steer ? !rec->wish.containers : shared)
		return 0;
	r = find(node, rec, &found, err);
	if (r < 0)
		return r;
	r = drop(node, rec, text_get(found), err);
	if (r < 0) {
		text_unref(found);
		return r;
	}
	text_unref(rec->containers);
	rec->containers = found;
	return 0;
}

int pod_containers_apply(struct node *node, const struct record *rec, struct err *err)
{
	const char *placed = text_get(rec->containers);
	struct pair pair;
	int r = 0;

	while (rec->wish.containers && r == 0 && pairs_next(&placed, &pair)) {
		uint64_t cgroup = containers_cgroup(&pair);

		if (cgroup && !node->steer)
			r = err_set(err, -EOPNOTSUPP, "the hook is not attached: %s",
				    node->facts.hook.why);
		else if (cgroup)
			r = steer_container_apply(node->steer, cgroup, rec->netns.cookie, err);
	}
	return r;
}

/* Whether others can be told by now. Not to be able to look is no answer. */
static bool are_others(struct node *node, const struct record *rec)
{
	struct text *found;
	bool others;

	if (find(node, rec, &found, NULL) < 0)
		return false;
	others = !text_same(found, rec->containers);
	text_unref(found);
	return others;
}

int pod_containers_check(struct node *node, const struct record *rec, struct err *err)
{
	const char *placed = text_get(rec->containers);
	struct pair pair;
	int r = 0;

	if (are_others(node, rec))
		return err_set(err, -ESTALE, "other containers of the pod can be told by now");
	while (r == 0 && node->steer && pairs_next(&placed, &pair)) {
		uint64_t cgroup = containers_cgroup(&pair);

		if (cgroup)
			r = steer_container_check(node->steer, cgroup, rec->netns.cookie, err);
	}
	return r;
}

int pod_containers_undo(struct node *node, const struct record *rec, struct err *err)
{
	return drop(node, rec, NULL, err);
}
