/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/proto.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/file.h"

void proto_hello_fill(struct proto_hello *ret, enum proto_op op, uint32_t size)
{
	*ret = (struct proto_hello){ htonl(PROTO_MAGIC), htonl(PROTO_VERSION), htonl(op),
				     htonl(size) };
}

int proto_hello_check(struct proto_hello *hello, struct err *err)
{
	struct proto_hello h = { ntohl(hello->magic), ntohl(hello->version), ntohl(hello->op),
				 ntohl(hello->size) };

	if (h.magic != PROTO_MAGIC)
		return err_set(err, -EPROTO, "the client is no smc-perf");
	if (h.version != PROTO_VERSION)
		return err_set(err, -EPROTO,
			       "the client speaks version %u, this server %u: use one smc-perf",
			       h.version, PROTO_VERSION);
	if (h.op < PROTO_INFO || h.op > PROTO_ONCE || h.size < 1 || h.size > PROTO_SIZE_MAX)
		return err_set(err, -EPROTO, "the client asks for %u with %u bytes: none such",
			       h.op, h.size);
	*hello = h;
	return 0;
}

int proto_info_fill(struct proto_info *ret, int has_smc, struct err *err)
{
	struct proto_info info = { .has_smc = has_smc != 0 };
	struct utsname name;
	struct load load;
	int r = load_read(&load, err);

	if (r == 0)
		r = file_boot_id(info.boot_id, err);
	if (r < 0)
		return r;
	if (uname(&name) == 0)
		(void)snprintf(info.kernel, sizeof(info.kernel), "%.63s", name.release);
	info.cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	info.busy_us = load.busy_us;
	info.used_bytes = load.used_bytes;
	*ret = info;
	return 0;
}

void proto_info_swap(struct proto_info *info)
{
	info->has_smc = htonl(info->has_smc);
	info->cpus = htonl(info->cpus);
	info->busy_us = htobe64(info->busy_us);
	info->used_bytes = htobe64(info->used_bytes);
	info->boot_id[sizeof(info->boot_id) - 1] = '\0';
	info->kernel[sizeof(info->kernel) - 1] = '\0';
}

static int failure(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK ? -ETIMEDOUT : -errno;
}

int proto_send(int fd, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(fd, (const char *)data + done, len - done, MSG_NOSIGNAL);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return failure();
	}
	return 0;
}

int proto_recv(int fd, void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = recv(fd, (char *)data + done, len - done, 0);

		if (n == 0)
			return -ECONNRESET;
		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return failure();
	}
	return 0;
}

int proto_timeouts(int fd)
{
	const struct timeval limit = { .tv_sec = PROTO_TIMEOUT_S };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return 0;
}
