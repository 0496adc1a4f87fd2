/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of named containers in the pinned map `containers`. */
#include "node-agent/steer/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/fault.h"

int steer_container_apply(struct steer *s, uint64_t cgroup_id, uint64_t cookie, struct err *err)
{
	int rc;

	FAULT_POINT("entry of a container", err);
	rc = bpf_map_update_elem(s->containers_fd, &cgroup_id, &cookie, BPF_ANY);
	if (rc < 0)
		return err_sys(err, rc, "add the container with cgroup %" PRIu64, cgroup_id);
	FAULT_KILL("entry of a container");
	return 0;
}

int steer_container_check(struct steer *s, uint64_t cgroup_id, uint64_t cookie, struct err *err)
{
	uint64_t found;
	int rc = bpf_map_lookup_elem(s->containers_fd, &cgroup_id, &found);

	if (rc < 0)
		return err_sys(err, rc, "find the container with cgroup %" PRIu64, cgroup_id);
	if (found != cookie)
		return err_set(err, -ESTALE,
			       "check the container with cgroup %" PRIu64 ": netns cookie %" PRIu64
			       " instead of %" PRIu64,
			       cgroup_id, found, cookie);
	return 0;
}

int steer_container_undo(struct steer *s, uint64_t cgroup_id, struct err *err)
{
	int rc;

	FAULT_POINT("removal of a container's entry", err);
	rc = bpf_map_delete_elem(s->containers_fd, &cgroup_id);
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "remove the container with cgroup %" PRIu64, cgroup_id);
	return 0;
}

/* As steer_pod_list(). What has gone between its key and its value is passed over. */
int steer_container_list(struct steer *s, struct steer_container **ret, struct err *err)
{
	auto_free struct steer_container *all = calloc(STEER_MAX_CONTAINERS, sizeof(*all));
	uint64_t key, *before = NULL;
	int count = 0;
	int rc = 0;

	if (!all)
		return err_sys(err, ENOMEM, "list containers");
	for (int i = 0; i < STEER_MAX_CONTAINERS; i++) {
		rc = bpf_map_get_next_key(s->containers_fd, before, &key);
		if (rc < 0)
			break;
		before = &key;
		all[count].cgroup_id = key;
		if (bpf_map_lookup_elem(s->containers_fd, &key, &all[count].cookie) == 0)
			count++;
	}
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "list containers");
	*ret = TAKE_PTR(all);
	return count;
}
