/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/hostdev.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cni-plugin/hostdev_change.h"
#include "cni-plugin/lock.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/netns_index.h"

int hostdev_hold(struct err *err)
{
	return lock_node(LOCK_DEVICES, false, clock_now_ms() + LOCK_NODE_MS, err);
}

/* ---- to the pod ---- */

static int check_usable(struct nl_sock *host, const struct link *link, struct err *err)
{
	struct link master = { .index = 0 };

	if (!strcmp(link->name, "lo"))
		return err_set(err, -EINVAL, "'lo' belongs to its namespace");
	if (link->n_tags > 0)
		return err_set(err, -EBUSY, "it is marked as a pod's own (%s)", link->tags[0]);
	if (!wire_ifname_valid(link->name))
		return err_set(err, -EINVAL, "its name is none that could be remembered");
	if (link->master == 0)
		return 0;
	(void)link_get_by_index(host, link->master, &master, NULL);
	return err_set(err, -EBUSY, "it is a port of '%s'", master.name);
}

/* To the kernel alternative names are names: a link cannot get one that it has already. */
static int free_name(struct nl_sock *host, const struct lent *l, int index, const char *name,
		     struct err *err)
{
	for (int i = 0; i < l->n_altnames; i++) {
		if (!strcmp(l->altnames[i], name))
			return link_del_altname(host, index, name, err);
	}
	return 0;
}

static int remember(struct nl_sock *host, const struct link *link, struct lent *l, struct err *err)
{
	auto_free char(*names)[LINK_ALTNAME_MAX + 1] = NULL;
	int n = link_altnames(host, link->index, &names, err);

	if (n < 0)
		return n;
	l->before = *link;
	l->n_altnames = n < LENT_ALTNAMES_MAX ? n : LENT_ALTNAMES_MAX;
	if (n > l->n_altnames)
		log_warn("a device has too many alternative names to remember them all, ignoring",
			 "name", link->name);
	for (int i = 0; i < l->n_altnames; i++)
		memcpy(l->altnames[i], names[i], sizeof(names[i]));
	return lent_write(l, err);
}

int hostdev_lend(struct nl_sock *host, struct lent *l, const struct link *link, int netns_fd,
		 const struct conf_interface *conf, struct err *err)
{
	struct hostdev_wish in_pod = { .name = l->attachment.ifname,
				       .netns_fd = netns_fd,
				       .mtu = (uint32_t)conf->mtu,
				       .mac = conf->has_mac ? conf->mac : NULL };
	struct err why = ERR_INIT;
	int r = check_usable(host, link, err);

	if (r == 0)
		r = remember(host, link, l, err);
	if (r < 0)
		return err_prefix(err, r, "lend device '%s' to the pod", link->name);
	r = free_name(host, l, link->index, in_pod.name, err);
	if (r == 0)
		r = hostdev_change(host, link->index, &in_pod, err);
	if (r == 0)
		return 0;
	/* It may have been moved all the same, and only its new MTU was refused. */
	if (hostdev_return(host, l, netns_fd, &why) < 0)
		log_warn("take back a device of the host, ignoring", "err", why.msg);
	return err_prefix(err, r, "move device '%s' to the pod as '%s'", link->name, in_pod.name);
}

/* ---- and back ---- */

struct reclaim {
	struct nl_sock *host;
	const char *name;
	int found;
	struct wire_attachment away; /* to whom the device of that name was lent; "" if to nobody */
};

static int reclaim(const struct lent *l, void *arg, struct err *err)
{
	struct reclaim *s = arg;
	int r;

	if (s->name && strcmp(l->before.name, s->name) != 0)
		return 0;
	r = hostdev_return(s->host, l, -1, err);
	if (r > 0)
		log_warn("a device that a pod has lost was on the host: it has its old name again",
			 "name", l->before.name);
	else if (r == 0)
		s->away = l->attachment;
	s->found += r > 0;
	return r < 0 ? r : 0;
}

int hostdev_reclaim(struct nl_sock *host, uint64_t id, struct err *err)
{
	struct reclaim s = { .host = host };
	struct lent l;
	int r = lent_of_device(id, &l, err);

	if (r > 0)
		r = reclaim(&l, &s, err);
	return r < 0 ? r : s.found;
}

int hostdev_reclaim_name(struct nl_sock *host, const char *name, struct err *err)
{
	struct reclaim s = { .host = host, .name = name };
	int r = lent_each(reclaim, &s, err);

	if (r == 0 && s.found == 0 && *s.away.network)
		return err_set(err, -EBUSY,
			       "device '%s' of the host was lent to '%s' of container '%s'", name,
			       s.away.ifname, s.away.container_id);
	return r < 0 ? r : s.found;
}

/* Opens the namespace: netns_fd if it is that one, else wherever it is found. As netns_find(). */
static int open_netns(const struct netns_id *id, int netns_fd)
{
	struct netns_id its;

	if (netns_fd >= 0 && netns_identify(netns_fd, &its, NULL) == 0 && netns_id_same(&its, id))
		return fcntl(netns_fd, F_DUPFD_CLOEXEC, 0);
	return netns_find(id, NULL);
}

/* The device is nowhere. If software has made it, it went with its namespace, and nothing is to be
 * remembered of it. A real one comes home some time. */
static int give_up(const struct lent *l, int netns_fd, struct err *err)
{
	if (!l->real && (netns_fd >= 0 || netns_fd == -ENOENT))
		return lent_forget(l, err) < 0 ? -EIO : 1;
	if (netns_fd < 0)
		return 0;
	log_warn("a lent device is neither in its pod nor on the host, ignoring: if it comes, the "
		 "next ADD for it or a GC gives it its name back",
		 "name", l->before.name, "container", l->attachment.container_id);
	return 1;
}

int hostdev_fetch(struct nl_sock *host, const struct wire_attachment *a, int netns_fd,
		  struct err *err)
{
	auto_close int hold = hostdev_hold(err), lent_to_fd = -1;
	struct lent l;
	int r = hold < 0 ? hold : lent_to(a, &l, err);

	if (r <= 0)
		return r < 0 ? r : 1;
	lent_to_fd = open_netns(&l.netns, netns_fd);
	r = hostdev_return(host, &l, lent_to_fd, err);
	return r == 0 ? give_up(&l, lent_to_fd, err) : r;
}
