/* SPDX-License-Identifier: Apache-2.0 */
/* Where the API server is and who we are, from the in-cluster service account or a kubeconfig file.
 * Loop thread only.
 *
 * Files (token, certificates, keys) are read again when they were replaced: tokens and certificates
 * are rotated while we run. They are small; the service account's are in memory, never on a disk.
 */
#ifndef SMC_AGENT_KUBE_ACCESS_H
#define SMC_AGENT_KUBE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "common/err.h"

/* The folder of the service account; the environment variable SMC_CNI_SERVICE_ACCOUNT names another
 * one (tests; a pod that mounts its token itself). */
#define KUBE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"
#define KUBE_ACCOUNT_ENV "SMC_CNI_SERVICE_ACCOUNT"
#define KUBE_TEXT_MAX (1024 * 1024) /* bytes of a token, certificate, key or kubeconfig */

/* A text that stands in the configuration or in a file. All zero: there is none. */
struct kube_text {
	char *path; /* NULL: no file */
	char *text; /* NUL-terminated, as last read; NULL: none */
	size_t len;
	struct stat seen; /* of the file, when it was read */
	bool warned; /* that it cannot be read now */
};

struct kube_access {
	char *server; /* https://HOST[:PORT][/PATH], no slash at the end */
	char *proxy; /* NULL: as the environment says */
	struct kube_text ca; /* PEM; none: the system's */
	struct kube_text token;
	struct kube_text cert, key; /* PEM, of the client; both or none */
};

/* KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, and the account's folder. */
int kube_access_in_cluster(struct kube_access *ret, struct err *err);
/* The current context of a kubeconfig file. What would weaken the check of the server's
 * certificate, or start programs, is refused: insecure-skip-tls-verify, http://, exec,
 * auth-provider. */
int kube_access_kubeconfig(const char *path, struct kube_access *ret, struct err *err);
/* The same from memory; `name` stands for the file in messages, paths are relative to `dir`. */
int kube_access_parse(const char *text, size_t len, const char *name, const char *dir,
		      struct kube_access *ret, struct err *err);
void kube_access_clear(struct kube_access *a);

/* Reads the file for the first time: a trimmed copy becomes t->text. Owns path. */
int kube_text_open(struct kube_text *t, char *path, const char *what, struct err *err);
/* What the text is now: the file is read again if it was replaced. One that is gone or cannot be
 * read: the last text stays in use, and that is logged once. `what` names it in the log
 * ("token"). */
void kube_text_renew(struct kube_text *t, const char *what);
void kube_text_clear(struct kube_text *t); /* what it held is wiped */

#endif
