#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: of a pod that names containers only those in the map are steered, whoever the hook is
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../steer.sh"

app=$cgroups/pod/cri-containerd-app.scope web=$cgroups/pod/web
mkdir -p "$app/init.scope/deep" "$web"
at_exit rmdir "$app/init.scope/deep" "$app/init.scope" "$app" "$web"
socket=(socket inet stream 0 "," socket inet6 stream 0)
in_app() { probe pod "pod/${app##*/}$1" "${socket[@]}"; }
all() { echo "$(in_app "") $(probe pod pod/web "${socket[@]}") $(probe pod pod "${socket[@]}")"; }

step "a container that is named, and one that is not"
agent named /run/netns/pod ignore $cgroups/pod
is "nobody is identified" "6 6 6 6 6 6" all
agent container apply "$app" /run/netns/pod , container check "$app" /run/netns/pod
is "one is" "256 256 6 6 6 6" all
is "in a cgroup of its own" "256 256" in_app /init.scope
is "and deeper" "256 256" in_app /init.scope/deep
is "in a cgroup namespace of its own" "256 256" inside pod "pod/${app##*/}/init.scope" unshare -C \
	"$progs/sockprobe" "${socket[@]}"
is "MPTCP is TCP to the hook" 256 probe pod "pod/${app##*/}" socket inet stream 262
is "the host's process" "6 6" nsenter --net=/run/netns/pod "$progs/sockprobe" "${socket[@]}"
is "another pod's" "6 6" probe pod plain "${socket[@]}"
is "the container in another namespace" "6 6" probe plain "pod/${app##*/}" "${socket[@]}"
is "those that were steered are counted" 9 counter pod steered

step "what is in the map for another pod is nobody's here"
agent named /run/netns/plain ignore $cgroups/plain
agent container apply $cgroups/plain/leaf /run/netns/plain
agent container apply "$web" /run/netns/plain
is "a container of the other pod's" "6 6" probe pod pod/web "${socket[@]}"
is "that pod's own" "256 256" probe plain plain/leaf "${socket[@]}"
agent container undo "$web" /run/netns/plain
agent container undo $cgroups/plain/leaf /run/netns/plain , undo /run/netns/plain

step "what the hook does not see is counted of the named one alone"
agent cgroup apply $cgroups/pod /run/netns/pod
is "io_uring of the other" 6 probe pod pod/web uring inet 0
is "not counted" 0 counter pod unsteered
is "of the named one" 6 probe pod "pod/${app##*/}" uring inet 0
is "counted" 1 counter pod unsteered
agent cgroup undo $cgroups/pod /run/netns/pod

step "the container goes, and comes back as another one"
agent container undo "$app" /run/netns/pod
is "nobody" "6 6 6 6 6 6" all
fails "a check misses it" '*find the container with cgroup*No such file*' \
	agent container check "$app" /run/netns/pod
agent container apply "$app" /run/netns/pod
is "again" "256 256 6 6 6 6" all
rmdir "$app/init.scope/deep" "$app/init.scope" "$app"
mkdir -p "$app/init.scope/deep"
is "the same folder anew is another cgroup" "6 6 6 6 6 6" all
is "the entry of the old one stays until it is taken away" containers=1 agent containers
agent container apply "$app" /run/netns/pod

step "all of the pod, and back"
agent gate /run/netns/pod ignore $cgroups/pod
is "all" "256 256 256 256 256 256" all
agent named /run/netns/pod ignore $cgroups/pod
is "the named one alone" "256 256 6 6 6 6" all

step "an older agent comes back: its hook steers nobody of such a pod"
agent pod /run/netns/plain on ignore
agent_kill
here=$(pins_folder)
rm "$here/steer_link"
"$progs/attach" "$progs/steerv2.bpf.o" "$here/steer_link" "$here"
is "it steers another pod" "256 256" probe plain plain "${socket[@]}"
is "and this one not at all" "6 6 6 6 6 6" all

step "the upgrade, under load"
agent_start
inside pod pod/web taskset -c 0 "$progs/sockprobe" loop "$work/stop" > "$work/web" &
web_loop=$!
agent open
is "the named one is steered again" "256 256 6 6 6 6" all
touch "$work/stop"
wait $web_loop
cat "$work/web"
check "not one of the other container was" grep -q 'smc=0 tcp=[1-9][0-9]* failed=0' "$work/web"
