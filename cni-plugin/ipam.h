/* SPDX-License-Identifier: Apache-2.0 */
/* IPAM by delegation: runs the plugin that "ipam" names, as libcni does (CNI specification,
 * "Plugin delegation"). */
#ifndef SMC_PLUGIN_IPAM_H
#define SMC_PLUGIN_IPAM_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "cni-plugin/conf.h"
#include "cni-plugin/env.h"
#include "cni-plugin/error.h"
#include "cni-plugin/exec.h"

/* An IPAM plugin that was started. The struct must not be moved. */
struct ipam {
	char path[PATH_MAX];
	struct exec exec;
	const char *type; /* of the configuration */
	/* An imported result (result.h) with at least one address; NULL: not known yet. */
	json_t *lease;
	size_t lease_len; /* of the output that was taken for the lease */
};

/* Starts the IPAM plugin, which waits for its configuration. */
int ipam_start(const char *command, const struct env *env, const struct conf *conf,
	       struct ipam *ret, struct cni_error *e);
/* Gives what was started its configuration; `conf` is used until ipam_finish(). From here on
 * ipam_undo() is due when an ADD fails, whatever the IPAM plugin says (CNI specification, section
 * 4). */
void ipam_ask(struct ipam *ipam, const struct conf *conf);
/* Waits until the IPAM plugin has printed a lease, which takes it less time than to end. False
 * when it ended without one, or something is wrong. Whether the lease holds is for ipam_finish()
 * to say. */
bool ipam_wait(struct ipam *ipam);
/* Waits for the end; on success there is a lease. An error that the IPAM plugin printed goes to
 * e->delegated. */
int ipam_finish(struct ipam *ipam, struct cni_error *e);
/* Does what ipam_ask() does, for a command other than ADD, and waits for the end. All there is to
 * know then is whether it failed. */
int ipam_tell(struct ipam *ipam, const struct conf *conf, struct cni_error *e);
/* For auto_with(): ends what was not finished; also before ipam_start() if all zero. */
void ipam_clear(struct ipam *ipam);

/* dhcp asks and releases over the pod's interface: ADD makes that first and DEL removes it last.
 * With other IPAM plugins it is the reverse, so that nobody else has an address while the interface
 * is there. */
bool ipam_uses_interface(const struct conf *conf);

/* ipam_start() and ipam_tell(), if there is IPAM. `command` is DEL, CHECK, GC or STATUS. */
int ipam_call(const char *command, const struct env *env, const struct conf *conf,
	      struct cni_error *e);

/* Gives a lease back on the way out of a failed ADD; a failure is logged. */
void ipam_undo(const struct env *env, const struct conf *conf);

#endif
