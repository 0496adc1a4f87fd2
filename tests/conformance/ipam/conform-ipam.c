/* SPDX-License-Identifier: Apache-2.0 */
/* A small IPAM plugin that speaks every version up to 1.1.0 (Debian's host-local ends at 1.0.0).
 *
 *   "ipam": {"type": "conform-ipam", "dataDir": DIR, "subnets": [CIDR, ...], "routes": [...]}
 *
 * A lease is a file DATADIR/NETWORK/ADDRESS that holds the container id and the interface's name, a
 * line each. The first address of a subnet (at least /24 or /120) is its gateway's. Which one is
 * given changes from one to the next: what had the last one may be on its way out yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/inet.h"
#include "common/json.h"

#define STDIN_MAX (16u << 20)
#define SPREAD 100

enum {
	VERSION_BAD = 1,
	VARIABLE_BAD = 4,
	STDIN_BAD = 6,
	CONFIG_BAD = 7,
	NONE_LEFT = 11,
	LEASE_BAD = 100
};

static const char *const versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0" };

static const char *version = "1.1.0"; /* of the request */

static void print(json_t *doc)
{
	(void)json_dumpf(doc, stdout, JSON_COMPACT);
	json_decref(doc);
	(void)fflush(stdout);
}

static _Noreturn void fail(int code, const char *details)
{
	print(json_pack("{s:s, s:i, s:s, s:s}", "cniVersion", version, "code", code, "msg",
			"conform-ipam", "details", details));
	exit(1);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	if (!value || !*value)
		fail(VARIABLE_BAD, name);
	return value;
}

/* ---- leases ---- */

static char *whose(int dir, const char *lease)
{
	struct err err = ERR_INIT;
	char *text = NULL;

	if (file_read(dir, lease, 4096, &text, NULL, &err) < 0)
		fail(LEASE_BAD, err.msg);
	return text;
}

/* Calls look() with each lease and its owner's text, until one returns true. */
static bool any_lease(int dir,
		      bool (*look)(int dir, const char *lease, const char *owner, const void *arg),
		      const void *arg)
{
	auto_closedir DIR *list = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;

	while (list && (entry = readdir(list))) {
		auto_free char *owner = NULL;

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "lock"))
			continue;
		owner = whose(dir, entry->d_name);
		if (look(dir, entry->d_name, owner, arg))
			return true;
	}
	return false;
}

static bool is_of(int dir, const char *lease, const char *owner, const void *me)
{
	(void)dir, (void)lease;
	return !strcmp(owner, me);
}

static bool release_of(int dir, const char *lease, const char *owner, const void *me)
{
	if (!strcmp(owner, me))
		(void)unlinkat(dir, lease, 0);
	return false;
}

static void owner_text(const char *container, const char *ifname, char ret[512])
{
	(void)snprintf(ret, 512, "%s\n%s\n", container, ifname);
}

/* valid: the list of a GC */
static bool release_stale(int dir, const char *lease, const char *owner, const void *valid)
{
	const json_t *entry;
	char text[512];
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)valid, i, entry) {
		const char *id = "", *ifname = "";

		(void)smc_json_get_string(entry, "", "containerID", &id, NULL);
		(void)smc_json_get_string(entry, "", "ifname", &ifname, NULL);
		owner_text(id, ifname, text);
		if (!strcmp(text, owner))
			return false;
	}
	(void)unlinkat(dir, lease, 0);
	return false;
}

/* ---- ADD ---- */

static void next(struct inet_addr *addr)
{
	uint8_t *bytes = (uint8_t *)&addr->v6;

	for (int i = addr->family == AF_INET ? 3 : 15; i >= 0 && ++bytes[i] == 0; i--)
		;
}

static json_t *take(int dir, const char *subnet, const char *me)
{
	char text[INET_TEXT_MAX], gateway[INET_TEXT_MAX];
	struct inet_addr net, addr;
	auto_close int fd = -1;
	json_t *ip;

	if (inet_parse_cidr(subnet, &net, NULL) < 0)
		fail(CONFIG_BAD, subnet);
	addr = net;
	next(&addr);
	(void)inet_format_addr(&addr, gateway);
	for (int i = getpid() % SPREAD; i > 0; i--)
		next(&addr);
	do {
		next(&addr);
		if (!inet_covers(&net, &addr))
			fail(NONE_LEFT, subnet);
		fd = openat(dir, inet_format_addr(&addr, text),
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0 || write(fd, me, strlen(me)) < 0)
		fail(LEASE_BAD, text);
	ip = json_pack("{s:s, s:s}", "address", inet_format(&addr, text), "gateway", gateway);
	if (version[0] == '0')
		json_object_set_new(ip, "version", json_string(addr.family == AF_INET ? "4" : "6"));
	return ip;
}

static void add(int dir, json_t *ipam, const char *me)
{
	json_t *ips = json_array(), *routes = NULL, *subnets = NULL;
	const json_t *subnet;
	size_t i;

	if (any_lease(dir, is_of, me))
		fail(LEASE_BAD, "it has an address");
	(void)smc_json_get_array(ipam, "ipam", "subnets", &subnets, NULL);
	(void)smc_json_get_array(ipam, "ipam", "routes", &routes, NULL);
	json_array_foreach(subnets, i, subnet)
		json_array_append_new(ips, take(dir, json_string_value(subnet), me));
	print(json_pack("{s:s, s:o, s:O*, s:{}}", "cniVersion", version, "ips", ips, "routes",
			routes, "dns"));
}

/* ---- all together ---- */

static json_t *read_conf(void)
{
	auto_free char *text = NULL;
	struct err err = ERR_INIT;
	json_t *conf = NULL;
	size_t len = 0;

	if (file_read_fd(0, "stdin", STDIN_MAX, &text, &len, &err) < 0 ||
	    smc_json_parse_object_nul(text, len, "stdin", &conf, &err) < 0)
		fail(STDIN_BAD, err.msg);
	(void)json_object_del(conf, "runtimeConfig"); /* not for us, and may have a NUL in it */
	if (smc_json_has_nul(conf))
		fail(STDIN_BAD, "there is a NUL in it");
	if (smc_json_get_string(conf, "stdin", "cniVersion", &version, &err) < 0)
		fail(STDIN_BAD, err.msg);
	return conf;
}

/* The folder of the leases, locked; -1: there is none, and the verb needs none. */
static int open_leases(const char *verb, json_t *ipam, const char *network)
{
	const char *data = NULL;
	struct err err = ERR_INIT;
	char path[4096];
	int dir, lock;

	if (smc_json_need_string(ipam, "ipam", "dataDir", &data, &err) < 0)
		fail(CONFIG_BAD, err.msg);
	(void)snprintf(path, sizeof(path), "%s/%s", data, network);
	if (!strcmp(verb, "ADD") && file_mkdirs(path, 0700, &err) < 0)
		fail(LEASE_BAD, err.msg);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && !strcmp(verb, "CHECK"))
		fail(LEASE_BAD, path);
	if (dir < 0)
		return -1;
	lock = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		fail(LEASE_BAD, "lock");
	return dir; /* both stay open as long as the program runs */
}

static void serve(const char *verb, const json_t *conf)
{
	json_t *ipam = NULL, *subnets = NULL, *valid = NULL;
	const char *network = NULL;
	struct err err = ERR_INIT;
	bool known = false;
	char me[512];
	int dir;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		known |= !strcmp(version, versions[i]);
	if (!known)
		fail(VERSION_BAD, version);
	if (smc_json_need_string(conf, "stdin", "name", &network, &err) < 0 ||
	    smc_json_get_object(conf, "stdin", "ipam", &ipam, &err) < 0 ||
	    smc_json_get_array(ipam, "ipam", "subnets", &subnets, &err) < 0 ||
	    smc_json_get_array(conf, "stdin", "cni.dev/valid-attachments", &valid, &err) < 0)
		fail(CONFIG_BAD, err.msg);
	if (!subnets || json_array_size(subnets) == 0)
		fail(CONFIG_BAD, "ipam: no subnets");
	dir = open_leases(verb, ipam, network);
	if (dir < 0 || !strcmp(verb, "STATUS"))
		return;
	if (!strcmp(verb, "GC")) {
		(void)any_lease(dir, release_stale, valid);
		return;
	}
	owner_text(variable("CNI_CONTAINERID"), variable("CNI_IFNAME"), me);
	if (!strcmp(verb, "ADD"))
		add(dir, ipam, me);
	else if (!strcmp(verb, "DEL"))
		(void)any_lease(dir, release_of, me);
	else if (strcmp(verb, "CHECK") != 0)
		fail(VARIABLE_BAD, "CNI_COMMAND");
	else if (!any_lease(dir, is_of, me))
		fail(LEASE_BAD, "it has no address");
}

int main(void)
{
	const char *verb = variable("CNI_COMMAND");
	json_t *conf = read_conf();

	if (strcmp(verb, "VERSION") != 0) {
		serve(verb, conf);
	} else {
		json_t *list = json_array();

		for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
			json_array_append_new(list, json_string(versions[i]));
		print(json_pack("{s:s, s:o}", "cniVersion", version, "supportedVersions", list));
	}
	json_decref(conf);
	return 0;
}
