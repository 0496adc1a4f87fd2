/* SPDX-License-Identifier: Apache-2.0 */
/* The GC of iface.h: removes what attachments that are no longer valid have left. Links that are
 * only in a pod have mostly gone with its namespace; a namespace that lives on has a name in
 * /run/netns.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cni-plugin/hostdev.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/lock.h"
#include "cni-plugin/netdev.h"
#include "cni-plugin/podlink.h"
#include "cni-plugin/tag.h"
#include "cni-plugin/veth.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/link.h"
#include "common/netns.h"
#include "common/nlsock.h"
#include "common/wire.h"

#define NETNS_DIR "/run/netns" /* where runtimes keep those of pods, as ip-netns(8) does */

struct sweep {
	const char *network;
	const struct wire_attachment *valid;
	size_t n;
	int first; /* error */
	struct err *err; /* of the first error */
};

static void note(struct sweep *s, int r, const struct err *err)
{
	if (r >= 0 || r == -ENODEV || s->first < 0)
		return;
	s->first = r;
	(void)err_set(s->err, r, "%s", err->msg);
}

static bool is_valid(const struct sweep *s, const char *name)
{
	char host[IFNAMSIZ];

	for (size_t i = 0; i < s->n; i++) {
		if (!strcmp(name, veth_host_name(&s->valid[i], host)))
			return true;
	}
	return false;
}

/* Each link is asked for by its name: a list of all is never whole while others come and go, as
 * they do on a busy node all the time, and in a pod as often as it likes. */
static void sweep_links(struct sweep *s, int netns_fd,
			bool (*is_stale)(const struct sweep *s, const struct link *link),
			bool (*may_be)(const char *name))
{
	auto_nlsock struct nl_sock *sk = NULL;
	auto_free char(*names)[IFNAMSIZ] = NULL;
	struct err err = ERR_INIT;
	int r = nlsock_open(netns_fd, NETLINK_ROUTE, IFACE_NETLINK_MS, &sk, &err);
	int n = r < 0 ? r : netdev_names(netns_fd, &names, &err);

	note(s, n, &err);
	for (int i = 0; i < n; i++) {
		struct link link;

		if (may_be && !may_be(names[i]))
			continue;
		r = link_get(sk, names[i], &link, &err);
		if (r == 0 && is_stale(s, &link))
			r = link_del(sk, names[i], &err);
		note(s, r, &err);
	}
}

static bool is_stale_pair(const struct sweep *s, const struct link *link)
{
	return veth_is_of_network(link, s->network) && !is_valid(s, link->name);
}

static bool is_stale_in_pod(const struct sweep *s, const struct link *link)
{
	return tag_is_stale(link, s->network, s->valid, s->n) ||
	       podlink_is_half_made(link, s->network);
}

/* Fetches a device of the host, wherever it is, if what the host remembers of it is stale. */
static int sweep_device(const struct lent *l, void *arg, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	struct sweep *s = arg;
	struct err why = ERR_INIT;
	int r;

	(void)err;
	if (strcmp(l->attachment.network, s->network) != 0)
		return 0;
	for (size_t i = 0; i < s->n; i++) {
		if (wire_attachment_same(&l->attachment, &s->valid[i]))
			return 0;
	}
	r = nlsock_open(-1, NETLINK_ROUTE, IFACE_NETLINK_MS, &sk, &why);
	if (r == 0)
		r = hostdev_fetch(sk, &l->attachment, -1, &why);
	note(s, r, &why);
	return 0;
}

int iface_gc(const struct conf *conf, const struct wire_attachment *valid, size_t n,
	     struct err *err)
{
	struct sweep s = { .network = conf->name, .valid = valid, .n = n, .err = err };
	int64_t deadline_ms = clock_now_ms() + conf->ipam_timeout_ms;
	auto_closedir DIR *dir = opendir(NETNS_DIR);
	const struct dirent *entry;
	struct err why = ERR_INIT;

	while (dir && (entry = readdir(dir))) {
		char path[sizeof(NETNS_DIR) + sizeof(entry->d_name)];
		auto_close int fd = -1, lock = -1;

		(void)snprintf(path, sizeof(path), NETNS_DIR "/%s", entry->d_name);
		fd = netns_open(path, NULL);
		if (fd < 0 || netns_check_foreign(fd, path, NULL) < 0)
			continue;
		/* Waits for the IPAM plugin of an ADD that was killed, so that what it leases is
		 * seen, too. */
		lock = lock_pod(fd, deadline_ms, NULL);
		sweep_links(&s, fd, is_stale_in_pod, NULL);
	}
	note(&s, lent_each(sweep_device, &s, &why), &why);
	sweep_links(&s, -1, is_stale_pair, veth_is_host_name);
	return s.first;
}
