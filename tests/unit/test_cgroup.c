/* SPDX-License-Identifier: Apache-2.0 */
/* What kubelet calls a pod's cgroup, both drivers, and what must not be opened. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/steer/container_cgroup.h"
#include "node-agent/steer/pod_cgroup.h"
#include "tests/unit/tree.h"

static struct err err;

static void assert_expands(const char *name, const char *want)
{
	char buf[256];

	assert_int_equal(cgroup_expand(name, buf, sizeof(buf), &err), 0);
	assert_string_equal(buf, want);
}

static void paths_of_the_cgroupfs_driver_stay_as_they_are(void **state)
{
	(void)state;
	assert_expands("/kubepods/besteffort/pod1-2", "kubepods/besteffort/pod1-2");
	assert_expands("kubepods/pod1-2", "kubepods/pod1-2");
	assert_expands("/a.slice/b.slice", "a.slice/b.slice");
}

static void slices_of_the_systemd_driver_become_nested_folders(void **state)
{
	static const char want[] = "kubepods.slice/kubepods-besteffort.slice/"
				   "kubepods-besteffort-pod1_2.slice";

	(void)state;
	assert_expands("kubepods-besteffort-pod1_2.slice", want);
	assert_expands("/kubepods-besteffort-pod1_2.slice", want);
	assert_expands("kubepods-besteffort-pod1_2.slice:cri-containerd:4f1c", want);
	assert_expands("kubepods.slice", "kubepods.slice");
	assert_expands("-x.slice", "-x.slice");
	assert_expands(".slice", ".slice");
}

static void what_is_empty_or_too_long_is_refused(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(cgroup_expand("/", buf, sizeof(buf), &err), -EINVAL);
	assert_int_equal(cgroup_expand("", buf, sizeof(buf), &err), -EINVAL);
	assert_int_equal(cgroup_expand("/0123456789abcdef", buf, sizeof(buf), &err), -ENAMETOOLONG);
	assert_int_equal(cgroup_expand("a-b-c-d.slice", buf, sizeof(buf), &err), -ENAMETOOLONG);
}

static void a_folder_is_opened_below_the_root_only(void **state)
{
	char root[] = "/tmp/test-cgroup-XXXXXX", path[64];
	auto_close int root_fd = -1, fd = -1;

	(void)state;
	assert_non_null(mkdtemp(root));
	(void)snprintf(path, sizeof(path), "%s/a/b", root);
	assert_int_equal(file_mkdirs(path, 0700, &err), 0);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(symlinkat("/etc", root_fd, "out"), 0);
	fd = cgroup_open(root_fd, "/a/b", &err);
	assert_true(fd >= 0);
	assert_int_equal(cgroup_open(root_fd, "/a/c", &err), -ENOENT);
	assert_int_equal(cgroup_open(root_fd, "/a/../../etc", &err), -EXDEV);
	assert_int_equal(cgroup_open(root_fd, "/out", &err), -ELOOP);
	assert_non_null(strstr(err.msg, "'out'"));
	(void)unlinkat(root_fd, "out", 0);
	(void)unlinkat(root_fd, "a/b", AT_REMOVEDIR);
	(void)unlinkat(root_fd, "a", AT_REMOVEDIR);
	(void)rmdir(root);
}

static void a_root_that_is_no_cgroup_v2_is_named(void **state)
{
	(void)state;
	assert_int_equal(cgroup_open_root("/tmp", &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "'/tmp' is no cgroup v2"));
	assert_int_equal(cgroup_open_root("/nowhere", &err), -ENOENT);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_container_is_known_by_its_id_alone(void **state)
{
	static const char *const its[] = { ID, "cri-containerd-" ID ".scope", "crio-" ID ".scope",
					   "crio-" ID, "docker-" ID ".scope" };
	static const char *const others[] = {
		"",
		".scope",
		"x",
		"x" ID,
		ID "0",
		"a" ID ".scope",
		"cri-containerd-" ID ".scope.scope",
		"cri-containerd-" ID ".slice",
		"cri-containerd-" ID "-x.scope",
		"crio-conmon-" ID ".scope",
		"crio-conmon-" ID,
		"conmon-" ID,
		"0123456789abcdef",
		"123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(its); i++)
		if (!cgroup_is_of_container(its[i], ID))
			fail_msg("'%s' is its", its[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (cgroup_is_of_container(others[i], ID))
			fail_msg("'%s' is another's", others[i]);
	assert_false(cgroup_is_of_container("x-", ""));
}

static void a_container_is_looked_for_directly_below_its_pod(void **state)
{
	char dir[] = "/tmp/test-cgroup-XXXXXX", path[256];
	uint64_t id = 7;
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(cgroup_find_container(fd, ID, &id, &err), -ENOENT);
	/* what a container makes, and what is no folder */
	(void)snprintf(path, sizeof(path), "%s/other/" ID, dir);
	assert_int_equal(file_mkdirs(path, 0755, &err), 0);
	assert_int_equal(symlinkat("other", fd, "crio-" ID ".scope"), 0);
	assert_int_equal(cgroup_find_container(fd, ID, &id, &err), -ENOENT);
	assert_int_equal(mkdirat(fd, "cri-containerd-" ID ".scope", 0755), 0);
	assert_int_equal(fstatat(fd, "cri-containerd-" ID ".scope", &st, 0), 0);
	assert_int_equal(cgroup_find_container(fd, ID, &id, &err), 0);
	assert_true(id == st.st_ino);
	assert_int_equal(mkdirat(fd, ID, 0755), 0);
	assert_int_equal(cgroup_find_container(fd, ID, &id, &err), -ENOTUNIQ);
	assert_non_null(strstr(err.msg, "two cgroups"));
	(void)close(fd);
	assert_int_equal(tree_remove(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_is_known_by_its_id_alone),
		cmocka_unit_test(a_container_is_looked_for_directly_below_its_pod),
		cmocka_unit_test(paths_of_the_cgroupfs_driver_stay_as_they_are),
		cmocka_unit_test(slices_of_the_systemd_driver_become_nested_folders),
		cmocka_unit_test(what_is_empty_or_too_long_is_refused),
		cmocka_unit_test(a_folder_is_opened_below_the_root_only),
		cmocka_unit_test(a_root_that_is_no_cgroup_v2_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
