/* SPDX-License-Identifier: Apache-2.0 */
/* node-agent/steer/steer.h from the command line, for VM cases. Each command is a word with its
 * arguments; several are separated by "," and share one handle, which is opened when first needed.
 *
 *	facts | open | check | list | drop-older		the node
 *	pod NETNS on|off ignore|deny|emulate			apply, then check
 *	gate NETNS ignore|deny|emulate DIR			on, for the tasks of a cgroup only
 *	undo NETNS | counters NETNS
 *	cgroup apply|check|undo DIR NETNS
 *	remove-all | cgroup-remove-all ROOT			no handle
 *
 * Without arguments it reads commands from stdin, a line at a time, and answers each with what they
 * print and a last line "done" or "failed".
 *
 * NETNS is a path; BPFFS_DIR in the environment overrides the folder. Prints key=value.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/netns.h"
#include "node-agent/steer/steer.h"
#include "tests/vm/progs/serve.h"

static struct steer *handle;
static struct err err;

static const char *bpffs_dir(void)
{
	const char *dir = getenv("BPFFS_DIR");

	return dir ? dir : "/sys/fs/bpf/smc-cni";
}

static int cookie_of(const char *path, uint64_t *ret)
{
	auto_close int fd = netns_open(path, &err);
	struct netns_id id;

	if (fd < 0 || netns_identify(fd, &id, &err) < 0)
		return -1;
	*ret = id.cookie;
	return 0;
}

static int facts(char **arg)
{
	static const char *const target[] = { "ok", "no-symbol", "hidden" };
	struct facts_kernel f;

	(void)arg;
	if (steer_facts_read(&f, &err) < 0)
		return -1;
	printf("btf=%d hook=%d target_v4=%s target_v6=%s ulp_unsafe=%d\n", f.btf, f.hook,
	       target[f.target_v4], target[f.target_v6], f.ulp_unsafe);
	return 0;
}

/* As the agent does it: the old handle is closed once there is a new one. */
static int reopen(char **arg)
{
	struct steer *fresh;

	(void)arg;
	if (steer_open(bpffs_dir(), &fresh, &err) < 0)
		return -1;
	steer_close(handle);
	handle = fresh;
	return 0;
}

static int check(char **arg)
{
	(void)arg;
	return steer_check(handle, &err);
}

static int drop_older(char **arg)
{
	(void)arg;
	return steer_drop_older(handle, &err);
}

static int list(char **arg)
{
	auto_free uint64_t *cookies = NULL;
	int n = steer_pod_list(handle, &cookies, &err);

	(void)arg;
	for (int i = 0; i < n; i++)
		printf("cookie=%" PRIu64 "\n", cookies[i]);
	return n;
}

static int apply(const char *netns, const char *ulp, struct steer_pod p)
{
	static const char *const ulps[] = { "ignore", "deny", "emulate" };
	uint64_t cookie;

	while (p.ulp < ARRAY_SIZE(ulps) && strcmp(ulps[p.ulp], ulp) != 0)
		p.ulp++;
	if (cookie_of(netns, &cookie) < 0 || steer_pod_apply(handle, cookie, &p, &err) < 0)
		return -1;
	return steer_pod_check(handle, cookie, &p, &err);
}

static int pod(char **arg)
{
	struct steer_pod p = { .flags = strcmp(arg[1], "on") ? 0 : STEER_ON };

	return apply(arg[0], arg[2], p);
}

static int gate(char **arg)
{
	auto_close int fd = open(arg[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct steer_pod p = { .flags = STEER_ON };
	struct steer_place place;

	if (fd < 0)
		return err_sys(&err, -1, "open cgroup '%s'", arg[2]);
	if (steer_cgroup_place(handle, fd, &place, &err) < 0)
		return -1;
	p.cgroup_id = place.id;
	p.cgroup_level = place.level;
	return apply(arg[0], arg[1], p);
}

static int undo(char **arg)
{
	uint64_t cookie;

	return cookie_of(arg[0], &cookie) < 0 ? -1 : steer_pod_undo(handle, cookie, &err);
}

static int counters(char **arg)
{
	struct steer_counters c;
	uint64_t cookie;

	if (cookie_of(arg[0], &cookie) < 0 || steer_counters_get(handle, cookie, &c, &err) < 0)
		return -1;
	printf("steered=%" PRIu64 " unsteered=%" PRIu64 " target_missing=%" PRIu64
	       " ulp_ignored=%" PRIu64 " ulp_denied=%" PRIu64 " ulp_emulated=%" PRIu64 "\n",
	       (uint64_t)c.steered, (uint64_t)c.unsteered, (uint64_t)c.target_missing,
	       (uint64_t)c.ulp_ignored, (uint64_t)c.ulp_denied, (uint64_t)c.ulp_emulated);
	return 0;
}

static int cgroup(char **arg)
{
	auto_close int fd = open(arg[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t cookie;

	if (fd < 0)
		return err_sys(&err, -1, "open cgroup '%s'", arg[1]);
	if (cookie_of(arg[2], &cookie) < 0)
		return -1;
	if (!strcmp(arg[0], "apply"))
		return steer_cgroup_apply(handle, fd, cookie, &err);
	if (!strcmp(arg[0], "check"))
		return steer_cgroup_check(handle, fd, cookie, &err);
	return steer_cgroup_undo(handle, fd, &err);
}

static int remove_all(char **arg)
{
	(void)arg;
	return steer_remove_all(bpffs_dir(), &err);
}

static int cgroup_remove_all(char **arg)
{
	return steer_cgroup_remove_all(arg[0], &err);
}

static const struct command {
	const char *name;
	int args;
	int (*run)(char **arg);
	bool no_handle;
} commands[] = {
	{ "facts", 0, facts, true },
	{ "open", 0, reopen, true },
	{ "check", 0, check, false },
	{ "list", 0, list, false },
	{ "drop-older", 0, drop_older, false },
	{ "pod", 3, pod, false },
	{ "gate", 3, gate, false },
	{ "undo", 1, undo, false },
	{ "counters", 1, counters, false },
	{ "cgroup", 3, cgroup, false },
	{ "remove-all", 0, remove_all, true },
	{ "cgroup-remove-all", 1, cgroup_remove_all, true },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int run(char **at, int n)
{
	while (n > 0) {
		const struct command *c = find(*at);
		int taken, rc;

		if (!c || n <= c->args)
			return err_set(&err, -EINVAL, "bad command '%s'", *at);
		rc = c->no_handle || handle ? 0 : steer_open(bpffs_dir(), &handle, &err);
		rc = rc < 0 ? rc : c->run(at + 1);
		if (rc < 0)
			return err_prefix(&err, rc, "%s", c->name);
		taken = c->args + 1;
		taken += n > taken && !strcmp(at[taken], ",");
		at += taken;
		n -= taken;
	}
	return 0;
}

static int run_and_tell(char **at, int n)
{
	int rc;

	err = ERR_INIT;
	rc = run(at, n);
	if (rc < 0)
		(void)fprintf(stderr, "steerctl: %s\n", err.msg);
	return rc < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	int rc = 0;

	log_set_level(LOG_LEVEL_WARN);
	if (argc > 1)
		rc = run_and_tell(argv + 1, argc - 1);
	else
		serve(run_and_tell);
	steer_close(handle);
	return rc;
}
