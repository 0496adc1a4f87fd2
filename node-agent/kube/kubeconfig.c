/* SPDX-License-Identifier: Apache-2.0 */
/* A kubeconfig file, as kubectl reads it (k8s.io/client-go/tools/clientcmd/api/v1): what the agent
 * can use, and clear words about the rest. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/kube/access.h"
#include "node-agent/parse/base64.h"
#include "node-agent/parse/ytree.h"

struct reading {
	const char *file; /* for messages */
	const char *dir; /* that relative paths are relative to */
};

/* The string below a key; NULL if there is none or it is "". -EINVAL: it is no string. */
static int get_string(const struct reading *r, const struct ytree_node *map, const char *key,
		      const char **ret, struct err *err)
{
	const struct ytree_node *value = ytree_get(map, key);

	*ret = NULL;
	if (!value)
		return 0;
	if (value->type != YTREE_STRING)
		return err_set(err, -EINVAL, "%s:%d: key '%s': got %s, allowed: a string", r->file,
			       value->line, key, ytree_type_text(value->type));
	*ret = value->text[0] ? value->text : NULL;
	return 0;
}

static int refuse_key(const struct reading *r, const struct ytree_node *map, const char *key,
		      const char *why, struct err *err)
{
	const struct ytree_node *value = ytree_get(map, key);

	if (!value ||
	    (value->type == YTREE_BOOL && value->text[0] != 't' && value->text[0] != 'T') ||
	    (value->type == YTREE_STRING && !value->text[0]))
		return 0;
	return err_set(err, -EINVAL, "%s:%d: key '%s' is not supported: %s", r->file, value->line,
		       key, why);
}

/* The entry of that name in a list of {name: NAME, <kind>: {...}}; *ret is its {...}. */
static int find(const struct reading *r, const struct ytree_node *doc, const char *list,
		const char *kind, const char *name, const struct ytree_node **ret, struct err *err)
{
	const struct ytree_node *entries = ytree_get(doc, list);

	for (size_t i = 0; entries && entries->type == YTREE_SEQ && i < entries->n; i++) {
		const struct ytree_node *n = ytree_get(entries->items[i], "name");
		const struct ytree_node *body = ytree_get(entries->items[i], kind);

		if (!n || n->type != YTREE_STRING || strcmp(n->text, name) != 0)
			continue;
		if (!body || body->type != YTREE_MAP)
			break;
		*ret = body;
		return 0;
	}
	return err_set(err, -EINVAL, "%s: '%s' has no entry '%.128s' with a map '%s'", r->file,
		       list, name, kind);
}

static char *resolve(const struct reading *r, const char *path)
{
	char *full;

	if (path[0] == '/')
		return strdup(path);
	return asprintf(&full, "%s/%s", r->dir, path) < 0 ? NULL : full;
}

/* KEY-data (base64) or KEY (a path); data wins, as with kubectl. */
static int read_pem(const struct reading *r, const struct ytree_node *map, const char *key,
		    struct kube_text *ret, struct err *err)
{
	const char *data, *path;
	char data_key[64];
	int n;

	(void)snprintf(data_key, sizeof(data_key), "%s-data", key);
	n = get_string(r, map, data_key, &data, err);
	if (n == 0)
		n = get_string(r, map, key, &path, err);
	if (n < 0)
		return n;
	if (!data)
		return path ? kube_text_open(ret, resolve(r, path), key, err) : 0;
	n = base64_decode(data, &ret->text, &ret->len);
	if (n < 0)
		return err_set(err, n, "%s:%d: key '%s': %s", r->file,
			       ytree_get(map, data_key)->line, data_key,
			       n == -ENOMEM ? "out of memory" : "not base64");
	return 0;
}

static int read_server(const struct reading *r, const struct ytree_node *cluster,
		       struct kube_access *a, struct err *err)
{
	const char *server, *proxy;
	size_t len;
	int n = get_string(r, cluster, "server", &server, err);

	if (n < 0)
		return n;
	if (!server)
		return err_set(err, -EINVAL, "%s:%d: key 'server' of the cluster is missing",
			       r->file, cluster->line);
	len = strlen(server);
	while (len > 0 && server[len - 1] == '/')
		len--;
	if (strncmp(server, "https://", 8) != 0 || len <= 8 || strpbrk(server, " ?#@"))
		return err_set(
			err, -EINVAL,
			"%s:%d: key 'server': got '%.128s', allowed: https://HOST[:PORT][/PATH]",
			r->file, ytree_get(cluster, "server")->line, server);
	n = get_string(r, cluster, "proxy-url", &proxy, err);
	if (n < 0)
		return n;
	a->server = strndup(server, len);
	a->proxy = proxy ? strdup(proxy) : NULL;
	return a->server && (a->proxy || !proxy) ? 0 : err_sys(err, ENOMEM, "read '%s'", r->file);
}

static int read_cluster(const struct reading *r, const struct ytree_node *cluster,
			struct kube_access *a, struct err *err)
{
	int n = refuse_key(r, cluster, "insecure-skip-tls-verify",
			   "the server's certificate is always checked; name its CA in "
			   "'certificate-authority' or 'certificate-authority-data'",
			   err);

	if (n == 0)
		n = refuse_key(r, cluster, "tls-server-name",
			       "'server' must be a name of the certificate", err);
	if (n == 0)
		n = read_server(r, cluster, a, err);
	return n < 0 ? n : read_pem(r, cluster, "certificate-authority", &a->ca, err);
}

static int refuse_user(const struct reading *r, const struct ytree_node *user, struct err *err)
{
	static const struct {
		const char *key, *why;
	} refused[] = {
		{ "exec", "the agent starts no programs; use 'tokenFile' or a client certificate" },
		{ "auth-provider", "use 'tokenFile' or a client certificate" },
		{ "username", "use 'tokenFile' or a client certificate" },
		{ "password", "use 'tokenFile' or a client certificate" },
		{ "as", "the agent acts as nobody else" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		int n = refuse_key(r, user, refused[i].key, refused[i].why, err);

		if (n < 0)
			return n;
	}
	return 0;
}

static int read_user(const struct reading *r, const struct ytree_node *user, struct kube_access *a,
		     struct err *err)
{
	const char *token, *file;
	int n = refuse_user(r, user, err);

	if (n == 0)
		n = get_string(r, user, "token", &token, err);
	if (n == 0)
		n = get_string(r, user, "tokenFile", &file, err);
	if (n < 0)
		return n;
	if (file) { /* wins, as with kubectl */
		n = kube_text_open(&a->token, resolve(r, file), "tokenFile", err);
	} else if (token) {
		a->token.text = strdup(token);
		a->token.len = strlen(token);
		n = a->token.text ? 0 : err_sys(err, ENOMEM, "read '%s'", r->file);
	}
	if (n == 0)
		n = read_pem(r, user, "client-certificate", &a->cert, err);
	if (n == 0)
		n = read_pem(r, user, "client-key", &a->key, err);
	if (n == 0 && !a->cert.text != !a->key.text)
		n = err_set(err, -EINVAL, "%s:%d: the user has 'client-%s' without 'client-%s'",
			    r->file, user->line, a->cert.text ? "certificate" : "key",
			    a->cert.text ? "key" : "certificate");
	return n;
}

static int read_config(const struct reading *r, const struct ytree_node *doc, struct kube_access *a,
		       struct err *err)
{
	const struct ytree_node *context, *cluster, *user;
	const char *name, *cluster_name, *user_name;
	int n = get_string(r, doc, "current-context", &name, err);

	if (n < 0)
		return n;
	if (!name)
		return err_set(err, -EINVAL, "%s: key 'current-context' is missing", r->file);
	n = find(r, doc, "contexts", "context", name, &context, err);
	if (n == 0)
		n = get_string(r, context, "cluster", &cluster_name, err);
	if (n == 0)
		n = get_string(r, context, "user", &user_name, err);
	if (n < 0)
		return n;
	if (!cluster_name || !user_name)
		return err_set(err, -EINVAL, "%s:%d: key '%s' of context '%.128s' is missing",
			       r->file, context->line, cluster_name ? "user" : "cluster", name);
	n = find(r, doc, "clusters", "cluster", cluster_name, &cluster, err);
	if (n == 0)
		n = find(r, doc, "users", "user", user_name, &user, err);
	if (n == 0)
		n = read_cluster(r, cluster, a, err);
	return n < 0 ? n : read_user(r, user, a, err);
}

int kube_access_parse(const char *text, size_t len, const char *name, const char *dir,
		      struct kube_access *ret, struct err *err)
{
	const struct reading r = { .file = name, .dir = dir };
	auto_ytree struct ytree *tree = NULL;
	struct kube_access a = { 0 };
	int n = ytree_parse(text, len, name, &tree, err);

	if (n < 0)
		return n;
	if (tree->n_docs != 1 || tree->docs[0]->type != YTREE_MAP)
		return err_set(err, -EINVAL, "%s: it is no kubeconfig: one map is allowed", name);
	n = read_config(&r, tree->docs[0], &a, err);
	if (n < 0) {
		kube_access_clear(&a);
		return n;
	}
	*ret = a;
	return 0;
}

int kube_access_kubeconfig(const char *path, struct kube_access *ret, struct err *err)
{
	auto_free char *text = NULL, *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	size_t len;
	int n;

	if (!dir)
		return err_sys(err, ENOMEM, "read '%s'", path);
	if (slash)
		*slash = '\0';
	n = file_read(AT_FDCWD, path, KUBE_TEXT_MAX, &text, &len, err);
	if (n < 0)
		return err_prefix(err, n, "key 'kubeconfig'");
	n = kube_access_parse(text, len, path, slash ? dir : ".", ret, err);
	explicit_bzero(text, len);
	return n;
}
