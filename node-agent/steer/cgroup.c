/* SPDX-License-Identifier: Apache-2.0 */
/* Our programs on cgroups: found again by name, because attachments have no pin. */
#include "node-agent/steer/impl.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"

#define PROGS_MAX 64 /* on one cgroup and attach type: BPF_CGROUP_MAX_PROGS, linux/bpf-cgroup.h */

/* Names end with the layout (bpf/cgroup.bpf.c). */
static const struct kind {
	enum bpf_attach_type type;
	const char *prefix;
	const char *what;
} kinds[] = {
	{ BPF_CGROUP_INET_SOCK_CREATE, "smc_create_", "sock_create" },
	{ BPF_CGROUP_SETSOCKOPT, "smc_sockopt_", "setsockopt" },
};

/* Ids of all programs of one kind on a cgroup, anybody's. */
struct prog_list {
	uint32_t count;
	uint32_t pos; /* of next_ours() */
	uint32_t ids[PROGS_MAX];
};

/* A program of ours that is attached to a cgroup. */
struct attached {
	int fd;
	uint32_t id;
};

static int kind_fd(const struct steer *s, size_t kind)
{
	return kinds[kind].type == BPF_CGROUP_SETSOCKOPT ? s->sockopt_fd : s->create_fd;
}

static int prog_info(int fd, struct bpf_prog_info *ret)
{
	uint32_t len = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	return bpf_obj_get_info_by_fd(fd, ret, &len);
}

/* The next one of a layout up to ours; false at the end. ret->fd is the caller's. A program that
 * ends meanwhile is passed over. */
static bool next_ours(const struct kind *kind, struct prog_list *list, struct attached *ret)
{
	size_t prefix_len = strlen(kind->prefix);

	while (list->pos < list->count) {
		struct bpf_prog_info info;
		auto_close int fd = bpf_prog_get_fd_by_id(list->ids[list->pos++]);
		unsigned layout;

		if (fd < 0 || prog_info(fd, &info) < 0)
			continue;
		if (strncmp(info.name, kind->prefix, prefix_len) != 0)
			continue;
		layout = pins_layout(info.name + prefix_len);
		if (!layout || layout > STEER_LAYOUT)
			continue;
		*ret = (struct attached){ .fd = TAKE_FD(fd), .id = info.id };
		return true;
	}
	return false;
}

static int query(int cgroup_fd, const struct kind *kind, struct prog_list *ret, struct err *err)
{
	int rc;

	ret->count = ARRAY_SIZE(ret->ids);
	ret->pos = 0;
	rc = bpf_prog_query(cgroup_fd, kind->type, 0, NULL, ret->ids, &ret->count);
	return rc < 0 ? err_sys(err, rc, "list %s programs of cgroup", kind->what) : 0;
}

static bool contains(const struct prog_list *list, uint32_t id)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->ids[i] == id)
			return true;
	return false;
}

/* Detaches ours of one kind, all but the one with id `keep` (0: none). Returns how many. */
static int detach_kind(int cgroup_fd, const struct kind *kind, uint32_t keep, struct err *err)
{
	struct prog_list list;
	struct attached found;
	int detached = 0;
	int rc = query(cgroup_fd, kind, &list, err);

	if (rc < 0)
		return rc;
	while (next_ours(kind, &list, &found)) {
		auto_close int fd = found.fd;

		if (found.id == keep)
			continue;
		FAULT_POINT("detachment from a cgroup", err);
		rc = bpf_prog_detach2(fd, cgroup_fd, kind->type);
		if (rc < 0 && rc != -ENOENT)
			return err_sys(err, rc, "detach %s program from cgroup", kind->what);
		detached++;
	}
	return detached;
}

/* Takes the place of an earlier run's program in one step, so that no call goes unseen. */
static int apply_kind(int cgroup_fd, const struct kind *kind, int prog_fd, struct err *err)
{
	struct prog_list list;
	LIBBPF_OPTS(bpf_prog_attach_opts, opts, .flags = BPF_F_ALLOW_MULTI);
	struct attached old = { .fd = -1 };
	struct bpf_prog_info own;
	int rc = query(cgroup_fd, kind, &list, err);

	if (rc < 0)
		return rc;
	rc = prog_info(prog_fd, &own);
	if (rc < 0)
		return err_sys(err, rc, "read %s program", kind->what);
	if (contains(&list, own.id))
		return 0;
	FAULT_POINT("attachment to a cgroup", err);
	if (next_ours(kind, &list, &old)) {
		opts.flags |= BPF_F_REPLACE;
		opts.replace_prog_fd = old.fd;
	}
	rc = bpf_prog_attach_opts(prog_fd, cgroup_fd, kind->type, &opts);
	if (old.fd >= 0)
		(void)close(old.fd);
	if (rc < 0)
		return err_sys(err, rc, "attach %s program to cgroup", kind->what);
	rc = detach_kind(cgroup_fd, kind, own.id, err); /* more than one was there: never by us */
	return rc < 0 ? rc : 0;
}

/* The key of the storage that the cgroup has for our programs: its id, which is the inode of its
 * folder (kernfs; 64 bits wide as ino_t is). */
static int storage_key(int cgroup_fd, uint64_t *ret, struct err *err)
{
	struct stat st;

	_Static_assert(sizeof(st.st_ino) == sizeof(*ret), "ids of cgroups are inodes");
	if (fstat(cgroup_fd, &st) < 0)
		return err_sys(err, errno, "read the cgroup's id");
	*ret = st.st_ino;
	return 0;
}

/* It is there from the attachment on. */
static int apply_cookie(const struct steer *s, int cgroup_fd, uint64_t cookie, struct err *err)
{
	uint64_t key;
	int rc = storage_key(cgroup_fd, &key, err);

	if (rc < 0)
		return rc;
	FAULT_POINT("namespace of a cgroup", err);
	rc = bpf_map_update_elem(s->cgroups_fd, &key, &cookie, BPF_EXIST);
	return rc < 0 ? err_sys(err, rc, "write the pod of cgroup %" PRIu64, key) : 0;
}

static int check_cookie(const struct steer *s, int cgroup_fd, uint64_t cookie, struct err *err)
{
	uint64_t key, found;
	int rc = storage_key(cgroup_fd, &key, err);

	if (rc < 0)
		return rc;
	rc = bpf_map_lookup_elem(s->cgroups_fd, &key, &found);
	if (rc < 0)
		return err_sys(err, rc, "read the pod of cgroup %" PRIu64, key);
	if (found != cookie)
		return err_set(err, -ENOENT,
			       "find the pod of cgroup %" PRIu64 ": netns cookie %" PRIu64
			       " instead of %" PRIu64,
			       key, found, cookie);
	return 0;
}

static int apply_all(struct steer *s, int cgroup_fd, uint64_t cookie, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int rc = apply_kind(cgroup_fd, &kinds[i], kind_fd(s, i), err);

		if (rc < 0)
			return rc;
	}
	return apply_cookie(s, cgroup_fd, cookie, err);
}

int steer_cgroup_apply(struct steer *s, int cgroup_fd, uint64_t cookie, struct err *err)
{
	int rc = apply_all(s, cgroup_fd, cookie, err);

	if (rc < 0)
		(void)steer_cgroup_undo(s, cgroup_fd, NULL);
	return rc;
}

int steer_cgroup_check(struct steer *s, int cgroup_fd, uint64_t cookie, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct prog_list list;
		struct bpf_prog_info own;
		int rc = query(cgroup_fd, &kinds[i], &list, err);

		if (rc < 0)
			return rc;
		rc = prog_info(kind_fd(s, i), &own);
		if (rc < 0)
			return err_sys(err, rc, "read %s program", kinds[i].what);
		if (!contains(&list, own.id))
			return err_set(err, -ENOENT, "find %s program %u on cgroup: not attached",
				       kinds[i].what, own.id);
	}
	return check_cookie(s, cgroup_fd, cookie, err);
}

static int detach_all(int cgroup_fd, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int rc = detach_kind(cgroup_fd, &kinds[i], 0, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int steer_cgroup_undo(struct steer *s, int cgroup_fd, struct err *err)
{
	(void)s;
	return detach_all(cgroup_fd, err);
}

int steer_cgroup_place(struct steer *s, int cgroup_fd, struct steer_place *ret, struct err *err)
{
	union bpf_iter_link_info which = { .cgroup = { .order = BPF_CGROUP_ITER_SELF_ONLY,
						       .cgroup_fd = (uint32_t)cgroup_fd } };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &which,
		    .iter_info_len = sizeof(which));
	auto_close int link_fd = bpf_link_create(s->place_fd, 0, BPF_TRACE_ITER, &opts);
	auto_close int fd = link_fd < 0 ? link_fd : bpf_iter_create(link_fd);
	ssize_t n;

	if (fd < 0)
		return err_sys(err, fd, "ask where the cgroup is");
	n = read(fd, ret, sizeof(*ret));
	if (n < 0)
		return err_sys(err, errno, "ask where the cgroup is");
	if (n != sizeof(*ret))
		return err_set(err, -ENOENT, "ask where the cgroup is: it has died");
	return 0;
}

static bool is_subfolder(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

/* Depth is bounded by the kernel (cgroup.max.depth) and PATH_MAX: one descriptor a level. A cgroup
 * that goes away under us takes its programs with it. */
static int clean_tree(int fd, struct err *err)
{
	auto_closedir DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int rc;

	if (!dir) {
		rc = errno;
		(void)close(fd);
		return err_sys(err, rc, "read cgroup folder");
	}
	rc = detach_all(dirfd(dir), err);
	if (rc < 0)
		return rc;
	while ((entry = readdir(dir))) {
		int child;

		if (!is_subfolder(entry))
			continue;
		child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (child < 0)
			continue;
		rc = clean_tree(child, err);
		if (rc < 0 && rc != -ENODEV && rc != -ENOENT)
			return err_prefix(err, rc, "'%s'", entry->d_name);
	}
	return 0;
}

int steer_cgroup_remove_all(const char *cgroup_root, struct err *err)
{
	int fd = open(cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_sys(err, errno, "open cgroup root '%s'", cgroup_root);
	rc = clean_tree(fd, err);
	return rc < 0 ? err_prefix(err, rc, "clean cgroups below '%s'", cgroup_root) : 0;
}
