/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/late.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"

static int identify(const char *path, struct netns_id *ret, struct err *err)
{
	auto_close int fd = netns_open(path, err);
	int r;

	if (fd < 0)
		return fd;
	r = netns_check_foreign(fd, path, err);
	return r < 0 ? r : netns_identify(fd, ret, err);
}

int late_identify(const struct node *node, const char *netns_path, uint64_t cookie,
		  struct record *rec, struct err *err)
{
	auto_record struct record *old = NULL;
	int r = identify(netns_path, &rec->netns, err);

	if (r < 0)
		return r;
	if (cookie && cookie != rec->netns.cookie)
		return err_set(err, -ENOENT, "'%s' is another network namespace than it was then",
			       netns_path);
	strcpy(rec->boot_id, node->boot_id);
	rec->phase = RECORD_COMMITTED;
	if (record_read(node->state_fd, &rec->req.attachment, &old, NULL) < 0)
		return 1;
	if (strcmp(old->boot_id, node->boot_id) != 0 || old->netns.cookie != rec->netns.cookie)
		return 1;
	if (old->phase == RECORD_COMMITTED)
		return 0;
	return err_set(err, -EBUSY, "the attachment is just being made");
}
