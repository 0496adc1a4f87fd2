/* SPDX-License-Identifier: Apache-2.0 */
/* What socket(2) and setsockopt(TCP_ULP) really give, for VM cases. Questions are separated by ",",
 * answers by blanks: the protocol that SO_PROTOCOL reads, "ok", or the errno's name.
 *
 *	socket FAMILY TYPE PROTOCOL	inet|inet6|unix|NUMBER; stream|dgram|raw|seqpacket[+flags]
 *	uring FAMILY PROTOCOL		a stream socket by IORING_OP_SOCKET
 *	ulp PROTOCOL LENGTH	a stream socket, then TCP_ULP "smc" NUL NUL... of LENGTH bytes
 *	cong LENGTH	a stream socket, then TCP_CONGESTION "reno" of LENGTH bytes; reads it back
 *	loop FILE	stream sockets until FILE exists; then how many of each protocol
 *	nest		from here on: nobody, in a user and network namespace of his own
 *	cost PROTOCOL COUNT	nanoseconds for one socket(2) + close(2): COUNT of them in 40
 *				batches, the least of their means
 */
#include <errno.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define COST_BATCHES 40

static int print_errno(void)
{
	printf("%s", strerrorname_np(errno));
	return 0;
}

static int protocol_of(int fd)
{
	int protocol = -1;
	socklen_t len = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0 ? -1 : protocol;
}

static int family_of(const char *text)
{
	return !strcmp(text, "inet")  ? AF_INET :
	       !strcmp(text, "inet6") ? AF_INET6 :
	       !strcmp(text, "unix")  ? AF_UNIX :
					atoi(text);
}

static int type_of(const char *text)
{
	static const char *const names[] = { "", "stream", "dgram", "raw", "", "seqpacket" };
	int flags = strstr(text, "+flags") ? SOCK_CLOEXEC | SOCK_NONBLOCK : 0;
	size_t len = strcspn(text, "+");

	for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++)
		if (strlen(names[type]) == len && !strncmp(names[type], text, len))
			return type | flags;
	return -1;
}

static int probe_socket(char **arg)
{
	int fd = socket(family_of(arg[0]), type_of(arg[1]), atoi(arg[2]));

	if (fd < 0)
		return print_errno();
	printf("%d", protocol_of(fd));
	return close(fd);
}

/* One entry, submitted and waited for, without liburing. The rings are two mappings (or one:
 * IORING_FEAT_SINGLE_MMAP, since 5.4) and the array of entries. */
static int uring_socket(int family, int protocol)
{
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	size_t size;
	char *base;

	if (ring < 0)
		return -1;
	size = p.cq_off.cqes + p.cq_entries * sizeof(*cqe);
	if (size < p.sq_off.array + p.sq_entries * sizeof(unsigned))
		size = p.sq_off.array + p.sq_entries * sizeof(unsigned);
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		   IORING_OFF_SQES);
	if (base == MAP_FAILED || (void *)sqe == MAP_FAILED)
		return -1;
	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_SOCKET,
				      .fd = family,
				      .off = SOCK_STREAM,
				      .len = (uint32_t)protocol };
	*(unsigned *)(void *)(base + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(void *)(base + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	cqe = (void *)(base + p.cq_off.cqes);
	errno = cqe->res < 0 ? -cqe->res : 0;
	return cqe->res;
}

static int probe_uring(char **arg)
{
	int fd = uring_socket(family_of(arg[0]), atoi(arg[1]));

	if (fd < 0)
		return print_errno();
	printf("%d", protocol_of(fd));
	return close(fd);
}

static int probe_option(int protocol, int option, const char *value, const char *length_text)
{
	int fd = socket(AF_INET, SOCK_STREAM, protocol);
	size_t length = (size_t)atoi(length_text);
	char *buffer = calloc(1, length + 1);
	char now[16] = "";
	socklen_t now_len = sizeof(now) - 1;

	if (fd < 0 || !buffer)
		return print_errno();
	memcpy(buffer, value, strlen(value) < length ? strlen(value) : length);
	if (setsockopt(fd, IPPROTO_TCP, option, buffer, (socklen_t)length) < 0)
		(void)print_errno();
	else if (getsockopt(fd, IPPROTO_TCP, option, now, &now_len) < 0 || !now[0])
		printf("ok");
	else
		printf("ok(%s)", now);
	free(buffer);
	return close(fd);
}

static int probe_ulp(char **arg)
{
	return probe_option(atoi(arg[0]), TCP_ULP, "smc", arg[1]);
}

static int probe_congestion(char **arg)
{
	return probe_option(IPPROTO_TCP, TCP_CONGESTION, "reno", arg[0]);
}

static int probe_loop(char **arg)
{
	unsigned long smc = 0, tcp = 0, failed = 0;

	while (access(arg[0], F_OK) < 0) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int protocol = fd < 0 ? -1 : protocol_of(fd);

		*(protocol == 256 ? &smc : protocol == IPPROTO_TCP ? &tcp : &failed) += 1;
		if (fd >= 0)
			(void)close(fd);
		(void)usleep(50); /* the kernel frees trampolines once all tasks have slept */
	}
	printf("smc=%lu tcp=%lu failed=%lu", smc, tcp, failed);
	return 0;
}

static long mean_ns(int protocol, long count)
{
	struct timespec from, to;

	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	for (long i = 0; i < count; i++)
		(void)close(socket(AF_INET, SOCK_STREAM, protocol));
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	return ((to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec) / count;
}

/* What else the machine does can only add. */
static int probe_cost(char **arg)
{
	int protocol = atoi(arg[0]);
	long count = atol(arg[1]) / COST_BATCHES, least = LONG_MAX;

	for (int i = 0; i < COST_BATCHES; i++) {
		long ns = mean_ns(protocol, count > 0 ? count : 1);

		least = ns < least ? ns : least;
	}
	printf("%ld", least);
	return 0;
}

/* What anybody in a container may do. */
static int probe_nest(char **arg)
{
	(void)arg;
	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0 ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return print_errno();
	printf("nested");
	return 0;
}

static const struct probe {
	const char *name;
	int args;
	int (*run)(char **arg);
} probes[] = {
	{ "nest", 0, probe_nest }, { "socket", 3, probe_socket },   { "uring", 2, probe_uring },
	{ "ulp", 2, probe_ulp },   { "cong", 1, probe_congestion }, { "loop", 1, probe_loop },
	{ "cost", 2, probe_cost },
};

static const struct probe *find(const char *name)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (!strcmp(probes[i].name, name))
			return &probes[i];
	return NULL;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc;) {
		const struct probe *p = find(argv[i]);

		if (!p || argc - i <= p->args || p->run(argv + i + 1) < 0) {
			(void)fprintf(stderr, "sockprobe: bad question '%s'\n", argv[i]);
			return 2;
		}
		i += p->args + 1;
		if (i < argc && !strcmp(argv[i], ","))
			i++;
		(void)putchar(i < argc ? ' ' : '\n');
	}
	return 0;
}
