/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "node-agent/conflict/impl.h"

#define PROGS_MAX 64 /* on one cgroup; of its ancestors' more may be effective */

/* Which one it is, for who looks for its owner; the id alone where no more can be read. */
static void describe(uint32_t id, char *what, size_t size)
{
	auto_close int fd = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = { .type = 0 };
	uint32_t len = sizeof(info);

	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.name[0])
		(void)snprintf(what, size, "'%.*s', id %u", (int)sizeof(info.name), info.name, id);
	else
		(void)snprintf(what, size, "id %u", id);
}

int conflict_sock_ops(int cgroup_fd, char *what, size_t size, struct err *err)
{
	uint32_t ids[PROGS_MAX], count = PROGS_MAX;
	int r = bpf_prog_query(cgroup_fd, BPF_CGROUP_SOCK_OPS, BPF_F_QUERY_EFFECTIVE, NULL, ids,
			       &count);

	if (r < 0 && r != -ENOSPC) /* ENOSPC: there are more than fit */
		return err_sys(err, r, "list sock_ops programs of the pod's cgroup");
	if (count == 0)
		return 0;
	describe(ids[0], what, size);
	return 1;
}
