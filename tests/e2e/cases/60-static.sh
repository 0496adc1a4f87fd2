# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: a static pod is steered by the annotation in its manifest, and by a change of it
# kernels: 6.12
static() # ANNOTATIONS: the kubelet's own manifest
{
	on_node 1 'printf "%s\n" "$1" > /etc/kubernetes/.static.tmp
		mv /etc/kubernetes/.static.tmp /etc/kubernetes/manifests/static.json' \
		"$(talk_manifest static "$1" '["serve", "5000"]' | jq 'del(.spec.nodeName)')"
}

check "a manifest on the node" static '{"smc-cni.io/steer": "enabled"}'
check "its mirror is there" eventually 120 pod_is static-n1 Running
check "its listener is an SMC socket" eventually 60 pod_logged static-n1 'listening protocol=256'
check "the agent knows it by its name" pod_status_is static-n1 .policy.in_force true
described() { kubectl describe pod static-n1 | grep SMCSteered | grep -q 'from its first one on'; }
check "kubectl describe tells of it" eventually 60 described
check "another manifest" static '{"smc-cni.io/steer": "disabled"}'
check "kubelet starts the pod again, on TCP" \
	eventually 180 pod_logged static-n1 'listening protocol=262'
check "the agent knows it again" eventually 60 pod_status_is static-n1 .policy.in_force false
check "the manifest goes" on_node 1 'rm /etc/kubernetes/manifests/static.json'
gone() { ! kubectl get pod static-n1; }
check "the pod goes" eventually 120 gone
