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

/* An ADD that runs, between ipam_start() and ipam_finish(). Not to be moved. */
struct ipam {
	char path[PATH_MAX];
	struct exec exec;
};

int ipam_start(const struct env *env, const struct conf *conf, struct ipam *ret,
	       struct cni_error *e);
/* A lease, as an imported result (result.h) with at least one address; the caller owns *ret. An
 * error that the IPAM plugin printed goes to e->delegated. When it hung or printed nonsense it
 * may hold a lease: then DEL was called. */
int ipam_finish(const struct ipam *ipam, const struct env *env, const struct conf *conf,
		json_t **ret, struct cni_error *e);

/* dhcp asks, and releases, over the pod's interface: ADD makes that first, DEL removes it last. With
 * others it is the reverse: an address is nobody else's while the interface is there. */
bool ipam_uses_interface(const struct conf *conf);

/* `command` is DEL, CHECK, GC or STATUS: what there is to know is whether it fails. */
int ipam_call(const char *command, const struct env *env, const struct conf *conf,
	      struct cni_error *e);

/* Gives a lease back on the way out of a failed ADD; a failure is logged. */
void ipam_undo(const struct env *env, const struct conf *conf);

#endif
