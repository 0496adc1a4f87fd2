/* SPDX-License-Identifier: Apache-2.0 */
/* Kind host-device: a device of the host, lent to the pod. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cni-plugin/hostdev.h"
#include "cni-plugin/kind.h"
#include "cni-plugin/netdev.h"
#include "common/cleanup.h"
#include "common/log.h"

/* A namespace dies in the background, and its devices come back when it is dead. */
#define HOMECOMING_MS 2000
#define POLL_MS 20

static int find(struct kind_work *w, struct link *ret, struct err *err)
{
	const struct conf_interface *conf = &w->conf->interface;
	char name[IFNAMSIZ];
	int r = 0;

	strcpy(name, conf->device);
	if (*conf->pci)
		r = hostdev_at_pci(conf->pci, name, err);
	return r < 0 ? r : link_get(w->host, name, ret, err);
}

static int find_with_id(struct kind_work *w, struct link *ret, struct lent *l, struct err *err)
{
	int r = find(w, ret, err);

	return r < 0 ? r : netdev_id(-1, ret->name, &l->id, &l->real, err);
}

/* Finds a device that nobody has, with hostdev_hold(). One that was lent and not given back is
 * first made what it was. What has the name as an alternative name only is not the device that
 * was lent under that name. */
static int find_free(struct kind_work *w, struct link *ret, struct lent *l, struct err *err)
{
	const struct conf_interface *conf = &w->conf->interface;
	int r = find_with_id(w, ret, l, err), n = 0;

	if (r < 0 && (r != -ENODEV || *conf->pci))
		return r;
	if (!*conf->pci && (r < 0 || strcmp(ret->name, conf->device) != 0))
		n = hostdev_reclaim_name(w->host, conf->device, err);
	if (r == 0 && n == 0)
		n = hostdev_reclaim(w->host, l->id, err);
	if (n > 0)
		return find_with_id(w, ret, l, err);
	return n < 0 ? n : r;
}

static int check_rdma(struct kind_work *w, const struct link *link, struct err *err)
{
	struct rdma_nl_device device;
	int r = 0;

	if (w->conf->interface.rdma)
		r = hostdev_rdma_find(w->netns_fd, link->name, &device, err);
	return r == -ENODEV ? err_prefix(err, -ENOENT, "in the pod") : r;
}

static int check(struct kind_work *w, const json_t *result, struct err *err)
{
	const struct link *link = &w->links[0];
	uint64_t id = 0;
	struct lent l;
	int r = lent_to(&w->attachment, &l, err);

	(void)result;
	if (r > 0)
		r = netdev_id(w->netns_fd, link->name, &id, NULL, err);
	if (r < 0)
		return r;
	if (id == 0 || id != l.id)
		return err_set(err, -ENOENT,
			       "interface '%s' of the pod is not the device that ADD lent",
			       link->name);
	return check_rdma(w, link, err);
}

/* A device that is nowhere is waited for: its namespace is just dying. */
static int del(struct kind_work *w, struct err *err)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	int r = hostdev_fetch(w->host, &w->attachment, w->netns_fd, err);

	for (int i = 0; r == 0 && i < HOMECOMING_MS / POLL_MS; i++) {
		(void)nanosleep(&pause, NULL);
		r = hostdev_fetch(w->host, &w->attachment, w->netns_fd, err);
	}
	if (r == 0)
		log_warn("the device of a pod whose namespace is gone has not come back, ignoring: "
			 "when it does, the next ADD for it or a GC gives it its name back",
			 "container", w->env->container_id);
	return r < 0 ? r : 0;
}

static int lend(struct kind_work *w, struct lent *l, struct err *err)
{
	auto_close int hold = hostdev_hold(err);
	struct link link;
	int r = hold < 0 ? hold : find_free(w, &link, l, err);

	if (r == 0 && w->conf->interface.rdma)
		r = hostdev_rdma_find(-1, link.name, &l->rdma, err);
	if (r == 0 && w->conf->interface.rdma)
		r = hostdev_rdma_can(l->rdma.name, err);
	if (r == 0)
		r = netns_identify(w->netns_fd, &l->netns, err);
	if (r < 0)
		return r;
	l->has_rdma = w->conf->interface.rdma;
	hostdev_pci_of(link.name, w->pci);
	return hostdev_lend(w->host, l, &link, w->netns_fd, &w->conf->interface, err);
}

static int make(struct kind_work *w, struct err *err)
{
	struct lent l = { .attachment = w->attachment };
	int r = lend(w, &l, err);

	if (r < 0 || !l.has_rdma)
		return r;
	r = hostdev_rdma_lend(&l.rdma, w->netns_fd, err);
	if (r < 0)
		(void)del(w, NULL);
	return r;
}

const struct kind kind_host_device = { .is_shared = true,
				       .make = make,
				       .check = check,
				       .del = del };
