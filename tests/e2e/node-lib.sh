# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a command of on_node has at hand, on the node. Sourced in a subshell.

netns_of_pod() # NAME: the network namespace of a running pod's sandbox
{
	ctr -n k8s.io containers ls -q | while read -r id; do
		ctr -n k8s.io containers info "$id" 2> /dev/null | jq -er --arg pod "$1" 'select(
			.Labels["io.kubernetes.pod.name"] == $pod and
			.Labels["io.cri-containerd.kind"] == "sandbox")
			| .Spec.linux.namespaces[] | select(.type == "network") | .path' || :
	done | while read -r path; do
		[ ! -e "$path" ] || echo "$path" # an earlier sandbox is listed for a while
	done | tail -n 1
}
