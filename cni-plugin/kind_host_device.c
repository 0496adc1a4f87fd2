/* SPDX-License-Identifier: Apache-2.0 */
/* Kind host-device: a device of the host, lent to the pod. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cni-plugin/hostdev.h"
#include "cni-plugin/kind.h"
#include "cni-plugin/tag.h"
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

/* Does the same with hostdev_hold(), for a device that may not have been given back. */
static int find_free(struct kind_work *w, struct link *ret, struct err *err)
{
	const struct conf_interface *conf = &w->conf->interface;
	int r = find(w, ret, err), n;

	if (r == 0 ? ret->n_tags == 0 : r != -ENODEV || *conf->pci)
		return r;
	n = hostdev_reclaim(w->host, r == 0 ? ret->name : conf->device, err);
	if (n > 0)
		return find(w, ret, err);
	return n < 0 ? n : r;
}

static int check_rdma(struct kind_work *w, const struct link *link, struct err *err)
{
	char device[RDMA_NL_DEVICE_MAX];
	int r = 0;

	if (w->conf->interface.rdma)
		r = hostdev_rdma_find(w->netns_fd, link->name, device, err);
	return r == -ENODEV ? err_prefix(err, -ENOENT, "in the pod") : r;
}

static int check(struct kind_work *w, const json_t *result, struct err *err)
{
	const struct link *link = &w->links[0];
	struct tag tag;

	(void)result;
	if (!tag_is_of(link, &w->attachment) || !tag_of_device(link, &tag))
		return err_set(err, -ENOENT,
			       "interface '%s' of the pod is not the device that ADD lent",
			       link->name);
	return check_rdma(w, link, err);
}

/* Looks for the attachment's device among those of sk's namespace. Returns 1 if it is there. */
static int find_ours(struct kind_work *w, struct nl_sock *sk, struct link *ret, struct err *err)
{
	auto_free struct link *links = NULL;
	int n = link_list(sk, &links, err);

	for (int i = 0; i < n; i++) {
		if (tag_is_of(&links[i], &w->attachment)) {
			*ret = links[i];
			return 1;
		}
	}
	return n < 0 ? n : 0;
}

/* The pod's namespace is gone: waits for the device to come home. One that is there without a tag
 * is not on its way any more. */
static int wait_for_it(struct kind_work *w, struct link *ret, struct err *err)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	struct link link;
	int r = 0;

	for (int i = 0; i < HOMECOMING_MS / POLL_MS; i++) {
		r = find_ours(w, w->host, ret, err);
		if (r == 0 && find(w, &link, NULL) == 0) {
			*ret = link;
			return tag_is_of(&link, &w->attachment); /* it came in between */
		}
		if (r != 0)
			return r;
		(void)nanosleep(&pause, NULL);
	}
	log_warn("the device of a pod whose namespace is gone has not come back, ignoring: when it "
		 "does, the next ADD for it or a GC gives it its name back",
		 "container", w->env->container_id);
	return r;
}

/* If that fails the interface goes home all the same; the RDMA device follows when the pod ends. */
static void give_rdma_back(struct kind_work *w, const struct link *link)
{
	struct err err = ERR_INIT;

	if (hostdev_rdma_give_back(w->netns_fd, link->name, &err) < 0)
		log_warn("give an RDMA device back to the host, ignoring", "err", err.msg);
}

static int del(struct kind_work *w, struct err *err)
{
	struct link link;
	int r = 0;

	if (w->pod) {
		r = find_ours(w, w->pod, &link, err);
		if (r > 0 && w->conf->interface.rdma)
			give_rdma_back(w, &link);
		if (r > 0)
			return hostdev_give_back(w->pod, w->host, &link, err);
	}
	if (r == 0)
		r = w->pod ? find_ours(w, w->host, &link, err) : wait_for_it(w, &link, err);
	return r > 0 ? hostdev_restore(w->host, &link, err) : r;
}

/* *rdma: the RDMA device that is to follow; "" if none. */
static int lend(struct kind_work *w, char rdma[RDMA_NL_DEVICE_MAX], struct err *err)
{
	auto_close int hold = hostdev_hold(err);
	struct link link;
	int r = hold < 0 ? hold : find_free(w, &link, err);

	if (r == 0 && w->conf->interface.rdma)
		r = hostdev_rdma_find(-1, link.name, rdma, err);
	if (r == 0 && *rdma)
		r = hostdev_rdma_can(rdma, err);
	if (r < 0)
		return r;
	hostdev_pci_of(link.name, w->pci);
	return hostdev_lend(w->host, w->pod, &w->attachment, &link, w->netns_fd,
			    &w->conf->interface, err);
}

static int make(struct kind_work *w, struct err *err)
{
	char rdma[RDMA_NL_DEVICE_MAX] = "";
	int r = lend(w, rdma, err);

	if (r < 0 || *rdma == '\0')
		return r;
	r = hostdev_rdma_lend(rdma, w->netns_fd, err);
	if (r < 0)
		(void)del(w, NULL);
	return r;
}

const struct kind kind_host_device = { .is_shared = true,
				       .make = make,
				       .check = check,
				       .del = del };
