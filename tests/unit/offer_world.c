/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/offer_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "node-agent/pins/pins.h"

struct offer *offer_world;
uint64_t offer_world_cookie;

static int failed(const char *what)
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
		return failed("make a world");
	fd = netns_open("/proc/thread-self/ns/net", NULL);
	if (fd < 0 || netns_identify(fd, &id, NULL) < 0)
		return failed("network namespace");
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

#define NEXT UINT32_MAX /* TCX_NEXT, TC_ACT_UNSPEC */

const uint8_t offer_world_smc[OFFER_WORLD_SMC] = { 2,	4, 5,	 180,  1,    1,
						   254, 6, 0xe2, 0xd4, 0xc3, 0xd9 };
static const uint8_t no_smc[] = { 2, 4, 5, 180, 1, 1, 1, 1, 1, 1, 1, 1 };

void offer_world_pass(struct packet *p, enum offer_direction d)
{
	uint8_t out[PACKET_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = p->data, .data_size_in = (uint32_t)p->len,
		    .data_out = out, .data_size_out = sizeof(out));

	assert_int_equal(bpf_prog_test_run_opts(offer_world->progs[d], &opts), 0);
	assert_int_equal(opts.retval, NEXT);
	assert_int_equal(opts.data_size_out, p->len);
	memcpy(p->data, out, p->len);
}

bool offer_world_blanks(struct packet *p, enum offer_direction d)
{
	struct packet before = *p;
	bool blanked;

	offer_world_pass(p, d);
	blanked = !memcmp(p->data + p->tcp + 20, no_smc, sizeof(no_smc));
	if (blanked) {
		assert_true(packet_sum_is_right(p));
		memcpy(before.data + p->tcp + 16, p->data + p->tcp + 16, 2);
		memcpy(before.data + p->tcp + 20, no_smc, sizeof(no_smc));
	}
	assert_memory_equal(p->data, before.data, p->len);
	return blanked;
}

struct packet offer_world_syn(const char *src, const char *dst, uint16_t port)
{
	struct packet p;

	packet_ethernet(&p, 0, 0x0800);
	packet_ipv4(&p, 5, 0, src, dst);
	packet_tcp(&p, PACKET_SYN, port, offer_world_smc, sizeof(offer_world_smc));
	return p;
}

void offer_world_allow(uint32_t flags, const struct peers_set *set)
{
	struct err err = ERR_INIT;

	if (offer_pod_apply(offer_world, offer_world_cookie, flags, set, &err) < 0)
		fail_msg("%s", err.msg);
}

bool offer_world_keeps(enum offer_direction d, const char *src, const char *dst, uint16_t port)
{
	struct packet p = offer_world_syn(src, dst, port);

	return !offer_world_blanks(&p, d);
}
