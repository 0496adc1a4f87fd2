/* SPDX-License-Identifier: Apache-2.0 */
/* node-agent/offer/offer.h from the command line, for VM cases. Each command is a word with its
 * arguments; several are separated by "," and share one handle, which is opened when first needed.
 *
 *	check | close | open | list	the node: close and open are the switch
 *	address add|del ADDRESS		of this node's pods
 *	pod NETNS open|shut NODE NETWORK...	apply, then check
 *	undo NETNS | counts NETNS
 *	links apply|check|undo NETNS
 *	flip NETNS NETWORK FILE		allows NETWORK and nobody, in turns, until FILE is there
 *	cost				ns a packet: an empty program, ours for data, ours for a
 *					SYN without SMC
 *
 * Without arguments it reads commands from stdin (serve.h).
 *
 * NETNS is a path. NODE is "all" or "none": the ports for this node's pods. NETWORK is a CIDR, with
 * "=PORT" or without: all ports. BPFFS_DIR in the environment overrides the folder. Prints
 * key=value.
 */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "node-agent/offer/impl.h"
#include "tests/vm/progs/serve.h"

#define ROUNDS 1000000
#define RULES_MAX 16

static struct offer *handle;
static int open_handle(void)
{
	return handle ? 0 : offer_open(bpffs_dir(), &handle, &err);
}

static int check(char **arg, int n)
{
	(void)arg, (void)n;
	return offer_check(handle, &err);
}

static int close_all(char **arg, int n)
{
	(void)arg, (void)n;
	return offer_node_close(handle, true, &err);
}

static int open_all(char **arg, int n)
{
	(void)arg, (void)n;
	return offer_node_close(handle, false, &err);
}

static int list(char **arg, int n)
{
	auto_free uint64_t *cookies = NULL;
	int found = offer_pod_list(handle, &cookies, &err);

	(void)arg, (void)n;
	for (int i = 0; i < found; i++)
		printf("cookie=%" PRIu64 "\n", cookies[i]);
	return found;
}

static int address(char **arg, int n)
{
	const uint64_t owner = 1; /* of all */
	struct inet_addr addr;

	(void)n;
	if (inet_parse(arg[1], &addr, &err) < 0)
		return -1;
	return strcmp(arg[0], "add") ? offer_node_address_undo(handle, owner, &addr, &err) :
				       offer_node_address_apply(handle, owner, &addr, &err);
}

static int parse_rule(char *text, struct peers_rule *ret)
{
	char *port = strchr(text, '=');

	*ret = (struct peers_rule){ .ports = { .n = 1, .range = { { 0, UINT16_MAX } } } };
	if (port) {
		*port = '\0';
		ret->ports.range[0].from = ret->ports.range[0].to = (uint16_t)atoi(port + 1);
	}
	return inet_parse_cidr(text, &ret->net, &err);
}

static int pod(char **arg, int n)
{
	struct peers_rule rules[RULES_MAX];
	struct peers_set set = { .rules = rules };
	uint32_t flags;
	uint64_t cookie;

	if (n < 3 || n > 3 + RULES_MAX || cookie_of(arg[0], &cookie) < 0)
		return -1;
	flags = strcmp(arg[1], "open") ? 0 : OFFER_OPEN;
	if (!strcmp(arg[2], "all"))
		set.node = (struct offer_ports){ .n = 1, .range = { { 0, UINT16_MAX } } };
	for (int i = 3; i < n; i++)
		if (parse_rule(arg[i], &rules[set.n++]) < 0)
			return -1;
	if (offer_pod_apply(handle, cookie, flags, &set, &err) < 0)
		return -1;
	return offer_pod_check(handle, cookie, flags, &set, &err);
}

static int undo(char **arg, int n)
{
	uint64_t cookie;

	(void)n;
	return cookie_of(arg[0], &cookie) < 0 ? -1 : offer_pod_undo(handle, cookie, &err);
}

static int counts(char **arg, int n)
{
	struct offer_counts c;
	uint64_t cookie;

	(void)n;
	if (cookie_of(arg[0], &cookie) < 0 || offer_pod_counts(handle, cookie, &c, &err) < 0)
		return -1;
	printf("kept=%" PRIu64 " blanked=%" PRIu64 "\n", (uint64_t)c.kept, (uint64_t)c.blanked);
	return 0;
}

static int links(char **arg, int n)
{
	auto_close int fd = netns_open(arg[1], &err);

	(void)n;
	if (fd < 0)
		return -1;
	if (!strcmp(arg[0], "undo"))
		return offer_links_undo(fd, &err);
	if (!strcmp(arg[0], "check"))
		return offer_links_check(handle, fd, &err);
	return offer_links_apply(handle, fd, &err);
}

static int flip(char **arg, int n)
{
	struct peers_set all = { .n = 1 }, nobody = { .n = 0 };
	struct peers_rule rule;
	char begun[256];
	uint64_t cookie;
	long flips = 0;
	int rc = 0;

	(void)n;
	if (cookie_of(arg[0], &cookie) < 0 || parse_rule(arg[1], &rule) < 0)
		return -1;
	all.rules = &rule;
	(void)snprintf(begun, sizeof(begun), "%s.begun", arg[2]);
	for (; rc == 0 && access(arg[2], F_OK) < 0; flips++) {
		rc = offer_pod_apply(handle, cookie, OFFER_OPEN, flips & 1 ? &all : &nobody, &err);
		if (flips == 2)
			(void)close(creat(begun, 0600));
	}
	printf("flips=%ld\n", flips);
	return rc;
}

/* A TCP segment over IPv4 with the options of a SYN; only the length and the flags count. */
static uint32_t cost_of(int prog_fd, uint8_t flags)
{
	uint8_t packet[14 + 20 + 40 + 1000] = { [12] = 0x08 };
	uint8_t *ip = packet + 14, *tcp = ip + 20;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = ROUNDS);

	ip[0] = 0x45;
	ip[9] = 6;
	memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
	tcp[12] = 0xa0;
	tcp[13] = flags;
	memcpy(tcp + 20, "\x02\x04\x05\xb4\x04\x02\x08\x0a\1\1\1\1\0\0\0\0\x01\x03\x03\x07", 20);
	return bpf_prog_test_run_opts(prog_fd, &opts) < 0 ? 0 : opts.duration;
}

static int cost(char **arg, int n)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = -1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	auto_close int empty =
		bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "empty", "GPL", nothing, 2, NULL);
	int offer = handle->progs[OFFER_OUT];

	(void)arg, (void)n;
	if (empty < 0)
		return err_sys(&err, empty, "load an empty program");
	printf("empty_ns=%u data_ns=%u syn_ns=%u\n", cost_of(empty, 0x10), cost_of(offer, 0x10),
	       cost_of(offer, 0x02));
	return 0;
}

static const struct command commands[] = {
	{ "check", 0, check, false },	  { "close", 0, close_all, false },
	{ "open", 0, open_all, false },	  { "list", 0, list, false },
	{ "address", 2, address, false }, { "pod", -1, pod, false },
	{ "undo", 1, undo, false },	  { "counts", 1, counts, false },
	{ "links", 2, links, false },	  { "flip", 3, flip, false },
	{ "cost", 0, cost, false },
};

int main(int argc, char **argv)
{
	static const struct served offerctl = { "offerctl", commands, ARRAY_SIZE(commands),
						open_handle };
	int rc = serve(&offerctl, argc, argv);

	offer_close(handle);
	return rc;
}
