/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/offer_world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "node-agent/pins/pins.h"

struct offer *offer_world;
uint64_t offer_world_cookie;

static int fail(const char *what)
{
	perror(what);
	return -1;
}

static int no_words(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level, (void)fmt, (void)args;
	return 0;
}

int offer_world_make(void **state)
{
	auto_close int fd = -1;
	struct netns_id id;

	(void)state;
	(void)libbpf_set_print(no_words);
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/bpf", 0700) < 0 ||
	    mount("none", "/run/bpf", "bpf", 0, NULL) < 0)
		return fail("make a world");
	fd = netns_open("/proc/thread-self/ns/net", NULL);
	if (fd < 0 || netns_identify(fd, &id, NULL) < 0)
		return fail("network namespace");
	offer_world_cookie = id.cookie;
	return 0;
}

int offer_world_open(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	if (offer_open(OFFER_DIR, &offer_world, &err) == 0)
		return 0;
	(void)fprintf(stderr, "%s\n", err.msg);
	return -1;
}

int offer_world_open_shut(void **state)
{
	struct peers_set nobody = { .n = 0 };

	if (offer_world_open(state) < 0)
		return -1;
	return offer_pod_apply(offer_world, offer_world_cookie, 0, &nobody, NULL);
}

int offer_world_close(void **state)
{
	(void)state;
	offer_close(offer_world);
	offer_world = NULL;
	return pins_remove(OFFER_DIR, 1, STEER_LAYOUT, NULL) < 0 ? -1 : 0;
}

const struct peers_set *offer_world_set(const char *const *nets)
{
	static struct peers_rule rules[16];
	static struct peers_set set;

	set = (struct peers_set){ .rules = rules };
	for (; *nets; nets++) {
		struct peers_rule *r = &rules[set.n++];

		*r = (struct peers_rule){ .ports = { .n = 1, .range = { { 0, 65535 } } } };
		if (inet_parse(*nets, &r->net, NULL) < 0)
			return NULL;
	}
	return &set;
}
