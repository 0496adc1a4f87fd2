/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/peers_item.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define MAPPED_BITS 96 /* of ::ffff:0:0/96 */

int peers_cidr_parse(const char *text, struct inet_addr *ret)
{
	struct inet_addr net;
	struct inet_addr v4 = { .family = AF_INET };

	if (inet_parse_cidr(text, &net, NULL) < 0)
		return -EINVAL;
	/* A shorter prefix than that of all mapped addresses leaves host bits, which is refused. */
	if (net.family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&net.v6)) {
		v4.prefix_len = (uint8_t)(net.prefix_len - MAPPED_BITS);
		memcpy(&v4.v4, net.v6.s6_addr + MAPPED_BITS / 8, sizeof(v4.v4));
		net = v4;
	}
	*ret = net;
	return 0;
}

static int parse_port(const char *text, uint16_t *ret)
{
	size_t len = strlen(text);
	long port;

	if (len < 1 || len > 5 || strspn(text, "0123456789") != len)
		return -EINVAL;
	port = strtol(text, NULL, 10);
	if (port < PEERS_PORT_MIN || port > PEERS_PORT_MAX)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static int parse_ports(char *text, struct peers_item *item)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	if (parse_port(text, &item->from) < 0 ||
	    parse_port(dash ? dash + 1 : text, &item->to) < 0 || item->from > item->to)
		return -EINVAL;
	return 0;
}

static bool parse_word(const char *text, enum peers_word *ret)
{
	static const struct {
		const char *text;
		enum peers_word word;
	} words[] = {
		{ "node", PEERS_NODE },
		{ "cluster", PEERS_CLUSTER },
		{ "private", PEERS_PRIVATE },
		{ "any", PEERS_ANY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i].text) == 0) {
			*ret = words[i].word;
			return true;
		}
	}
	return false;
}

/* Cuts "[NET]:PORTS", "IPv4-NET:PORTS" and "WORD:PORTS" in two. Returns the ports; NULL: none. What
 * is left of odd texts is no network. */
static char *cut_ports(char **text)
{
	char *end = (*text)[0] == '[' ? strchr(*text, ']') : NULL;
	char *colon = strchr(*text, ':');

	if (end && end[1] == ':') {
		*end = '\0';
		(*text)++;
		return end + 2;
	}
	if (!colon || strchr(colon + 1, ':') || strchr(colon, '/'))
		return NULL;
	*colon = '\0';
	return colon + 1;
}

int peers_item_parse(const char *text, struct peers_item *ret)
{
	struct peers_item item = { .from = PEERS_PORT_MIN, .to = PEERS_PORT_MAX };
	bool bracketed = text[0] == '[';
	char copy[128];
	char *name = copy, *ports;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	ports = cut_ports(&name);
	if (bracketed != (ports && strchr(name, ':')))
		return -EINVAL;
	if (!parse_word(name, &item.word) && peers_cidr_parse(name, &item.net) < 0)
		return -EINVAL;
	if (ports && parse_ports(ports, &item) < 0)
		return -EINVAL;
	*ret = item;
	return 0;
}
