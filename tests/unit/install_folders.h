/* SPDX-License-Identifier: Apache-2.0 */
/* A node's folders for the tests of the installation. */
#ifndef TESTS_INSTALL_FOLDERS_H
#define TESTS_INSTALL_FOLDERS_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/install/impl.h"
#include "node-agent/install/install.h"
#include "tests/unit/tree.h"

#ifndef FOLDERS_AT
#define FOLDERS_AT "/tmp"
#endif
#define MAYBE __attribute__((unused)) static

/* In a folder of the test's own. */
MAYBE char top[64];
MAYBE struct err err;

MAYBE const char *path_of(const char *name)
{
	static char paths[4][PATH_MAX];
	static int turn;
	char *path = paths[turn++ % 4];

	(void)snprintf(path, PATH_MAX, "%s/%s", top, name);
	return path;
}

MAYBE void put(const char *name, const char *text)
{
	assert_int_equal(file_replace(AT_FDCWD, path_of(name), text, strlen(text), 0644, &err), 0);
}

MAYBE char *get(const char *name)
{
	char *text = NULL;

	return file_read(AT_FDCWD, path_of(name), INSTALL_LIST_MAX, &text, NULL, &err) < 0 ? NULL :
											     text;
}

MAYBE bool is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

MAYBE int set_up(void **state)
{
	static const char *const dirs[] = { "net.d", "bin", "cache" };

	(void)state;
	(void)snprintf(top, sizeof(top), "%s/test_install.XXXXXX",
		       access(FOLDERS_AT, W_OK) == 0 ? FOLDERS_AT : "/tmp");
	if (!mkdtemp(top))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		assert_int_equal(mkdir(path_of(dirs[i]), 0755), 0);
	put("program", "#!/bin/sh\n");
	return 0;
}

MAYBE int remove_all(void **state)
{
	(void)state;
	return tree_remove(top);
}

MAYBE int apply(enum config_install mode, struct install_state *ret)
{
	static char plugin[PATH_MAX], conf[PATH_MAX], bin[PATH_MAX];
	struct install_wish w = { .plugin = plugin,
				  .conf_dir = conf,
				  .bin_dir = bin,
				  .socket = "/run/smc-cni/agent.sock",
				  .mode = mode };

	strcpy(plugin, path_of("program"));
	strcpy(conf, path_of("net.d"));
	strcpy(bin, path_of("bin"));
	return install_apply(&w, ret, &err);
}

MAYBE int undo(void)
{
	return install_undo(path_of("net.d"), path_of("bin"), path_of("cache"), &err);
}

#define FLANNEL                                                                                   \
	"{\"name\": \"cbr0\", \"cniVersion\": \"0.3.1\", \"zebra\": 1, \"disableCheck\": true,\n" \
	" \"plugins\": [{\"type\": \"flannel\", \"delegate\": {\"hairpinMode\": true}},\n"        \
	"  {\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}], \"alpha\": 2}\n"

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, remove_all)

#endif
