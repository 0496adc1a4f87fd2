# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a command of on_node has at hand, on the node. Sourced in a subshell.

bundles=/run/containerd/io.containerd.runtime.v2.task/k8s.io # runc's, a folder a container

sandbox_of_pod() # NAME: of a running pod's sandbox: id and network namespace
{
	# shellcheck disable=SC2016 # jq's
	jq -r --arg pod "$1" 'select(.annotations["io.kubernetes.cri.container-type"] == "sandbox"
			and .annotations["io.kubernetes.cri.sandbox-name"] == $pod)
		| (.linux.namespaces[] | select(.type == "network") | .path) as $netns
		| "\(input_filename | split("/")[-2]) \($netns)"' "$bundles"/*/config.json |
		while read -r id path; do
			[ ! -e "$path" ] || echo "$id $path" # an earlier one is there for a while
		done | tail -n 1
}

sandbox_pid() { cat "$bundles/$1/init.pid"; } # ID: of the process that holds it

netns_of_pod() { sandbox_of_pod "$1" | cut -d' ' -f2; } # NAME

in_pod() # NAME COMMAND...: in its network namespace and its cgroup, as its own processes are
{
	local id path pid
	read -r id path <<< "$(sandbox_of_pod "$1")"
	shift
	pid=$(sandbox_pid "$id")
	(
		echo "$BASHPID" > "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/cgroup.procs"
		exec nsenter --net="$path" "$@"
	)
}
