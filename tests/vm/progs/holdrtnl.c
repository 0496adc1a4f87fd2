/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the kernel's rtnl lock until stdin ends, at least 2 s and at most 60.
 *
 * The ethtool ioctl copies its argument from user memory while it holds rtnl
 * (net/ethtool/ioctl.c). Here the argument ends on a page that userfaultfd hands out only
 * then, so the ioctl waits for us inside the lock. Prints "held" once it does.
 * Needs CONFIG_USERFAULTFD.
 */
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int uffd;
static char *pages;
static long page_size;

static void *hand_out(void *arg)
{
	struct uffdio_zeropage zero;
	struct uffd_msg msg;

	(void)arg;
	if (read(uffd, &msg, sizeof(msg)) != (ssize_t)sizeof(msg)) {
		perror("holdrtnl: read userfaultfd");
		exit(1);
	}
	(void)puts("held");
	(void)fflush(stdout);
	(void)sleep(2);
	(void)poll(&(struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN }, 1, 58000);
	zero = (struct uffdio_zeropage){ .range = { (unsigned long)pages + (unsigned long)page_size,
						    (unsigned long)page_size } };
	(void)ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
	return NULL;
}

static int prepare(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	page_size = sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, 2 * (size_t)page_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (pages == MAP_FAILED || uffd < 0)
		return -1;
	reg.range.start = (unsigned long)pages + (unsigned long)page_size;
	reg.range.len = (unsigned long)page_size;
	return ioctl(uffd, UFFDIO_API, &api) < 0 ? -1 : ioctl(uffd, UFFDIO_REGISTER, &reg);
}

int main(void)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo" };
	__u32 cmd = ETHTOOL_GPERMADDR;
	pthread_t thread;

	if (prepare() < 0) {
		perror("holdrtnl: userfaultfd");
		return 1;
	}
	/* The command on the first page, its argument behind it on the second. */
	ifr.ifr_data = pages + page_size - sizeof(cmd);
	memcpy(ifr.ifr_data, &cmd, sizeof(cmd));
	if (pthread_create(&thread, NULL, hand_out, NULL) != 0)
		return 1;
	(void)ioctl(sock, SIOCETHTOOL, &ifr);
	(void)pthread_join(thread, NULL);
	return 0;
}
