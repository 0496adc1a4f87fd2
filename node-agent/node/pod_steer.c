/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/pod_steer.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "node-agent/node/pod.h"
#include "node-agent/steer/pod_cgroup.h"

/* ---- the pod's cgroup ---- */

/* The directory's inode is the cgroup's id, and no id is used twice. Returns 0 when there is no
 * cgroup to be seen. */
static uint64_t cgroup_id(const struct node *node, const struct record *rec, int *ret_rc)
{
	auto_close int fd = -1;
	struct err ignored;
	struct stat st;

	*ret_rc = -EOPNOTSUPP;
	if (node->cgroup_fd < 0 || !rec->req.cgroup_path[0])
		return 0;
	fd = cgroup_open(node->cgroup_fd, rec->req.cgroup_path, &ignored);
	*ret_rc = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;
	return *ret_rc < 0 ? 0 : st.st_ino;
}

bool pod_cgroup_died(const struct node *node, const struct record *rec)
{
	int rc;
	uint64_t now = rec->cgroup_id ? cgroup_id(node, rec, &rc) : 0;

	return rec->cgroup_id && (rc == -ENOENT || (rc == 0 && now != rec->cgroup_id));
}

bool pod_ended(const struct node *node, const struct record *rec)
{
	int rc;

	return cgroup_id(node, rec, &rc) == 0 && rc == -ENOENT;
}

int pod_cgroup_open(const struct node *node, const struct record *rec, struct err *err)
{
	if (!node->steer || node->cgroup_fd < 0)
		return err_set(err, -EOPNOTSUPP, "programs on the pod's cgroup: %s",
			       node->steer ? node->facts.cgroup.why : node->facts.hook.why);
	return cgroup_open(node->cgroup_fd, rec->req.cgroup_path, err);
}

/* What the record knows, and what can be told now beside that: 0 is what cannot. */
static int find_place(const struct node *node, const struct record *rec, struct steer_place *ret,
		      struct err *err)
{
	auto_close int fd = -1;
	struct steer_place place;
	int r;

	*ret = (struct steer_place){ .id = rec->cgroup_id, .level = rec->cgroup_level };
	if (!ret->id)
		ret->id = cgroup_id(node, rec, &r);
	if (!ret->id || ret->level || !node->steer)
		return 0;
	fd = pod_cgroup_open(node, rec, err);
	r = fd < 0 ? fd : steer_cgroup_place(node->steer, fd, &place, err);
	if (r < 0)
		return r;
	if (place.id == ret->id)
		ret->level = place.level;
	return 0;
}

int pod_cgroup_see(const struct node *node, struct record *rec, struct err *err)
{
	struct steer_place place;
	int r = find_place(node, rec, &place, err);

	rec->cgroup_id = place.id;
	rec->cgroup_level = place.level;
	return r;
}

/* ---- the map entry ---- */

static struct steer_pod entry_of(const struct record *rec, bool on)
{
	uint32_t steered = rec->wish.containers ? STEER_NAMED : STEER_ON;
	struct steer_pod pod = { .flags = on ? steered : 0,
				 .ulp = on ? rec->wish.ulp : STEER_ULP_IGNORE };

	if (rec->cgroup_level) {
		pod.cgroup_id = rec->cgroup_id;
		pod.cgroup_level = rec->cgroup_level;
	}
	return pod;
}

int pod_entry_apply(struct node *node, const struct record *rec, bool on, struct err *err)
{
	struct steer_pod pod = entry_of(rec, on);

	if (!node->steer)
		return err_set(err, -EOPNOTSUPP, "the hook is not attached: %s",
			       node->facts.hook.why);
	return steer_pod_apply(node->steer, rec->netns.cookie, &pod, err);
}

int pod_entry_check(struct node *node, const struct record *rec, struct err *err)
{
	struct steer_pod pod = entry_of(rec, true);
	struct steer_place place;

	if (!node->steer)
		return err_set(err, -EOPNOTSUPP, "the hook is not attached: %s",
			       node->facts.hook.why);
	(void)find_place(node, rec, &place, err);
	if (place.level != rec->cgroup_level)
		return err_set(err, -ESTALE, "the pod's cgroup can be told now");
	return steer_pod_check(node->steer, rec->netns.cookie, &pod, err);
}

/* ---- the programs on the cgroup ---- */

int pod_programs_apply(struct node *node, const struct record *rec, struct err *err)
{
	auto_close int fd = pod_cgroup_open(node, rec, err);

	return fd < 0 ? fd : steer_cgroup_apply(node->steer, fd, rec->netns.cookie, err);
}

int pod_programs_check(struct node *node, const struct record *rec, struct err *err)
{
	auto_close int fd = pod_cgroup_open(node, rec, err);

	return fd < 0 ? fd : steer_cgroup_check(node->steer, fd, rec->netns.cookie, err);
}

int pod_programs_undo(struct node *node, const struct record *rec, struct err *err)
{
	auto_close int fd = -1;

	if (!node->steer || node->cgroup_fd < 0)
		return 0;
	fd = pod_cgroup_open(node, rec, err);
	if (fd == -ENOENT)
		return 0; /* they died with the cgroup */
	return fd < 0 ? fd : steer_cgroup_undo(node->steer, fd, err);
}
