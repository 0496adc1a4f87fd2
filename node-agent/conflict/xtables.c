/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of iptables-legacy and ip6tables-legacy. To ask for a table makes it, with its hooks, so
 * only those are looked at that the namespace has already, as far as that can be told. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "node-agent/conflict/impl.h"

#define TRIES 3 /* while somebody changes the rules */

static const struct family {
	int family, level, info, entries;
	size_t head; /* of an entry, matches follow */
	size_t target, next; /* where an entry has its offsets */
	const char *names, *program;
} families[] = {
	{ AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, sizeof(struct ipt_entry),
	  offsetof(struct ipt_entry, target_offset), offsetof(struct ipt_entry, next_offset),
	  "/proc/thread-self/net/ip_tables_names", "iptables" },
	{ AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES, sizeof(struct ip6t_entry),
	  offsetof(struct ip6t_entry, target_offset), offsetof(struct ip6t_entry, next_offset),
	  "/proc/thread-self/net/ip6_tables_names", "ip6tables" },
};

_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo) &&
		       sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries),
	       "both families ask in the same way");

/* ---- entries ---- */

static size_t offset_at(const char *entry, size_t at)
{
	uint16_t offset;

	memcpy(&offset, entry + at, sizeof(offset));
	return offset;
}

static int matches_own(const char *entry, size_t from, size_t to)
{
	while (from < to) {
		struct xt_entry_match match;

		if (to - from < sizeof(match))
			return -EPROTO;
		memcpy(&match, entry + from, sizeof(match));
		if (match.u.match_size < sizeof(match) || match.u.match_size > to - from)
			return -EPROTO;
		if (!strncmp(match.u.user.name, "owner", sizeof(match.u.user.name)))
			return 1;
		from += match.u.match_size;
	}
	return 0;
}

static int look_through(const struct family *f, const char *entries, size_t size)
{
	for (size_t at = 0; at < size;) {
		const char *entry = entries + at;
		size_t target, next;
		int r;

		if (size - at < f->head)
			return -EPROTO;
		target = offset_at(entry, f->target);
		next = offset_at(entry, f->next);
		if (target < f->head || next < target || next > size - at)
			return -EPROTO;
		r = matches_own(entry, f->head, target);
		if (r != 0)
			return r;
		at += next;
	}
	return 0;
}

int conflict_xt_matches(int family, const void *entries, size_t size)
{
	return look_through(&families[family == AF_INET6], entries, size);
}

/* ---- the kernel ---- */

/* 1, 0 or -errno; -EAGAIN: the table has changed in between. */
static int look_at_table(int sk, const struct family *f, const char *name)
{
	struct ipt_getinfo info = { .valid_hooks = 0 };
	auto_free struct ipt_get_entries *table = NULL;
	socklen_t len = sizeof(info);

	(void)snprintf(info.name, sizeof(info.name), "%s", name);
	if (getsockopt(sk, f->level, f->info, &info, &len) < 0)
		return -errno;
	if (info.size > CONFLICT_TABLE_BYTES_MAX)
		return -EFBIG;
	len = (socklen_t)(sizeof(*table) + info.size);
	table = calloc(1, len);
	if (!table)
		return -ENOMEM;
	(void)snprintf(table->name, sizeof(table->name), "%s", name);
	table->size = info.size;
	if (getsockopt(sk, f->level, f->entries, table, &len) < 0)
		return -errno;
	return look_through(f, (const char *)table->entrytable, table->size);
}

static int look_at(int sk, const struct family *f, const char *name, char *what, size_t size,
		   struct err *err)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && r == -EAGAIN; i++)
		r = look_at_table(sk, f, name);
	if (r == 1)
		(void)snprintf(what, size, "table '%s' of %s", name, f->program);
	if (r == -EFBIG)
		(void)snprintf(what, size,
			       "or may, as table '%s' of %s is too large to look through", name,
			       f->program);
	if (r == -EFBIG)
		return 1;
	if (r == -ENOENT) /* it has gone, or this kernel has none of the name */
		return 0;
	return r < 0 ? err_sys(err, r, "read table '%s' of %s", name, f->program) : r;
}

/* The tables that the namespace has, one a line. */
struct lists {
	int fds[ARRAY_SIZE(families)]; /* or -errno */
};

static int open_lists(void *arg, struct err *err)
{
	struct lists *lists = arg;

	(void)err;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		int fd = open(families[i].names, O_RDONLY | O_CLOEXEC);

		lists->fds[i] = fd < 0 ? -errno : fd;
	}
	return 0;
}

/* Whoever is root in the pod's user namespace owns the list, and root of the host without
 * CAP_DAC_OVERRIDE is not: then all are asked for, and made. */
static int read_list(int fd, char *buf, size_t size)
{
	static const char all[] = "nat\nfilter\nmangle\nraw\nsecurity\n";
	ssize_t n;

	buf[0] = '\0';
	if (fd == -ENOENT) /* the kernel has none, or they are a module that is not loaded */
		return 0;
	if (fd == -EACCES) {
		(void)snprintf(buf, size, "%s", all);
		return 0;
	}
	n = fd < 0 ? fd : read(fd, buf, size - 1);
	if (n < 0)
		return fd < 0 ? fd : -errno;
	buf[n] = '\0';
	return 0;
}

static int look_at_family(int netns_fd, const struct family *f, int list_fd, char *what,
			  size_t size, struct err *err)
{
	char list[16 * XT_TABLE_MAXNAMELEN], *rest = list, *name;
	int r = read_list(list_fd, list, sizeof(list));
	auto_close int sk = -1;

	if (r < 0)
		return err_sys(err, r, "read '%s'", f->names);
	while (r == 0 && (name = strsep(&rest, "\n")) && name[0]) {
		if (sk < 0)
			sk = netns_socket(netns_fd, f->family, SOCK_DGRAM | SOCK_CLOEXEC, 0, err);
		if (sk < 0)
			return sk;
		r = look_at(sk, f, name, what, size, err);
	}
	return r;
}

int conflict_xtables(int netns_fd, char *what, size_t size, struct err *err)
{
	struct lists lists;
	int r;

	/* Each namespace has a list, or none has: then there is nothing to enter it for. */
	if (access(families[0].names, F_OK) < 0 && errno == ENOENT &&
	    access(families[1].names, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = netns_call(netns_fd, open_lists, &lists, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		auto_close int fd = lists.fds[i];

		if (r == 0)
			r = look_at_family(netns_fd, &families[i], fd, what, size, err);
	}
	return r;
}
