#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the second gate: only the processes of the pod's cgroup are steered in its namespace
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../steer.sh"

mkdir -p $cgroups/pod/deep/deeper
at_exit rmdir $cgroups/pod/deep/deeper $cgroups/pod/deep
socket=(socket inet stream 0 "," socket inet6 stream 0)
below() { echo "$(probe pod pod/leaf "${socket[@]}") $(probe pod pod/deep/deeper "${socket[@]}")"; }
both() { echo "$(probe pod pod socket inet stream 0) $(probe pod plain socket inet stream 0)"; }

step "the cgroup is known"
agent gate /run/netns/pod ignore $cgroups/pod
is "in it" "256 256" probe pod pod "${socket[@]}"
is "in a child, and in a child's child" "256 256 256 256" below
is "in a cgroup namespace" "256 256" inside pod pod/leaf unshare -C \
	"$progs/sockprobe" "${socket[@]}"
is "another pod's process that entered the namespace" "6 6" probe pod plain "${socket[@]}"
is "the host's" "6 6" nsenter --net=/run/netns/pod "$progs/sockprobe" "${socket[@]}"
is "MPTCP stays MPTCP there" 262 probe pod plain socket inet stream 262
is "the pod's process in another pod's namespace" "6 6" probe plain pod "${socket[@]}"
is "those that were steered are counted" 8 counter pod steered

step "a cgroup beside it, and one above"
agent gate /run/netns/pod ignore $cgroups/pod/deep
is "the pod's own is above: not" 6 probe pod pod socket inet stream 0
is "nor one beside" 6 probe pod pod/leaf socket inet stream 0
is "but below" 256 probe pod pod/deep/deeper socket inet stream 0

step "no cgroup is known: the namespace alone counts"
agent pod /run/netns/pod on ignore
is "the pod's, and who enters" "256 256" both

step "a node that is a container itself: its root is not the hierarchy's"
inner=$cgroups/node/inner
mkdir -p $inner "$work/cgroup"
at_exit rmdir $inner $cgroups/node
in_container() # COMMAND: with a cgroup namespace, and what it shows mounted
{
	bash -c 'echo $$ > "$1/cgroup.procs"
		exec unshare -Cm bash -euc "mount -t cgroup2 none \"\$1\"; mkdir -p \"\$1/pod\"
			\$2" . "$2" "$3"' . $cgroups/node "$work/cgroup" "$1"
}
agent_kill # it has the handle, and the next one its own
at_exit rmdir $cgroups/node/pod
in_container "$progs/steerctl gate /run/netns/pod ignore $work/cgroup/pod"
is "in the pod" 256 probe pod node/pod socket inet stream 0
is "beside it" 6 probe pod node/inner socket inet stream 0
is "on the host" 6 probe pod pod socket inet stream 0

step "what is no cgroup"
fails "a folder" '*ask where the cgroup is: *' steerctl gate /run/netns/pod ignore /run
