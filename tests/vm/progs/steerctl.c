/* SPDX-License-Identifier: Apache-2.0 */
/* node-agent/steer/steer.h from the command line, for VM cases. Each command is a word with its
 * arguments; several are separated by "," and share one handle, which is opened when first needed.
 *
 *	facts | open | check | list | drop-older		the node
 *	pod NETNS on|off ignore|deny|emulate			apply, then check
 *	gate NETNS ignore|deny|emulate DIR			on, for the tasks of a cgroup only
 *	named NETNS ignore|deny|emulate DIR			of these, those of containers alone
 *	container apply|check|undo DIR NETNS | containers
 *	undo NETNS | counters NETNS
 *	cgroup apply|check|undo DIR NETNS
 *	remove-all | cgroup-remove-all ROOT			no handle
 *
 * Without arguments it reads commands from stdin, a line at a time, and answers each with what they
 * print and a last line "done" or "failed".
 *
 * NETNS is a path; BPFFS_DIR in the environment overrides the folder. Prints key=value.
 */
#include <fcntl.h>
#include <inttypes.h>

#include "node-agent/steer/steer.h"
#include "tests/vm/progs/serve.h"

static struct steer *handle;
static int open_handle(void)
{
	return handle ? 0 : steer_open(bpffs_dir(), &handle, &err);
}

static int facts(char **arg, int n)
{
	static const char *const target[] = { "ok", "no-symbol", "hidden" };
	struct facts_kernel f;

	(void)arg, (void)n;
	if (steer_facts_read(&f, &err) < 0)
		return -1;
	printf("btf=%d hook=%d target_v4=%s target_v6=%s ulp_unsafe=%d\n", f.btf, f.hook,
	       target[f.target_v4], target[f.target_v6], f.ulp_unsafe);
	return 0;
}

/* As the agent does it: the old handle is closed once there is a new one. */
static int reopen(char **arg, int n)
{
	struct steer *fresh;

	(void)arg, (void)n;
	if (steer_open(bpffs_dir(), &fresh, &err) < 0)
		return -1;
	steer_close(handle);
	handle = fresh;
	return 0;
}

static int check(char **arg, int n)
{
	(void)arg, (void)n;
	return steer_check(handle, &err);
}

static int drop_older(char **arg, int n)
{
	(void)arg, (void)n;
	return steer_drop_older(handle, &err);
}

static int list(char **arg, int n)
{
	auto_free uint64_t *cookies = NULL;
	int found = steer_pod_list(handle, &cookies, &err);

	(void)arg, (void)n;
	for (int i = 0; i < found; i++)
		printf("cookie=%" PRIu64 "\n", cookies[i]);
	return found;
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

static int pod(char **arg, int n)
{
	struct steer_pod p = { .flags = strcmp(arg[1], "on") ? 0 : STEER_ON };

	(void)n;
	return apply(arg[0], arg[2], p);
}

static int place_of(const char *dir, struct steer_place *ret)
{
	auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(&err, -1, "open cgroup '%s'", dir);
	return steer_cgroup_place(handle, fd, ret, &err);
}

static int apply_below(char **arg, uint32_t flags)
{
	struct steer_place place;

	if (place_of(arg[2], &place) < 0)
		return -1;
	return apply(arg[0], arg[1],
		     (struct steer_pod){
			     .flags = flags, .cgroup_id = place.id, .cgroup_level = place.level });
}

static int gate(char **arg, int n)
{
	(void)n;
	return apply_below(arg, STEER_ON);
}

static int named(char **arg, int n)
{
	(void)n;
	return apply_below(arg, STEER_NAMED);
}

static int container(char **arg, int n)
{
	struct steer_place place;
	uint64_t cookie;

	(void)n;
	if (place_of(arg[1], &place) < 0 || cookie_of(arg[2], &cookie) < 0)
		return -1;
	if (!strcmp(arg[0], "apply"))
		return steer_container_apply(handle, place.id, cookie, &err);
	if (!strcmp(arg[0], "check"))
		return steer_container_check(handle, place.id, cookie, &err);
	return steer_container_undo(handle, place.id, &err);
}

static int containers(char **arg, int n)
{
	auto_free struct steer_container *all = NULL;
	int found = steer_container_list(handle, &all, &err);

	(void)arg, (void)n;
	if (found >= 0)
		printf("containers=%d\n", found);
	return found;
}

static int undo(char **arg, int n)
{
	uint64_t cookie;

	(void)n;
	return cookie_of(arg[0], &cookie) < 0 ? -1 : steer_pod_undo(handle, cookie, &err);
}

static int counters(char **arg, int n)
{
	struct steer_counters c;
	uint64_t cookie;

	(void)n;
	if (cookie_of(arg[0], &cookie) < 0 || steer_counters_get(handle, cookie, &c, &err) < 0)
		return -1;
	printf("steered=%" PRIu64 " unsteered=%" PRIu64 " target_missing=%" PRIu64
	       " ulp_ignored=%" PRIu64 " ulp_denied=%" PRIu64 " ulp_emulated=%" PRIu64,
	       (uint64_t)c.steered, (uint64_t)c.unsteered, (uint64_t)c.target_missing,
	       (uint64_t)c.ulp_ignored, (uint64_t)c.ulp_denied, (uint64_t)c.ulp_emulated);
	if (c.landlocked)
		printf(" landlocked=%" PRIu64, (uint64_t)c.landlocked);
	if (c.bounded)
		printf(" bounded=%" PRIu64, (uint64_t)c.bounded);
	printf("\n");
	return 0;
}

static int cgroup(char **arg, int n)
{
	auto_close int fd = open(arg[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t cookie;

	(void)n;
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

static int remove_all(char **arg, int n)
{
	(void)arg, (void)n;
	return steer_remove_all(bpffs_dir(), &err);
}

static int cgroup_remove_all(char **arg, int n)
{
	(void)n;
	return steer_cgroup_remove_all(arg[0], &err);
}

static const struct command commands[] = {
	{ "facts", 0, facts, true },
	{ "open", 0, reopen, true },
	{ "check", 0, check, false },
	{ "list", 0, list, false },
	{ "drop-older", 0, drop_older, false },
	{ "pod", 3, pod, false },
	{ "gate", 3, gate, false },
	{ "named", 3, named, false },
	{ "container", 3, container, false },
	{ "containers", 0, containers, false },
	{ "undo", 1, undo, false },
	{ "counters", 1, counters, false },
	{ "cgroup", 3, cgroup, false },
	{ "remove-all", 0, remove_all, true },
	{ "cgroup-remove-all", 1, cgroup_remove_all, true },
};

int main(int argc, char **argv)
{
	static const struct served steerctl = { "steerctl", commands, ARRAY_SIZE(commands),
						open_handle };
	int rc = serve(&steerctl, argc, argv);

	steer_close(handle);
	return rc;
}
