/* SPDX-License-Identifier: Apache-2.0 */
/* Which system call answers socket(2): an SMC socket where TCP was asked for and the kernel has
 * SMC, else what was asked for. Without libc, so that one library serves all of them.
 */
#ifndef SMC_PRELOAD_CHOOSE_H
#define SMC_PRELOAD_CHOOSE_H

#include <linux/errno.h>

#define PRELOAD_AF_INET 2
#define PRELOAD_AF_INET6 10
#define PRELOAD_AF_SMC 43
#define PRELOAD_STREAM 1
#define PRELOAD_TYPE_MASK 0xf /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
#define PRELOAD_TCP 6
#define PRELOAD_MPTCP                                                               \
	262 /* what Go's listeners ask for; as the program of the eBPF way takes it \
	     */
#define PRELOAD_SMC 256

/* How the kernel makes SMC sockets of a family; only ever goes up. */
enum preload_way {
	PRELOAD_BY_PROTOCOL, /* IPPROTO_SMC: Linux 6.11 and later. Or nothing is known yet */
	PRELOAD_BY_FAMILY, /* AF_SMC: 4.11 and later */
	PRELOAD_NOT, /* refused: it is not asked again */
};

struct preload_state {
	int inet;
	int inet6;
};

/* socket(2) as the kernel has it: a descriptor or -errno. */
typedef long preload_call(int domain, int type, int protocol);

static inline int preload_wants(int domain, int type, int protocol)
{
	return (domain == PRELOAD_AF_INET || domain == PRELOAD_AF_INET6) &&
	       (type & PRELOAD_TYPE_MASK) == PRELOAD_STREAM &&
	       (protocol == 0 || protocol == PRELOAD_TCP || protocol == PRELOAD_MPTCP);
}

/* The kernel does not know this kind of socket, as opposed to: has no room for one now. */
static inline int preload_is_refusal(long r)
{
	return r == -EPROTONOSUPPORT || r == -EAFNOSUPPORT || r == -ESOCKTNOSUPPORT || r == -EINVAL;
}

static inline long preload_socket(struct preload_state *state, preload_call *call, int domain,
				  int type, int protocol)
{
	int *kept = domain == PRELOAD_AF_INET6 ? &state->inet6 : &state->inet;
	int way = __atomic_load_n(kept, __ATOMIC_RELAXED);
	long r;

	if (!preload_wants(domain, type, protocol))
		return call(domain, type, protocol);
	for (; way < PRELOAD_NOT; way++) {
		r = way == PRELOAD_BY_PROTOCOL ?
			    call(domain, type, PRELOAD_SMC) :
			    call(PRELOAD_AF_SMC, type, domain == PRELOAD_AF_INET6);
		if (r >= 0)
			return r;
		if (!preload_is_refusal(r))
			break;
		/* Threads that come here at once write the same. */
		__atomic_store_n(kept, way + 1, __ATOMIC_RELAXED);
	}
	return call(domain, type, protocol);
}

#endif
