/* SPDX-License-Identifier: Apache-2.0 */
/* Names that several programs share, and others rely on: ours, Kubernetes' and the runtime's. */
#ifndef SMC_COMMON_NAMES_H
#define SMC_COMMON_NAMES_H

/* What every annotation, label and controller name of ours begins with. */
#define NAMES_PREFIX "smc-cni.io/"

/* The annotation of a static pod's hash. The runtime knows the pod by this hash as its uid; its
 * mirror in the API has another uid (pkg/kubelet/types/pod_update.go). */
#define NAMES_CONFIG_HASH "kubernetes.io/config.hash"

/* The capability by which a runtime passes a pod's annotations in runtimeConfig (containerd,
 * pkg/cri). */
#define NAMES_CAPABILITY_ANNOTATIONS "io.kubernetes.cri.pod-annotations"
/* The capability by which it passes the cgroup's path as kubelet names it (CNI's
 * CONVENTIONS.md). */
#define NAMES_CAPABILITY_CGROUP "cgroupPath"

#endif
