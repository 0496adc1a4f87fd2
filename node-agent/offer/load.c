/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/offer/impl.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/file.h"
#include "node-agent/pins/pins.h"
#include "offer.skel.h"

const char *const offer_map_names[OFFER_MAPS] = { "offer_pods", "offer_rules", "offer_node",
						  "offer_counts" };

static void cleanup_offer_bpf(struct offer_bpf **skel)
{
	offer_bpf__destroy(*skel);
}

static void cleanup_offer(struct offer **o)
{
	offer_close(*o);
}

/* Pinned maps of this layout are taken over, missing ones made and pinned, when the object loads.
 */
static int pin_maps(const struct offer *o, struct bpf_object *object, struct err *err)
{
	for (int i = 0; i < OFFER_MAPS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, offer_map_names[i]);
		char path[PATH_MAX];
		int rc = pins_path(path, o->bpffs_dir, STEER_LAYOUT, offer_map_names[i], err);

		if (rc < 0)
			return rc;
		rc = map ? bpf_map__set_pin_path(map, path) : -ENOENT;
		if (rc < 0)
			return err_sys(err, rc, "set pin '%s'", path);
	}
	return 0;
}

static int dup_fd(int fd, int *ret, struct err *err)
{
	*ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *ret < 0 ? err_sys(err, errno, "keep descriptor of a BPF object") : 0;
}

static int keep_map(struct offer *o, const struct bpf_map *map, int i, struct err *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int rc = bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &len);

	if (rc < 0)
		return err_sys(err, rc, "read map '%s'", offer_map_names[i]);
	o->map_ids[i] = info.id;
	return dup_fd(bpf_map__fd(map), &o->maps[i], err);
}

static int keep_prog(struct offer *o, const struct bpf_program *prog, enum offer_direction d,
		     struct err *err)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int rc = bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len);

	if (rc < 0)
		return err_sys(err, rc, "read %s program", offer_direction_names[d]);
	o->prog_ids[d] = info.id;
	return dup_fd(bpf_program__fd(prog), &o->progs[d], err);
}

static int load(struct offer *o, struct err *err)
{
	auto_with(cleanup_offer_bpf) struct offer_bpf *skel = offer_bpf__open();
	int rc;

	if (!skel)
		return err_sys(err, errno, "open offer programs");
	rc = pin_maps(o, skel->obj, err);
	if (rc < 0)
		return rc;
	FAULT_POINT("offer programs", err);
	rc = offer_bpf__load(skel);
	if (rc == -ESRCH) /* libbpf's answer for a function that the kernel's BTF has not */
		return err_set(err, -EOPNOTSUPP,
			       "load offer programs: this kernel has no bpf_cast_to_kern_ctx "
			       "(needs Linux 6.2)");
	if (rc < 0)
		return err_sys(err, rc, "load offer programs");
	for (int i = 0; i < OFFER_MAPS; i++) {
		rc = keep_map(o, bpf_object__find_map_by_name(skel->obj, offer_map_names[i]), i,
			      err);
		if (rc < 0)
			return rc;
	}
	rc = keep_prog(o, skel->progs.smc_egress_v2, OFFER_OUT, err);
	return rc < 0 ? rc : keep_prog(o, skel->progs.smc_ingress_v2, OFFER_IN, err);
}

int offer_open(const char *bpffs_dir, struct offer **ret, struct err *err)
{
	auto_with(cleanup_offer) struct offer *o = calloc(1, sizeof(*o));
	char path[PATH_MAX];
	int rc;

	if (!o)
		return err_sys(err, ENOMEM, "open the offer");
	for (int i = 0; i < OFFER_MAPS; i++)
		o->maps[i] = -1;
	o->progs[OFFER_OUT] = o->progs[OFFER_IN] = -1;
	rc = pins_check_fs(bpffs_dir, err);
	if (rc < 0)
		return rc;
	rc = pins_path(path, bpffs_dir, STEER_LAYOUT, NULL, err);
	if (rc < 0)
		return rc;
	rc = file_mkdirs(path, 0700, err);
	if (rc < 0)
		return rc;
	strcpy(o->bpffs_dir, bpffs_dir); /* as long as the path of a pin below it, at most */
	rc = load(o, err);
	if (rc < 0)
		return rc;
	rc = offer_sets_read(o, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(o);
	return 0;
}

static int check_pin(const struct offer *o, int i, struct err *err)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	auto_close int fd = -1;
	char path[PATH_MAX];
	int rc = pins_path(path, o->bpffs_dir, STEER_LAYOUT, offer_map_names[i], err);

	if (rc < 0)
		return rc;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return err_sys(err, fd, "open pin '%s'", path);
	rc = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (rc < 0)
		return err_sys(err, rc, "read pin '%s'", path);
	if (info.id != o->map_ids[i])
		return err_set(err, -ENOENT, "check pin '%s': it holds another map than ours",
			       path);
	return 0;
}

int offer_check(struct offer *o, struct err *err)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < OFFER_MAPS; i++)
		rc = check_pin(o, i, err);
	return rc;
}

void offer_close(struct offer *o)
{
	if (!o)
		return;
	for (int i = 0; i < OFFER_MAPS; i++)
		cleanup_close(&o->maps[i]);
	for (int d = 0; d < OFFER_DIRECTIONS; d++)
		cleanup_close(&o->progs[d]);
	offer_sets_free(o);
	free(o);
}
