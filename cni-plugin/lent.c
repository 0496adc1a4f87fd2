/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/lent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cni-plugin/rundir.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/log.h"
#include "common/netns_json.h"

#define FILE_BYTES_MAX (64 * 1024)
#define SUFFIX ".json"
#define NAME_BYTES 64

/* "<device>.<attachment>.json": so both are found without a look into the files of others. */
static const char *name_of(const struct lent *l, char ret[NAME_BYTES])
{
	char hash[WIRE_HASH_LEN];

	(void)snprintf(ret, NAME_BYTES, "%016" PRIx64 ".%s" SUFFIX, l->id,
		       wire_attachment_hash(&l->attachment, hash));
	return ret;
}

static int open_folder(bool make, struct err *err)
{
	auto_close int dir = rundir_open(err);
	int fd;

	if (dir < 0)
		return dir;
	if (make && mkdirat(dir, WIRE_PLUGIN_LENT, 0700) < 0 && errno != EEXIST)
		return err_sys(err, errno, "create folder '" RUNDIR_PATH "/" WIRE_PLUGIN_LENT "'");
	fd = openat(dir, WIRE_PLUGIN_LENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "open folder '" RUNDIR_PATH "/" WIRE_PLUGIN_LENT "'");
	return fd;
}

/* ---- to JSON ---- */

/* Leaves out names that are no UTF-8, as JSON does not hold them; an alias, too. */
static json_t *altnames_to_json(const struct lent *l)
{
	json_t *list = json_array();

	for (int i = 0; i < l->n_altnames; i++)
		(void)json_array_append_new(list, json_string(l->altnames[i]));
	return list;
}

static json_t *device_to_json(const struct lent *l)
{
	char mac[LINK_MAC_TEXT_MAX];

	return json_pack("{s:o, s:b, s:s, s:s, s:I, s:I, s:I, s:o*, s:o}", "id", u64_to_json(l->id),
			 "real", l->real, "name", l->before.name, "mac",
			 link_format_mac(&l->before, mac), "mtu", (json_int_t)l->before.mtu,
			 "flags", (json_int_t)l->before.flags, "group", (json_int_t)l->before.group,
			 "alias", json_string(l->before.alias), "altnames", altnames_to_json(l));
}

static json_t *to_json(const struct lent *l, const char *boot_id)
{
	json_auto_t *obj = json_pack("{s:s, s:o, s:o, s:o}", "bootID", boot_id, "attachment",
				     wire_attachment_to_json(&l->attachment), "netns",
				     netns_to_json(&l->netns), "device", device_to_json(l));

	if (obj && l->has_rdma &&
	    json_object_set_new(obj, "rdma",
				json_pack("{s:I, s:s}", "index", (json_int_t)l->rdma.index, "name",
					  l->rdma.name)) < 0)
		return NULL;
	return TAKE_PTR(obj);
}

/* ---- from JSON ---- */

static int take_u32(const json_t *obj, const char *where, const char *key, uint32_t *ret,
		    struct err *err)
{
	int64_t number = 0;
	int r = smc_json_get_int(obj, where, key, 0, UINT32_MAX, &number, err);

	*ret = (uint32_t)number;
	return r;
}

static int take_altnames(const json_t *obj, struct lent *ret, struct err *err)
{
	json_t *list = NULL, *name;
	size_t i;
	int r = smc_json_get_array(obj, "device", "altnames", &list, err);

	json_array_foreach(list, i, name) {
		const char *text = json_string_value(name);

		if (!text || strlen(text) > LINK_ALTNAME_MAX || i == LENT_ALTNAMES_MAX)
			return err_set(err, -EINVAL, "device: 'altnames' holds what is none");
		strcpy(ret->altnames[ret->n_altnames++], text);
	}
	return r;
}

static int take_device(const json_t *obj, struct lent *ret, struct err *err)
{
	const char *name, *mac, *alias = "";

	if (u64_from_json(obj, "device", "id", &ret->id, err) < 0 ||
	    smc_json_get_bool(obj, "device", "real", &ret->real, err) < 0 ||
	    smc_json_need_string(obj, "device", "name", &name, err) < 0 ||
	    smc_json_need_string(obj, "device", "mac", &mac, err) < 0 ||
	    smc_json_get_string(obj, "device", "alias", &alias, err) < 0 ||
	    take_u32(obj, "device", "mtu", &ret->before.mtu, err) < 0 ||
	    take_u32(obj, "device", "flags", &ret->before.flags, err) < 0 ||
	    take_u32(obj, "device", "group", &ret->before.group, err) < 0)
		return -EINVAL;
	if (!wire_ifname_valid(name) || !link_parse_mac(mac, ret->before.mac) ||
	    strlen(alias) > LINK_ALIAS_MAX)
		return err_set(err, -EINVAL, "device: 'name', 'mac' or 'alias' is none");
	strcpy(ret->before.name, name);
	strcpy(ret->before.alias, alias);
	return take_altnames(obj, ret, err);
}

static int take_rdma(const json_t *obj, struct lent *ret, struct err *err)
{
	json_t *rdma = NULL;
	const char *name;
	int r = smc_json_get_object(obj, "lent", "rdma", &rdma, err);

	if (r <= 0)
		return r;
	if (smc_json_need_string(rdma, "rdma", "name", &name, err) < 0 ||
	    take_u32(rdma, "rdma", "index", &ret->rdma.index, err) < 0)
		return -EINVAL;
	if (strlen(name) >= sizeof(ret->rdma.name))
		return err_set(err, -EINVAL, "rdma: 'name' is too long");
	strcpy(ret->rdma.name, name);
	ret->has_rdma = true;
	return 0;
}

/* Returns 1, or 0 if the file is of an earlier boot: no device of that is lent any more. */
static int from_json(const json_t *obj, struct lent *ret, struct err *err)
{
	char now[FILE_BOOT_ID_LEN];
	json_t *device = NULL;
	const char *boot_id;
	int r = file_boot_id(now, err);

	if (r == 0)
		r = smc_json_need_string(obj, "lent", "bootID", &boot_id, err);
	if (r < 0 || strcmp(boot_id, now) != 0)
		return r < 0 ? r : 0;
	if (wire_attachment_from_json(obj, &ret->attachment, err) < 0 ||
	    netns_from_json(obj, "lent", &ret->netns, err) < 0 ||
	    smc_json_get_object(obj, "lent", "device", &device, err) < 0 ||
	    take_device(device, ret, err) < 0 || take_rdma(obj, ret, err) < 0)
		return -EINVAL;
	return 1;
}

static int read_file(int dirfd, const char *name, struct lent *ret, struct err *err)
{
	auto_free char *text = NULL;
	json_auto_t *obj = NULL;
	size_t len;
	int r = file_read(dirfd, name, FILE_BYTES_MAX, &text, &len, err);

	if (r == 0)
		r = smc_json_parse_object(text, len, name, &obj, err);
	return r < 0 ? r : from_json(obj, ret, err);
}

/* ---- the verbs ---- */

int lent_write(const struct lent *l, struct err *err)
{
	auto_close int dir = open_folder(true, err);
	char boot_id[FILE_BOOT_ID_LEN], name[NAME_BYTES];
	json_auto_t *obj = NULL;
	auto_free char *text = NULL;
	struct lent old;
	int r = dir < 0 ? dir : file_boot_id(boot_id, err);

	if (r == 0)
		r = lent_of_device(l->id, &old, err);
	if (r > 0)
		r = lent_forget(&old, err);
	if (r < 0)
		return r;
	obj = to_json(l, boot_id);
	text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;
	if (!text)
		return err_sys(err, ENOMEM, "write what is lent");
	return file_replace(dir, name_of(l, name), text, strlen(text), 0600, err);
}

int lent_forget(const struct lent *l, struct err *err)
{
	auto_close int dir = open_folder(true, err);
	char name[NAME_BYTES];

	return dir < 0 ? dir : file_remove(dir, name_of(l, name), err);
}

static int each_file(int dirfd, const char *name, lent_fn *fn, void *arg, struct err *err)
{
	struct lent l = { .id = 0 };
	struct err why = ERR_INIT;
	int r = read_file(dirfd, name, &l, &why);

	if (r > 0)
		return fn(&l, arg, err);
	if (r == 0)
		(void)file_remove(dirfd, name, NULL);
	else if (r == -EINVAL)
		log_warn("what is remembered of a lent device cannot be read, ignoring", "file",
			 name, "err", why.msg);
	else if (r != -ENOENT) /* it has just been forgotten */
		return err_set(err, r, "%s", why.msg);
	return 0;
}

/* Looks at the files that have `part` in their name; NULL: at all. */
static int each(const char *part, lent_fn *fn, void *arg, struct err *err)
{
	auto_closedir DIR *dir = NULL;
	const struct dirent *entry;
	int fd = open_folder(false, err), r = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_sys(err, ENOMEM, "read what is lent");
	}
	while (r == 0 && (entry = readdir(dir))) {
		if (file_name_ends(entry->d_name, SUFFIX) && (!part || strstr(entry->d_name, part)))
			r = each_file(fd, entry->d_name, fn, arg, err);
	}
	return r;
}

int lent_each(lent_fn *fn, void *arg, struct err *err)
{
	return each(NULL, fn, arg, err);
}

struct search {
	const struct wire_attachment *a; /* NULL: of the device */
	uint64_t id;
	struct lent *ret;
};

static int match(const struct lent *l, void *arg, struct err *err)
{
	struct search *s = arg;

	(void)err;
	if (s->a ? !wire_attachment_same(s->a, &l->attachment) : s->id != l->id)
		return 0;
	*s->ret = *l;
	return 1;
}

int lent_to(const struct wire_attachment *a, struct lent *ret, struct err *err)
{
	struct search s = { .a = a, .ret = ret };
	char hash[WIRE_HASH_LEN];

	return each(wire_attachment_hash(a, hash), match, &s, err);
}

int lent_of_device(uint64_t id, struct lent *ret, struct err *err)
{
	struct search s = { .id = id, .ret = ret };
	char part[WIRE_HASH_LEN + 1];

	(void)snprintf(part, sizeof(part), "%016" PRIx64 ".", id);
	return each(part, match, &s, err);
}
