/* SPDX-License-Identifier: Apache-2.0 */
/* The node's labels, by way of Node Feature Discovery: <featuresDir>/smc-cni, which NFD's worker
 * reads once a minute and turns into labels of the Node, so that a pod can ask for a node that
 * steers (nodeAffinity).
 *
 * Lines are "smc-cni.io/NAME=true" or "=false": NFD (its local source) allows label namespaces that
 * are not kubernetes.io's. Files whose name begins with a dot, as that of a file being replaced
 * does, it passes over. Worker thread: waits on the disk.
 */
#ifndef SMC_AGENT_FEATURES_H
#define SMC_AGENT_FEATURES_H

#include "common/err.h"
#include "node-agent/node/node.h"

#define FEATURES_FILE "smc-cni"
#define FEATURES_BYTES_MAX 256

/* What the file says, or is to say. Pure. Returns the length. */
size_t features_text(const struct facts *facts, char buf[FEATURES_BYTES_MAX]);

/* Makes the file say what the facts are, if it does not. Without the folder (no NFD here) or with
 * dir "" nothing is done. Returns 1 when it was written, else 0. */
int features_write(const char *dir, const struct facts *facts, struct err *err);

/* 0 also when there is none. */
int features_remove(const char *dir, struct err *err);

#endif
