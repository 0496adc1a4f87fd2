/* SPDX-License-Identifier: Apache-2.0 */
/* rdmamove DEVICE FROM TO: moves an RDMA device from one network namespace to another, both named
 * by their files. Prints why not; exit status 1. */
#include <stdio.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "common/rdma_nl.h"

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	auto_close int from = argc == 4 ? netns_open(argv[2], &err) : -1,
		       to = argc == 4 ? netns_open(argv[3], &err) : -1;

	if (from < 0 || to < 0 || rdma_nl_move(from, to, argv[1], 10000, &err) < 0) {
		(void)printf("%s\n", argc == 4 ? err.msg : "usage: rdmamove DEVICE FROM TO");
		return 1;
	}
	return 0;
}
