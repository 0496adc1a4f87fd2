/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/cleanup.h"
#include "node-agent/pins/pins.h"

int pins_set_paths(struct bpf_object *object, const char *bpffs_dir, unsigned layout,
		   struct err *err)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		char path[PATH_MAX];
		int rc;

		if (bpf_map__is_internal(map)) /* the constants of one program */
			continue;
		rc = pins_path(path, bpffs_dir, layout, bpf_map__name(map), err);
		if (rc < 0)
			return rc;
		rc = bpf_map__set_pin_path(map, path);
		if (rc < 0)
			return err_sys(err, rc, "set pin '%s'", path);
	}
	return 0;
}

int pins_keep_fd(int fd, int *ret, struct err *err)
{
	*ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *ret < 0 ? err_sys(err, errno, "keep descriptor of a BPF object") : 0;
}

int pins_keep_map(const struct bpf_map *map, int *ret_fd, uint32_t *ret_id, struct err *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int rc = bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &len);

	if (rc < 0)
		return err_sys(err, rc, "read map '%s'", bpf_map__name(map));
	*ret_id = info.id;
	return pins_keep_fd(bpf_map__fd(map), ret_fd, err);
}

int pins_keep_maps(const struct bpf_object *object, const char *const *names, int n, int *ret_fds,
		   uint32_t *ret_ids, struct err *err)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < n; i++)
		rc = pins_keep_map(bpf_object__find_map_by_name(object, names[i]), &ret_fds[i],
				   &ret_ids[i], err);
	return rc;
}

int pins_check(const char *bpffs_dir, unsigned layout, const char *name, uint32_t id,
	       struct err *err)
{
	struct bpf_link_info link = { 0 };
	struct bpf_map_info map = { 0 };
	bool is_link = !strcmp(name, STEER_PIN_LINK);
	uint32_t len = is_link ? sizeof(link) : sizeof(map);
	auto_close int fd = -1;
	char path[PATH_MAX];
	int rc = pins_path(path, bpffs_dir, layout, name, err);

	if (rc < 0)
		return rc;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return err_sys(err, fd, "open pin '%s'", path);
	rc = bpf_obj_get_info_by_fd(fd, is_link ? (void *)&link : (void *)&map, &len);
	if (rc < 0)
		return err_sys(err, rc, "read pin '%s'", path);
	if ((is_link ? link.prog_id : map.id) != id)
		return err_set(err, -ENOENT, "check pin '%s': it holds another %s than ours", path,
			       is_link ? "program" : "map");
	return 0;
}

int pins_check_maps(const char *bpffs_dir, unsigned layout, const char *const *names,
		    const uint32_t *ids, int n, struct err *err)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < n; i++)
		rc = pins_check(bpffs_dir, layout, names[i], ids[i], err);
	return rc;
}

int pins_read_map(int fd, void *keys, void *values, uint32_t *n)
{
	uint64_t next; /* the kernel's: where it would go on */
	int rc = bpf_map_lookup_batch(fd, NULL, &next, keys, values, n, NULL);

	return rc == -ENOENT ? 0 : rc; /* it has come to the end */
}
