/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/options.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nearest.h"

static const struct option client_longs[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "port", required_argument, NULL, 'p' },
	{ "unix", required_argument, NULL, 'u' },
	{ "over", required_argument, NULL, 'o' },
	{ "measure", required_argument, NULL, 'm' },
	{ "rounds", required_argument, NULL, 'r' },
	{ "seconds", required_argument, NULL, 's' },
	{ "connections", required_argument, NULL, 'c' },
	{ "wait", required_argument, NULL, 'w' },
	{ NULL, 0, NULL, 0 },
};

static const struct option server_longs[] = {
	{ "help", no_argument, NULL, 'h' },	  { "once", no_argument, NULL, '1' },
	{ "port", required_argument, NULL, 'p' }, { "unix", required_argument, NULL, 'u' },
	{ "bind", required_argument, NULL, 'b' }, { NULL, 0, NULL, 0 },
};

static int take_number(const char *option, const char *text, double least, double most, double *ret,
		       struct err *err)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || isnan(n) || n < least || n > most)
		return err_set(err, -EINVAL, "--%s: got '%s', allowed: %g to %g", option, text,
			       least, most);
	*ret = n;
	return 0;
}

static int take_whole(const char *option, const char *text, double least, double most, double *ret,
		      struct err *err)
{
	double n;
	int r = take_number(option, text, least, most, &n, err);

	if (r < 0)
		return r;
	if (n != floor(n))
		return err_set(err, -EINVAL, "--%s: got '%s', allowed: whole numbers", option,
			       text);
	*ret = n;
	return 0;
}

/* The index of a word among n names. */
static int find(const char *option, const char *word, const char *const *names, size_t n,
		struct err *err)
{
	const char *near;
	char list[128] = "";

	for (size_t i = 0; i < n; i++) {
		if (strcmp(word, names[i]) == 0)
			return (int)i;
		(void)strncat(list, i ? ", " : "", sizeof(list) - strlen(list) - 1);
		(void)strncat(list, names[i], sizeof(list) - strlen(list) - 1);
	}
	near = nearest(word, names, n);
	return err_set(err, -EINVAL, "--%s: got '%s'%s%s%s, allowed, with commas between: %s",
		       option, word, near ? ", did you mean '" : "", near ? near : "",
		       near ? "'?" : "", list);
}

/* Calls take for the index of each word of "a,b". */
static int take_list(const char *option, const char *text, const char *const *names, size_t n,
		     int (*take)(struct options *o, size_t i, struct err *err), struct options *o,
		     struct err *err)
{
	auto_free char *copy = strdup(text);
	char *rest = copy, *word;

	if (!copy)
		return err_sys(err, ENOMEM, "read --%s", option);
	while ((word = strsep(&rest, ","))) {
		int i = find(option, word, names, n, err);
		int r = i < 0 ? i : take(o, (size_t)i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int take_transport(struct options *o, size_t i, struct err *err)
{
	for (size_t have = 0; have < o->n_over; have++)
		if (o->over[have] == i)
			return err_set(err, -EINVAL, "--over: '%s' is named twice",
				       transport_names[i]);
	o->over[o->n_over++] = (enum transport)i;
	return 0;
}

static int take_measure(struct options *o, size_t i, struct err *err)
{
	(void)err;
	o->measures[i] = true;
	return 0;
}

static int take_measures(struct options *o, const char *text, struct err *err)
{
	const char *names[MEASURES_N];

	for (size_t i = 0; i < MEASURES_N; i++)
		names[i] = measures[i].name;
	memset(o->measures, 0, sizeof(o->measures));
	return take_list("measure", text, names, MEASURES_N, take_measure, o, err);
}

static int take_option(int c, struct options *o, struct err *err)
{
	double n;
	int r = 0;

	switch (c) {
	case 'h':
		o->help = true;
		break;
	case 'j':
		o->json = true;
		break;
	case '1':
		o->once = true;
		break;
	case 'b':
		o->host = optarg;
		break;
	case 'u':
		o->unix_path = optarg;
		break;
	case 'o':
		o->n_over = 0;
		return take_list("over", optarg, transport_names, TRANSPORT_N, take_transport, o,
				 err);
	case 'm':
		return take_measures(o, optarg, err);
	case 'p':
		r = take_whole("port", optarg, 1, 65534, &n, err);
		o->port = r < 0 ? 0 : (uint16_t)n;
		break;
	case 'r':
		r = take_whole("rounds", optarg, 1, OPTIONS_ROUNDS_MAX, &n, err);
		o->rounds = r < 0 ? 0 : (unsigned int)n;
		break;
	case 'c':
		r = take_whole("connections", optarg, 1, OPTIONS_CONNECTIONS_MAX, &n, err);
		o->connections = r < 0 ? 0 : (uint32_t)n;
		break;
	case 'w':
		r = take_whole("wait", optarg, 0, OPTIONS_WAIT_MAX_S, &n, err);
		o->wait_s = r < 0 ? 0 : (unsigned int)n;
		break;
	case 's':
		return take_number("seconds", optarg, 0.01, 60, &o->seconds, err);
	default:
		return -EINVAL;
	}
	return r;
}

static int parse(int argc, char **argv, const struct option *longs, struct options *o,
		 struct err *err)
{
	int c;

	*o = (struct options){
		.port = PROTO_PORT,
		.rounds = 6,
		.seconds = 0.5,
		.connections = 1000,
	};
	for (size_t i = 0; i < MEASURES_N; i++)
		o->measures[i] = true;
	optind = 0; /* GNU getopt begins anew with this */
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		const char *word = argv[optind - 1];

		if (c == '?')
			return err_set(err, -EINVAL, "%s: no such option, or a wrong argument",
				       word);
		if (c == ':')
			return err_set(err, -EINVAL, "%s: needs a value", word);
		if (take_option(c, o, err) < 0)
			return -EINVAL;
	}
	return 0;
}

static int check_over(struct options *o, struct err *err)
{
	if (o->n_over == 0) {
		o->over[o->n_over++] = TRANSPORT_TCP;
		o->over[o->n_over++] = TRANSPORT_SMC;
		if (o->unix_path)
			o->over[o->n_over++] = TRANSPORT_UNIX;
	}
	for (size_t i = 0; i < o->n_over; i++)
		if (o->over[i] == TRANSPORT_UNIX && !o->unix_path)
			return err_set(err, -EINVAL,
				       "--over unix: needs --unix PATH, here and of the server");
	return 0;
}

int options_client(int argc, char **argv, struct options *ret, struct err *err)
{
	int r = parse(argc, argv, client_longs, ret, err);

	if (r < 0 || ret->help)
		return r;
	if (argc - optind != 1)
		return err_set(err, -EINVAL, "client takes the server's address, got %d words",
			       argc - optind);
	ret->host = argv[optind];
	return check_over(ret, err);
}

int options_server(int argc, char **argv, struct options *ret, struct err *err)
{
	int r = parse(argc, argv, server_longs, ret, err);

	if (r < 0 || ret->help)
		return r;
	if (optind < argc)
		return err_set(err, -EINVAL, "server takes no '%s'; --bind says where it listens",
			       argv[optind]);
	return 0;
}
