/* SPDX-License-Identifier: Apache-2.0 */
/* The bound on what is kept of an object's annotations. A tenant may write 256 KiB of them on each
 * of any number of pods (k8s.io/apimachinery, TotalAnnotationSizeLimitB), and agent and plugin keep
 * those of ours in memory.
 */
#ifndef SMC_COMMON_ANNOTATIONS_H
#define SMC_COMMON_ANNOTATIONS_H

#include <jansson.h>

#include "common/err.h"
#include "common/names.h"

#define ANNOTATIONS_BYTES_MAX 2048 /* of the keys and values that are kept of one object */
#define ANNOTATIONS_KEYS_MAX 16 /* more than there are of ours */

/* Where the labels of a namespace are kept that count, among its annotations: keys that no
 * annotation can have. */
#define ANNOTATIONS_LABEL "label:"
#define ANNOTATIONS_STEER_LABEL ANNOTATIONS_LABEL NAMES_PREFIX "steer"
#define ANNOTATIONS_PAUSE_LABEL ANNOTATIONS_LABEL NAMES_PREFIX "pause"
#define ANNOTATIONS_LABEL_MAX 63 /* bytes of a label's value */

/* Where it is kept that a service mesh's injector has put a proxy into the pod, in place of what
 * the injector writes; the value is the injector's key. No annotation can have this one either. */
#define ANNOTATIONS_SIDECAR "sidecar:"
/* The injector's key, as a text that stays, if that is what `key` is; else NULL. */
const char *annotations_sidecar(const char *key);

/* Of an object of strings, the keys those that are kept: in place of a value that is too much
 * stands a text which says so, and which is a good value of no key; of too many keys some go, so
 * that at least one is left that is not known. `steer` is looked at first, and never goes; nor do
 * labels and the sidecar. What an injector writes becomes ANNOTATIONS_SIDECAR. -ENOMEM.
 */
int annotations_bound(json_t *annotations, struct err *err);

#endif
