/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/transport.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "perf/proto.h"

#ifndef AF_SMC
#define AF_SMC 43
#endif
#ifndef IPPROTO_SMC
#define IPPROTO_SMC 256
#endif
#define BACKLOG 1024

const char *const transport_names[TRANSPORT_N] = { "tcp", "smc", "unix", "fallback" };

int target_find(const char *host, uint16_t port, struct target *ret, struct err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_family = host ? AF_UNSPEC : AF_INET,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found;
	char service[8];
	int r;

	(void)snprintf(service, sizeof(service), "%u", port);
	r = getaddrinfo(host, service, &hints, &found);
	if (r != 0)
		return err_set(err, -EINVAL, "find the address of '%s': %s", host ? host : "*",
			       gai_strerror(r));
	*ret = (struct target){ .addr_len = found->ai_addrlen };
	memcpy(&ret->addr, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

int target_set_unix(struct target *target, const char *path, struct err *err)
{
	if (!*path || strlen(path) >= sizeof(target->local.sun_path))
		return err_set(err, -EINVAL, "the path of a UNIX socket '%s' has 1 to %zu bytes",
			       path, sizeof(target->local.sun_path) - 1);
	target->local.sun_family = AF_UNIX;
	(void)snprintf(target->local.sun_path, sizeof(target->local.sun_path), "%s", path);
	return 0;
}

static socklen_t address(const struct target *target, enum transport t,
			 struct sockaddr_storage *ret)
{
	if (t == TRANSPORT_UNIX) {
		memcpy(ret, &target->local, sizeof(target->local));
		return sizeof(target->local);
	}
	*ret = target->addr;
	if (t == TRANSPORT_SMC) {
		/* The port is at the same place in both families. */
		struct sockaddr_in *in = (struct sockaddr_in *)ret;

		in->sin_port = htons((uint16_t)(ntohs(in->sin_port) + 1));
	}
	return target->addr_len;
}

static int smc_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SMC);

	if (fd < 0 && (errno == EPROTONOSUPPORT || errno == EINVAL))
		fd = socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, family == AF_INET6);
	return fd;
}

int transport_protocol(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0 ? -errno : protocol;
}

static int tcp_socket(int family, struct err *err)
{
	auto_close int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return err_sys(err, errno, "make a TCP socket");
	if (transport_protocol(fd) != IPPROTO_TCP)
		return err_set(
			err, -EBUSY,
			"make a TCP socket: got an SMC socket, this process is steered; "
			"run smc-perf in a pod without smc-cni.io/steer, without LD_PRELOAD");
	return TAKE_FD(fd);
}

static int make_socket(const struct target *target, enum transport t, struct err *err)
{
	int fd;

	switch (t) {
	case TRANSPORT_TCP:
		return tcp_socket(target->addr.ss_family, err);
	case TRANSPORT_UNIX:
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		return fd < 0 ? err_sys(err, errno, "make a UNIX socket") : fd;
	default:
		fd = smc_socket(target->addr.ss_family);
		if (fd >= 0)
			return fd;
		return errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ?
			       err_set(err, -EPROTONOSUPPORT,
				       "make an SMC socket: this kernel has no SMC ('modprobe "
				       "smc' loads it where it is built as a module)") :
			       err_sys(err, errno, "make an SMC socket");
	}
}

static const char *name_of(const struct sockaddr_storage *addr, socklen_t len, char *buf,
			   size_t size)
{
	char host[INET6_ADDRSTRLEN], port[8];

	if (addr->ss_family == AF_UNIX)
		(void)snprintf(buf, size, "%s", ((const struct sockaddr_un *)addr)->sun_path);
	else if (getnameinfo((const struct sockaddr *)addr, len, host, sizeof(host), port,
			     sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		(void)snprintf(buf, size, "%s port %s", host, port);
	else
		(void)snprintf(buf, size, "?");
	return buf;
}

int transport_connect(const struct target *target, enum transport t, struct err *err)
{
	auto_close int fd = make_socket(target, t, err);
	struct sockaddr_storage addr;
	socklen_t len = address(target, t, &addr);
	char name[128];

	if (fd < 0)
		return fd;
	/* Twice: what falls back is another socket from then on. */
	if (proto_timeouts(fd) < 0 || connect(fd, (struct sockaddr *)&addr, len) < 0 ||
	    proto_timeouts(fd) < 0)
		return err_sys(err, errno, "connect by %s to '%s'%s", transport_names[t],
			       name_of(&addr, len, name, sizeof(name)),
			       errno == ECONNREFUSED ? " (is 'smc-perf server' running there?)" :
						       "");
	if (t != TRANSPORT_UNIX &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)) < 0)
		return err_sys(err, errno, "set TCP_NODELAY");
	return TAKE_FD(fd);
}

/* A socket file that nobody answers at is what a server has left that was killed. */
static void drop_stale(const struct sockaddr_storage *addr, socklen_t len)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)addr, len) < 0 && errno == ECONNREFUSED)
		(void)unlink(((const struct sockaddr_un *)addr)->sun_path);
}

int transport_listen(const struct target *target, enum transport t, struct err *err)
{
	auto_close int fd = make_socket(target, t, err);
	struct sockaddr_storage addr;
	socklen_t len = address(target, t, &addr);
	char name[128];

	if (fd < 0)
		return fd;
	if (t == TRANSPORT_UNIX)
		drop_stale(&addr, len);
	else
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&addr, len) < 0 || listen(fd, BACKLOG) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, errno, "listen by %s on '%s'", transport_names[t],
			       name_of(&addr, len, name, sizeof(name)));
	return TAKE_FD(fd);
}
