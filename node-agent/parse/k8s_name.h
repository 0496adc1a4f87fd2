/* SPDX-License-Identifier: Apache-2.0 */
/* Names of Kubernetes objects (RFC 1123; k8s.io/apimachinery/pkg/util/validation). */
#ifndef SMC_AGENT_K8S_NAME_H
#define SMC_AGENT_K8S_NAME_H

#include <stdbool.h>

/* Namespaces and containers: 1..63 of a-z, 0-9 and '-', an alphanumeric at both ends. */
bool k8s_name_label(const char *name);

/* Pods and nodes: labels joined by '.', up to 253 characters. */
bool k8s_name_subdomain(const char *name);

#endif
