/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "node-agent/node/selinux.h"
#include "node-agent/node/selinuxfs.h"

#define CONTAINER "system_u:system_r:container_t:s0"
#define OWN "system_u:system_r:spc_t:s0"
#define REMEDY "load deploy/selinux/smc-cni.cil (docs/privileges.md)"

/* The kernel, as far as it is asked. */
static struct {
	int open_rc;
	unsigned int enforce, deny_unknown;
	const char *unknown_permission; /* of the class rawip_socket; "": the class */
	const char *unknown_domain;
	const char *permissive_domain;
	const char *denied_domain, *denied_target, *denied; /* one permission */
	int access_rc, questions;
} kernel;
static struct err err;

int __wrap_selinuxfs_open(struct err *e);
int __wrap_selinuxfs_read(int fs, const char *name, char *buf, size_t size, struct err *e);
int __wrap_selinuxfs_read_number(int fs, const char *name, unsigned int *ret, struct err *e);
int __wrap_selinuxfs_access(int fs, const char *source, const char *target, unsigned int class,
			    struct selinux_av *ret, struct err *e);

static const char *const permissions[] = {
	"ioctl",  "read",   "write",  "create", "getattr",  "bind",	 "connect",
	"listen", "accept", "getopt", "setopt", "shutdown", "name_bind", "node_bind",
};

int __wrap_selinuxfs_open(struct err *e)
{
	if (kernel.open_rc == -ENODEV)
		return -ENODEV;
	return kernel.open_rc < 0 ? err_sys(e, kernel.open_rc, "open selinuxfs") :
				    open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_selinuxfs_read(int fs, const char *name, char *buf, size_t size, struct err *e)
{
	(void)fs, (void)e;
	if (!strcmp(name, "/proc/self/attr/current"))
		(void)snprintf(buf, size, "%s", OWN);
	else if (!strncmp(name, "initial_contexts/", 17))
		(void)snprintf(buf, size, "system_u:object_r:%s_t:s0", name + 17);
	else
		fail_msg("read of '%s'", name);
	return 0;
}

static unsigned int number_of(const char *permission)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(permissions); i++) {
		if (!strcmp(permissions[i], permission))
			return i + 1;
	}
	fail_msg("asked for '%s'", permission);
	return 0;
}

int __wrap_selinuxfs_read_number(int fs, const char *name, unsigned int *ret, struct err *e)
{
	static const char class[] = "class/rawip_socket/";
	const char *unknown = kernel.unknown_permission;

	(void)fs;
	if (!strcmp(name, "enforce") || !strcmp(name, "deny_unknown")) {
		*ret = *name == 'e' ? kernel.enforce : kernel.deny_unknown;
		return 0;
	}
	assert_int_equal(strncmp(name, class, strlen(class)), 0);
	name += strlen(class);
	if (unknown &&
	    (!*unknown || !strcmp(strrchr(name, '/') ? strrchr(name, '/') + 1 : name, unknown)))
		return err_sys(e, ENOENT, "open '%s'", name);
	*ret = !strcmp(name, "index") ? 6 : number_of(name + strlen("perms/"));
	return 0;
}

static bool is(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

int __wrap_selinuxfs_access(int fs, const char *source, const char *target, unsigned int class,
			    struct selinux_av *ret, struct err *e)
{
	(void)fs;
	kernel.questions++;
	if (kernel.access_rc < 0)
		return err_sys(e, kernel.access_rc, "ask");
	if (is(kernel.unknown_domain, source))
		return err_sys(e, EINVAL, "ask");
	assert_int_equal(class, kernel.unknown_permission && !*kernel.unknown_permission ? 0 : 6);
	ret->permissive = is(kernel.permissive_domain, source);
	ret->allowed = class || !kernel.deny_unknown ? UINT32_MAX : 0;
	if (kernel.denied && is(kernel.denied_domain, source) && is(kernel.denied_target, target))
		ret->allowed &= ~(UINT32_C(1) << (number_of(kernel.denied) - 1));
	return 0;
}

static int an_enforcing_kernel(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.enforce = 1;
	err = ERR_INIT;
	return 0;
}

static void deny(const char *domain, const char *target, const char *permission)
{
	kernel.denied_domain = domain;
	kernel.denied_target = target;
	kernel.denied = permission;
}

static void without_selinux_and_permissive_all_is_well(void **state)
{
	(void)state;
	kernel.open_rc = -ENODEV;
	assert_int_equal(selinux_check(&err), 0);
	kernel.open_rc = 0;
	kernel.enforce = 0;
	deny(CONTAINER, "system_u:object_r:port_t:s0", "name_bind");
	assert_int_equal(selinux_check(&err), 0);
	assert_int_equal(kernel.questions, 0);
	kernel.enforce = 1;
	assert_int_equal(selinux_check(&err), 1);
	kernel.permissive_domain = CONTAINER;
	assert_int_equal(selinux_check(&err), 0);
}

static void each_permission_that_a_server_needs_is_asked_for(void **state)
{
	static const struct {
		const char *target, *permissions[13];
	} needs[] = {
		{ CONTAINER,
		  { "create", "ioctl", "read", "write", "getattr", "bind", "connect", "listen",
		    "accept", "getopt", "setopt", "shutdown" } },
		{ "system_u:object_r:port_t:s0", { "name_bind" } },
		{ "system_u:object_r:node_t:s0", { "node_bind" } },
		{ "system_u:object_r:unlabeled_t:s0",
		  { "read", "write", "getattr", "getopt", "setopt", "shutdown" } },
	};
	char type[32], want[256];

	(void)state;
	assert_int_equal(selinux_check(&err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		assert_int_equal(sscanf(needs[i].target, "%*[^:]:%*[^:]:%31[^:]", type), 1);
		for (const char *const *p = needs[i].permissions; *p; p++) {
			deny(CONTAINER, needs[i].target, *p);
			assert_int_equal(selinux_check(&err), 1);
			(void)snprintf(want, sizeof(want),
				       "SELinux does not let container_t use steered sockets "
				       "(%s of rawip_socket, %s): " REMEDY,
				       *p, type);
			assert_string_equal(err.msg, want);
		}
	}
}

/* A runtime that does not label containers: pods run as the agent does. */
static void our_own_domain_is_asked_for_too(void **state)
{
	(void)state;
	deny(OWN, "system_u:object_r:unlabeled_t:s0", "read");
	assert_int_equal(selinux_check(&err), 1);
	assert_string_equal(err.msg, "SELinux does not let spc_t use steered sockets "
				     "(read of rawip_socket, unlabeled_t): " REMEDY);
}

static void a_policy_without_containers_has_no_say_about_them(void **state)
{
	(void)state;
	kernel.unknown_domain = CONTAINER;
	assert_int_equal(selinux_check(&err), 0);
	deny(OWN, "system_u:object_r:port_t:s0", "name_bind");
	assert_int_equal(selinux_check(&err), 1);
}

static void what_the_policy_does_not_know_is_as_it_says(void **state)
{
	static const char *const unknown[] = { "name_bind", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		kernel.unknown_permission = unknown[i];
		kernel.deny_unknown = 0;
		assert_int_equal(selinux_check(&err), 0);
		kernel.deny_unknown = 1;
		assert_int_equal(selinux_check(&err), 1);
	}
}

static void what_cannot_be_told_is_no_yes(void **state)
{
	(void)state;
	kernel.open_rc = -EPERM;
	assert_int_equal(selinux_check(&err), -EPERM);
	assert_string_equal(err.msg,
			    "what SELinux lets containers do cannot be told: open selinuxfs: "
			    "Operation not permitted");
	kernel.open_rc = 0;
	kernel.access_rc = -EACCES;
	assert_int_equal(selinux_check(&err), -EACCES);
	assert_string_equal(
		err.msg, "what SELinux lets containers do cannot be told: ask: Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_selinux_and_permissive_all_is_well,
				       an_enforcing_kernel),
		cmocka_unit_test_setup(each_permission_that_a_server_needs_is_asked_for,
				       an_enforcing_kernel),
		cmocka_unit_test_setup(our_own_domain_is_asked_for_too, an_enforcing_kernel),
		cmocka_unit_test_setup(a_policy_without_containers_has_no_say_about_them,
				       an_enforcing_kernel),
		cmocka_unit_test_setup(what_the_policy_does_not_know_is_as_it_says,
				       an_enforcing_kernel),
		cmocka_unit_test_setup(what_cannot_be_told_is_no_yes, an_enforcing_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
