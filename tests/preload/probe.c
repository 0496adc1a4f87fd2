/* SPDX-License-Identifier: Apache-2.0 */
/* What socket(2) gives a program that libsmc-preload.so is loaded into; built with glibc, with musl
 * and static. Words are done one after the other:
 *
 *	FAMILY,TYPE,PROTOCOL	socket(2): prints what SO_PROTOCOL reads, or the error's number
 *	refuse256 refuse43	from here on the kernel refuses protocol 256, or the family 43
 *	kill256 kill43		from here on who asks for it dies of SIGSYS
 *	full			from here on no descriptor is free
 *
 * The kernel's part is done by seccomp, so that any kernel will do. The constants are Linux's: musl
 * has no headers of it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD 0x20 /* BPF_LD | BPF_W | BPF_ABS */
#define EQUAL 0x15 /* BPF_JMP | BPF_JEQ | BPF_K */
#define RETURN 0x06
#define ALLOW 0x7fff0000U
#define ERRNO 0x00050000U
#define KILL 0x80000000U
#define NUMBER \
	0 /* of struct seccomp_data: the system call's number and its arguments' low halves */
#define ARGUMENT(n) (16 + 8 * (n) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))

struct filter {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct program {
	unsigned short len;
	struct filter *filter;
};

static int answer(unsigned int argument, uint32_t value, uint32_t action)
{
	struct filter filter[] = {
		{ LOAD, 0, 0, NUMBER },
		{ EQUAL, 0, 3, SYS_socket },
		{ LOAD, 0, 0, ARGUMENT(argument) },
		{ EQUAL, 0, 1, value },
		{ RETURN, 0, 0, action },
		{ RETURN, 0, 0, ALLOW },
	};
	struct program program = { sizeof(filter) / sizeof(filter[0]), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	       prctl(PR_SET_SECCOMP, 2, &program, 0, 0) < 0;
}

static int fill(void)
{
	const struct rlimit none = { 3, 3 };

	return setrlimit(RLIMIT_NOFILE, &none) < 0;
}

static int ask(const char *word)
{
	int family, type, protocol, fd;
	socklen_t len = sizeof(protocol);

	if (sscanf(word, "%i,%i,%i", &family, &type, &protocol) != 3)
		return 1;
	fd = socket(family, type, protocol);
	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0)
		printf("%d\n", protocol);
	else
		printf("errno %d\n", errno);
	if (fd >= 0)
		close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int r = 0;

	(void)setvbuf(stdout, NULL, _IONBF, 0);
	for (int i = 1; r == 0 && i < argc; i++) {
		if (!strcmp(argv[i], "refuse256"))
			r = answer(2, 256, ERRNO | EPROTONOSUPPORT);
		else if (!strcmp(argv[i], "refuse43"))
			r = answer(0, 43, ERRNO | EAFNOSUPPORT);
		else if (!strcmp(argv[i], "kill256"))
			r = answer(2, 256, KILL);
		else if (!strcmp(argv[i], "kill43"))
			r = answer(0, 43, KILL);
		else if (!strcmp(argv[i], "full"))
			r = fill();
		else
			r = ask(argv[i]);
	}
	return r;
}
