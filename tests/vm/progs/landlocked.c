/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a program that has confined itself with Landlock:
 *
 *	landlocked net|fs COMMAND...	net: no bind(2), no connect(2); fs: no new folders
 */
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/landlock.h> from Linux 6.7 on; older headers have the first member alone. */
struct attr {
	uint64_t fs, net;
};
#define NET_BIND_TCP 1
#define NET_CONNECT_TCP 2

int main(int argc, char **argv)
{
	struct attr attr = { 0 };
	long fd;

	if (argc < 3 || (strcmp(argv[1], "net") != 0 && strcmp(argv[1], "fs") != 0))
		return 2;
	if (!strcmp(argv[1], "net"))
		attr.net = NET_BIND_TCP | NET_CONNECT_TCP;
	else
		attr.fs = LANDLOCK_ACCESS_FS_MAKE_DIR;
	fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, (int)fd, 0) < 0) {
		perror("landlocked");
		return 1;
	}
	(void)close((int)fd);
	(void)execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
