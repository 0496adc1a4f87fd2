#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: which sockets of an opted-in pod become SMC sockets, and that nobody else's do
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../steer.sh"

agent pod /run/netns/pod on ignore
steered=0

step "programs of the pod"
for program in sockprobe sockprobe-static; do
	for family in inet inet6; do
		is "$program, $family: protocol 0, 6, and as Go asks for a listener" \
			"256 256 256 256" \
			inside pod pod "$progs/$program" socket $family stream 0 , \
			socket $family stream 6 , socket $family stream+flags 6 , \
			socket $family stream+flags 262
		steered=$((steered + 4))
	done
done
is "Python" 256 inside pod pod /usr/bin/python3 -I -S -c 'import socket
print(socket.socket().getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL))'
is "in a nested cgroup" "256 256" probe pod pod/leaf socket inet stream 0 , socket inet6 stream 0
steered=$((steered + 3))

step "what is no TCP socket"
for family in inet inet6; do
	is "$family: SMC by name, UDP, raw, none such" \
		"256 17 17 1 ESOCKTNOSUPPORT EPROTONOSUPPORT" \
		probe pod pod socket $family stream 256 , socket $family dgram 0 , \
		socket $family dgram+flags 17 , socket $family raw 1 , \
		socket $family seqpacket 0 , socket $family stream 17
done
is "UNIX sockets" "0 0 0" probe pod pod \
	socket unix stream 0 , socket unix seqpacket 0 , socket unix dgram 0
is "counted once each" "$steered" counter pod steered
is "SMC was there each time" 0 counter pod target_missing

step "who is not in the pod"
for family in inet inet6; do
	is "another pod, $family" "6 6 262" probe plain plain socket $family stream 0 , \
		socket $family stream+flags 6 , socket $family stream 262
	is "another pod in this one's cgroup, $family" 6 probe plain pod socket $family stream 0
done
is "this pod in another one's cgroup" 256 probe pod plain socket inet stream 0
is "the host" 6 "$progs/sockprobe" socket inet stream 0
is "a namespace that the pod makes" 6 \
	inside pod pod unshare -n "$progs/sockprobe" socket inet stream 0
fails "others have no counters" '*No such file or directory' agent counters /run/netns/plain

step "switched off"
agent pod /run/netns/pod off ignore
is "TCP and MPTCP" "6 262" probe pod pod socket inet stream 0 , socket inet stream 262
is "the counters survive" $((steered + 1)) counter pod steered
agent undo /run/netns/pod , undo /run/netns/pod
is "no entry is left" "" agent list
