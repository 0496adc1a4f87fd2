/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, section 4), as kubeconfig files have it. */
#ifndef SMC_AGENT_BASE64_H
#define SMC_AGENT_BASE64_H

#include <stddef.h>

/* Decodes the whole text; white space is passed over. *ret has a NUL byte behind its *ret_len
 * bytes; the caller frees it. -EINVAL, also when the content is empty or has a NUL byte;
 * -ENOMEM. */
int base64_decode(const char *text, char **ret, size_t *ret_len);

#endif
