/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/ipv6.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/log.h"
#include "common/netns.h"

#define CONF "/proc/sys/net/ipv6/conf"
/* As in include/uapi/linux/ipv6.h; without it the kernel takes IPv6 off (addrconf.c). */
#define IPV6_MIN_MTU 1280
#define VALUE_MAX 16

static int open_setting(int netns_fd, const char *path, int flags, struct err *err)
{
	int fd;

	if (netns_fd >= 0)
		return netns_open_file(netns_fd, path, flags | O_CLOEXEC, err);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "open '%s'", path) : fd;
}

/* The value without its newline. */
static int get(int netns_fd, const char *path, char ret[VALUE_MAX], struct err *err)
{
	auto_close int fd = open_setting(netns_fd, path, O_RDONLY, err);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, ret, VALUE_MAX - 1);
	if (n < 0)
		return err_sys(err, errno, "read '%s'", path);
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

int ipv6_set(int netns_fd, const char *ifname, const char *key, const char *value, struct err *err)
{
	char path[128], now[VALUE_MAX] = "";
	auto_close int fd = -1;
	int r;

	FAULT_POINT("IPv6 setting", err);
	(void)snprintf(path, sizeof(path), CONF "/%s/%s", ifname, key);
	r = get(netns_fd, path, now, err);
	if (r == -ENOENT)
		return err_set(
			err, -EAFNOSUPPORT,
			"interface '%s' has no IPv6: the kernel gives it none below an mtu of %d, or "
			"has none itself",
			ifname, IPV6_MIN_MTU);
	if (r < 0 || !strcmp(now, value))
		return r;
	fd = open_setting(netns_fd, path, O_WRONLY, err);
	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		return err_sys(err, errno, "write '%s' to '%s'", value, path);
	return 0;
}

int ipv6_set_if_possible(int netns_fd, const char *ifname, const char *key, const char *value,
			 struct err *err)
{
	struct err why = ERR_INIT;
	int r = ipv6_set(netns_fd, ifname, key, value, &why);

	if (r == -EROFS)
		log_info("an IPv6 setting cannot be made, ignoring", "why", why.msg);
	if (r == -EAFNOSUPPORT || r == -EROFS)
		return 0;
	return r < 0 ? err_set(err, r, "%s", why.msg) : 0;
}

static bool forwards(const char *ifname)
{
	char path[128], now[VALUE_MAX] = "";

	(void)snprintf(path, sizeof(path), CONF "/%s/forwarding", ifname);
	return get(-1, path, now, NULL) == 0 && !strcmp(now, "1");
}

int ipv6_refuse_routers(const char *ifname, struct err *err)
{
	struct err why = ERR_INIT;
	int r = ipv6_set(-1, ifname, "accept_ra", "0", &why);

	if (r == 0 || r == -EAFNOSUPPORT || (r == -EROFS && forwards(ifname)))
		return 0;
	return err_set(err, r, "keep router advertisements of pods away: %s", why.msg);
}

int ipv6_keep_routers(const char *but, struct err *err)
{
	auto_closedir DIR *dir = opendir(CONF);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[sizeof(CONF) + sizeof(entry->d_name) + sizeof("/accept_ra")];
		char now[VALUE_MAX] = "";
		int r;

		(void)snprintf(path, sizeof(path), CONF "/%s/accept_ra", entry->d_name);
		/* What comes later is not for us to decide: "default" stays, and "all" has no
		 * effect (net/ipv6/ndisc.c). */
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "all") ||
		    !strcmp(entry->d_name, "default") || (but && !strcmp(entry->d_name, but)) ||
		    get(-1, path, now, NULL) < 0 || strcmp(now, "1") != 0)
			continue;
		r = ipv6_set(-1, entry->d_name, "accept_ra", "2", err);
		if (r < 0 && r != -EAFNOSUPPORT) /* the interface has gone meanwhile */
			return err_prefix(err, r, "keep the node's own routes");
	}
	return 0;
}
