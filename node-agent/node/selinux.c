/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/node/selinuxfs.h"

/* What runtimes give a container that does not ask for something else. The categories are each
 * container's own, and no rule that counts here looks at them. */
#define CONTAINER "system_u:system_r:container_t:s0"
#define REMEDY "load deploy/selinux/smc-cni.cil (docs/privileges.md)"

/* What a server and a client do with a steered socket. A target is one of the kernel's own
 * contexts: the kernel looks a port up by its protocol, and policies name ports of TCP and UDP
 * only, so that each port of SMC is `port`. */
static const struct need {
	const char *target; /* NULL: the domain itself */
	const char *permissions[13];
} needs[] = {
	{ NULL,
	  { "create", "ioctl", "read", "write", "getattr", "bind", "connect", "listen", "accept",
	    "getopt", "setopt", "shutdown" } },
	{ "port", { "name_bind" } },
	{ "node", { "node_bind" } },
	{ "unlabeled", { "read", "write", "getattr", "getopt", "setopt", "shutdown" } },
};

struct policy {
	int fs;
	/* rawip_socket; 0: unknown to the policy, for which deny_unknown is the rule. */
	unsigned int class;
	unsigned int deny_unknown;
};

/* "c" of "a:b:c:d" */
static const char *type_of(const char *context, char buf[SELINUX_CONTEXT_MAX])
{
	buf[0] = '\0';
	(void)sscanf(context, "%*[^:]:%*[^:]:%511[^:]", buf);
	return buf;
}

static int is_allowed(const struct policy *policy, uint32_t allowed, const char *permission,
		      bool *ret, struct err *err)
{
	unsigned int number;
	char name[64];
	int r;

	(void)snprintf(name, sizeof(name), "class/rawip_socket/perms/%s", permission);
	r = selinuxfs_read_number(policy->fs, name, &number, err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && (number < 1 || number > 32))
		return err_set(err, -EBADMSG, "read '%s': got %u, no bit", name, number);
	*ret = r == 0 ? allowed & UINT32_C(1) << (number - 1) : !policy->deny_unknown;
	return 0;
}

/* The first permission of the need that is not allowed; NULL: none is missing. */
static int first_missing(const struct policy *policy, const struct need *need, uint32_t allowed,
			 const char **ret, struct err *err)
{
	bool ok = true;

	*ret = NULL;
	for (const char *const *p = need->permissions; *p && ok; p++) {
		int r = is_allowed(policy, allowed, *p, &ok, err);

		if (r < 0)
			return r;
		if (!ok)
			*ret = *p;
	}
	return 0;
}

/* 1: something is missing, and err is the sentence for it; so are the next two. */
static int check_need(const struct policy *policy, const char *domain, const struct need *need,
		      struct err *err)
{
	char target[SELINUX_CONTEXT_MAX], name[64], of[SELINUX_CONTEXT_MAX],
		to[SELINUX_CONTEXT_MAX];
	struct selinux_av av;
	const char *missing;
	int r;

	(void)snprintf(target, sizeof(target), "%s", domain);
	if (need->target) {
		(void)snprintf(name, sizeof(name), "initial_contexts/%s", need->target);
		r = selinuxfs_read(policy->fs, name, target, sizeof(target), err);
		if (r < 0)
			return r;
	}
	r = selinuxfs_access(policy->fs, domain, target, policy->class, &av, err);
	if (r < 0 || av.permissive)
		return r;
	r = first_missing(policy, need, av.allowed, &missing, err);
	if (r < 0 || !missing)
		return r;
	(void)err_set(
		err, -EACCES,
		"SELinux does not let %.48s use steered sockets (%s of rawip_socket, %.48s): " REMEDY,
		type_of(domain, of), missing, type_of(target, to));
	return 1;
}

/* Nobody is in a domain that the policy does not know. */
static int check_domain(const struct policy *policy, const char *domain, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		int r = check_need(policy, domain, &needs[i], err);

		if (r != 0)
			return r == -EINVAL ? 0 : r;
	}
	return 0;
}

static int read_policy(struct policy *policy, struct err *err)
{
	int r = selinuxfs_read_number(policy->fs, "deny_unknown", &policy->deny_unknown, err);

	if (r < 0)
		return r;
	r = selinuxfs_read_number(policy->fs, "class/rawip_socket/index", &policy->class, err);
	return r == -ENOENT ? 0 : r;
}

/* Where the runtime does not label containers they run as we do, whatever the DaemonSet asks
 * for. */
static int check_own_domain(const struct policy *policy, struct err *err)
{
	char own[SELINUX_CONTEXT_MAX];
	int r = selinuxfs_read(AT_FDCWD, "/proc/self/attr/current", own, sizeof(own), err);

	return r < 0 ? r : check_domain(policy, own, err);
}

int selinux_check(struct err *err)
{
	struct err why = ERR_INIT;
	auto_close int fs = selinuxfs_open(&why);
	struct policy policy = { .fs = fs };
	unsigned int enforcing = 0;
	int r = fs;

	if (r == -ENODEV)
		return 0;
	if (r >= 0)
		r = selinuxfs_read_number(fs, "enforce", &enforcing, &why);
	if (r == 0 && !enforcing)
		return 0;
	if (r == 0)
		r = read_policy(&policy, &why);
	if (r == 0)
		r = check_domain(&policy, CONTAINER, &why);
	if (r == 0)
		r = check_own_domain(&policy, &why);
	if (r < 0)
		return err_set(err, r, "what SELinux lets containers do cannot be told: %s",
			       why.msg);
	if (r > 0)
		(void)err_set(err, -EACCES, "%s", why.msg);
	return r;
}
