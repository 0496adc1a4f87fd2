/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/wire.h"
#include "smcctl/filter.h"

#define WAIT_S 60
#define WAIT_MAX_S 3600

static int parse_seconds(const char *text, int *ret)
{
	char *end;
	long n = text ? strtol(text, &end, 10) : WAIT_S;

	if (text && (*end || n < 1 || n > WAIT_MAX_S)) {
		(void)fprintf(stderr, "smcctl: --wait: got '%s', allowed: 1 to %d seconds\n", text,
			      WAIT_MAX_S);
		return -EINVAL;
	}
	*ret = (int)n;
	return 0;
}

static int take_option(int c, struct options *ret)
{
	switch (c) {
	case 'h':
		ret->help = true;
		return 0;
	case 'j':
		ret->json = true;
		return 0;
	case 'p':
		ret->problems = true;
		return 0;
	case 'n':
		ret->namespace = optarg;
		return 0;
	case 's':
		ret->socket = optarg;
		return 0;
	case 'w':
		return parse_seconds(optarg, &ret->wait_s);
	default:
		return -EINVAL; /* getopt has said what is wrong */
	}
}

int options_parse(int argc, char **argv, bool may_wait, struct options *ret)
{
	const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "problems", no_argument, NULL, 'p' },
		{ "namespace", required_argument, NULL, 'n' },
		{ "socket", required_argument, NULL, 's' },
		{ may_wait ? "wait" : NULL, optional_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*ret = (struct options){ .socket = WIRE_DEFAULT_SOCKET };
	optind = 0; /* GNU getopt begins anew with this */
	while ((c = getopt_long(argc, argv, "hn:", longs, NULL)) != -1) {
		if (take_option(c, ret) < 0)
			return -EINVAL;
	}
	if (argc - optind > 1) {
		(void)fprintf(stderr, "smcctl: %s takes one pod, got '%s' and '%s'\n", argv[0],
			      argv[optind], argv[optind + 1]);
		return -EINVAL;
	}
	if (optind < argc)
		ret->pod = argv[optind];
	return 0;
}

void options_narrow(const struct options *o, json_t *list)
{
	if (o->pod)
		(void)filter(list, filter_is_pod, o->pod);
	if (o->namespace)
		(void)filter(list, filter_is_in, o->namespace);
}
