# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a command of on_node has at hand, on the node. Sourced in a subshell.

sandbox_of_pod() # NAME: of a running pod's sandbox: id and network namespace
{
	ctr -n k8s.io containers ls -q | while read -r id; do
		ctr -n k8s.io containers info "$id" 2> /dev/null | jq -er --arg pod "$1" 'select(
			.Labels["io.kubernetes.pod.name"] == $pod and
			.Labels["io.cri-containerd.kind"] == "sandbox")
			| .Spec.linux.namespaces[] | select(.type == "network") | .path' |
			sed "s|^|$id |" || :
	done | while read -r id path; do
		[ ! -e "$path" ] || echo "$id $path" # an earlier one is listed for a while
	done | tail -n 1
}

netns_of_pod() { sandbox_of_pod "$1" | cut -d' ' -f2; } # NAME

in_pod() # NAME COMMAND...: in its network namespace and its cgroup, as its own processes are
{
	local id path pid
	read -r id path <<< "$(sandbox_of_pod "$1")"
	shift
	pid=$(ctr -n k8s.io tasks ls | awk -v id="$id" '$1 == id { print $2 }')
	(
		echo "$BASHPID" > "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/cgroup.procs"
		exec nsenter --net="$path" "$@"
	)
}
