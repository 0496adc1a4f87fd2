/* SPDX-License-Identifier: Apache-2.0 */
/* rdmamove DEVICE FROM TO [NAME]: moves an RDMA device from one network namespace to another,
 * both named by their files, and gives it the name there. Prints why not; exit status 1. */
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "common/rdma_nl.h"

#define TIMEOUT_MS 10000

static int find(int netns_fd, const char *name, struct rdma_nl_device *ret, struct err *err)
{
	auto_free struct rdma_nl_port *ports = NULL;
	int n = rdma_nl_ports(netns_fd, TIMEOUT_MS, &ports, err);

	for (int i = 0; i < n; i++) {
		if (strcmp(ports[i].device, name) != 0)
			continue;
		ret->index = ports[i].device_index;
		memcpy(ret->name, ports[i].device, sizeof(ret->name));
		return 0;
	}
	return n < 0 ? n : err_set(err, -ENODEV, "there is no RDMA device '%s'", name);
}

static int run(char **argv, struct err *err)
{
	auto_close int from = netns_open(argv[2], err), to = netns_open(argv[3], err);
	struct rdma_nl_device device = { .index = 0 };
	int r = from < 0 || to < 0 ? -1 : find(from, argv[1], &device, err);

	if (r == 0)
		r = rdma_nl_move(from, to, &device, TIMEOUT_MS, err);
	if (r == 0 && argv[4]) {
		(void)snprintf(device.name, sizeof(device.name), "%s", argv[4]);
		r = rdma_nl_rename(to, &device, TIMEOUT_MS, err);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	if (argc == 4 || argc == 5) {
		if (run(argv, &err) == 0)
			return 0;
	} else {
		(void)err_set(&err, -EINVAL, "usage: rdmamove DEVICE FROM TO [NAME]");
	}
	(void)printf("%s\n", err.msg);
	return 1;
}
