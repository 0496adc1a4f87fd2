/* SPDX-License-Identifier: Apache-2.0 */
/* libsmc-preload.so: socket(2) of a program that is started with LD_PRELOAD of it. One file for
 * glibc and musl: it needs no library and no start-up code, and finds errno of whichever libc is
 * there. */
#include "preload/choose.h"

#if defined(__x86_64__)
static long kernel_socket(int domain, int type, int protocol)
{
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(41L), "D"((long)domain), "S"((long)type), "d"((long)protocol)
			 : "rcx", "r11", "memory");
	return r;
}
#elif defined(__aarch64__)
static long kernel_socket(int domain, int type, int protocol)
{
	register long x8 __asm__("x8") = 198;
	register long x0 __asm__("x0") = domain;
	register long x1 __asm__("x1") = type;
	register long x2 __asm__("x2") = protocol;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}
#elif defined(__s390x__)
static long kernel_socket(int domain, int type, int protocol)
{
	register long r1 __asm__("1") = 359;
	register long r2 __asm__("2") = domain;
	register long r3 __asm__("3") = type;
	register long r4 __asm__("4") = protocol;

	__asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4) : "memory", "cc");
	return r2;
}
#else
/* cppcheck-suppress preprocessorErrorDirective */
#error "libsmc-preload knows the system calls of x86_64, aarch64 and s390x"
#endif

extern int *__errno_location(void) __attribute__((weak));
__attribute__((visibility("default"))) int socket(int domain, int type, int protocol);

int socket(int domain, int type, int protocol)
{
	static struct preload_state state;
	long r = preload_socket(&state, kernel_socket, domain, type, protocol);

	if (r >= 0)
		return (int)r;
	if (__errno_location)
		*__errno_location() = (int)-r;
	return -1;
}
