/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a pod in the pinned maps. */
#include "node-agent/steer/impl.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/fault.h"

int steer_pod_apply(struct steer *s, uint64_t cookie, const struct steer_pod *pod, struct err *err)
{
	static const struct steer_counters zero;
	int created, rc;

	FAULT_POINT("counters of a pod", err);
	/* counters first: the hook counts from the first socket on */
	created = bpf_map_update_elem(s->counters_fd, &cookie, &zero, BPF_NOEXIST);
	if (created < 0 && created != -EEXIST)
		return err_sys(err, created, "add counters of netns cookie %" PRIu64, cookie);
	FAULT_KILL("entry of a pod");
	rc = bpf_map_update_elem(s->pods_fd, &cookie, pod, BPF_ANY);
	if (rc < 0) {
		if (created == 0)
			(void)bpf_map_delete_elem(s->counters_fd, &cookie);
		return err_sys(err, rc, "add steering entry of netns cookie %" PRIu64, cookie);
	}
	return 0;
}

int steer_pod_check(struct steer *s, uint64_t cookie, const struct steer_pod *pod, struct err *err)
{
	struct steer_pod found;
	struct steer_counters counters;
	int rc = bpf_map_lookup_elem(s->pods_fd, &cookie, &found);

	if (rc < 0)
		return err_sys(err, rc, "find steering entry of netns cookie %" PRIu64, cookie);
	if (memcmp(&found, pod, sizeof(found)) != 0)
		return err_set(err, -ESTALE,
			       "check steering entry of netns cookie %" PRIu64
			       ": flags %#x ulp %u cgroup %" PRIu64 " instead of "
			       "flags %#x ulp %u cgroup %" PRIu64,
			       cookie, found.flags, found.ulp, (uint64_t)found.cgroup_id,
			       pod->flags, pod->ulp, (uint64_t)pod->cgroup_id);
	return steer_counters_get(s, cookie, &counters, err);
}

int steer_pod_undo(struct steer *s, uint64_t cookie, struct err *err)
{
	int rc;

	FAULT_POINT("removal of a pod's entry", err);
	rc = bpf_map_delete_elem(s->pods_fd, &cookie);
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "remove steering entry of netns cookie %" PRIu64, cookie);
	FAULT_POINT("removal of a pod's counters", err);
	rc = bpf_map_delete_elem(s->counters_fd, &cookie);
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "remove counters of netns cookie %" PRIu64, cookie);
	return 0;
}

int steer_counters_get(struct steer *s, uint64_t cookie, struct steer_counters *ret,
		       struct err *err)
{
	int rc = bpf_map_lookup_elem(s->counters_fd, &cookie, ret);

	if (rc < 0)
		return err_sys(err, rc, "read counters of netns cookie %" PRIu64, cookie);
	return 0;
}

/* A map cannot hold more than STEER_MAX_PODS: the bound ends the walk even if the map changes under
 * it, in which case the kernel starts from the beginning again. */
int steer_pod_list(struct steer *s, uint64_t **ret, struct err *err)
{
	auto_free uint64_t *cookies = calloc(STEER_MAX_PODS, sizeof(*cookies));
	int count = 0;
	int rc = 0;

	if (!cookies)
		return err_sys(err, ENOMEM, "list steering entries");
	while (count < STEER_MAX_PODS) {
		rc = bpf_map_get_next_key(s->pods_fd, count ? &cookies[count - 1] : NULL,
					  &cookies[count]);
		if (rc < 0)
			break;
		count++;
	}
	if (rc < 0 && rc != -ENOENT)
		return err_sys(err, rc, "list steering entries");
	*ret = TAKE_PTR(cookies);
	return count;
}
