/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/nri/told.h"

#include <string.h>

#define STATE_STOPPED 4 /* ContainerState.CONTAINER_STOPPED */

static char none[] = "";

static const char *netns_of(const Nri__LinuxPodSandbox *pod)
{
	for (size_t i = 0; pod && i < pod->n_namespaces; i++) {
		if (!strcmp(pod->namespaces[i]->type, "network"))
			return pod->namespaces[i]->path;
	}
	return none;
}

static struct sandbox *put_pod(struct sandbox_table *t, const Nri__PodSandbox *pod)
{
	const struct sandbox_told told = {
		.id = pod->id,
		.uid = pod->uid,
		.namespace = pod->namespace_,
		.name = pod->name,
		.netns = netns_of(pod->linux_pod),
		.cgroup_parent = pod->linux_pod ? pod->linux_pod->cgroup_parent : none,
	};

	return sandbox_put(t, &told);
}

static bool put_container(struct sandbox_table *t, struct sandbox *s, const Nri__Container *c,
			  uint32_t pid)
{
	const struct sandbox_container_told told = {
		.id = c->id,
		.name = c->name,
		.cgroup = c->linux_container ? c->linux_container->cgroups_path : none,
		.pid = pid,
	};

	return sandbox_container_put(t, s, &told);
}

static void drop_container(struct sandbox_table *t, const char *id)
{
	struct sandbox_container *c = sandbox_container_find(t, id);

	if (c)
		sandbox_container_drop(t, c);
}

static void drop_pod(struct sandbox_table *t, const char *id)
{
	struct sandbox *s = sandbox_find(t, id);

	if (s)
		sandbox_drop(t, s);
}

static bool about_pod(struct sandbox_table *t, int event, const Nri__PodSandbox *pod)
{
	switch (event) {
	case TOLD_RUN_POD:
		return put_pod(t, pod);
	case TOLD_REMOVE_POD:
		drop_pod(t, pod->id);
		return true;
	default: /* it is stopped: RemovePodSandbox follows */
		return true;
	}
}

static bool about_container(struct sandbox_table *t, int event, const Nri__PodSandbox *pod,
			    const Nri__Container *c)
{
	struct sandbox *s;

	if (event == TOLD_REMOVE) {
		drop_container(t, c->id);
		return true;
	}
	s = put_pod(t, pod);
	return s && put_container(t, s, c, event == TOLD_START ? c->pid : 0);
}

bool told_event(struct sandbox_table *t, int event, const Nri__PodSandbox *pod,
		const Nri__Container *container)
{
	if (!pod)
		return false;
	switch (event) {
	case TOLD_RUN_POD:
	case TOLD_STOP_POD:
	case TOLD_REMOVE_POD:
		return about_pod(t, event, pod);
	case TOLD_CREATE:
	case TOLD_START:
	case TOLD_STOP:
	case TOLD_REMOVE:
		return container && about_container(t, event, pod, container);
	default: /* nobody asked for it */
		return true;
	}
}

/* Its pod may be in one of the messages to come. */
static struct sandbox *sandbox_of(struct sandbox_table *t, const Nri__Container *c)
{
	const struct sandbox_told told = {
		.id = c->pod_sandbox_id,
		.uid = none,
		.namespace = none,
		.name = none,
		.netns = none,
		.cgroup_parent = none,
	};
	struct sandbox *s = sandbox_find(t, c->pod_sandbox_id);

	return s ? s : sandbox_put(t, &told);
}

bool told_all(struct sandbox_table *t, const Nri__SynchronizeRequest *all)
{
	bool kept = true;

	for (size_t i = 0; i < all->n_pods; i++)
		kept &= put_pod(t, all->pods[i]) != NULL;
	for (size_t i = 0; i < all->n_containers; i++) {
		const Nri__Container *c = all->containers[i];
		struct sandbox *s;

		if (c->state == STATE_STOPPED)
			continue;
		s = sandbox_of(t, c);
		kept &= s && put_container(t, s, c, c->pid);
	}
	return kept;
}
