#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a program that has confined itself with Landlock stays TCP, and so keeps what it forbade
# kernels: 6.12
# timeout: 600
. "$(dirname "$0")/../steer.sh"

modprobe smc
locked() { inside pod pod "$progs/landlocked" "$@"; }
socket=(socket inet stream 0 "," socket inet6 stream 0)
# The error of a connect where nobody listens; of a protocol of one's choice.
connecting='import socket, sys
try:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM, int(sys.argv[1])).connect(("127.0.0.1", 9))
except OSError as e:
    print(type(e).__name__)'
connects() { "$@" /usr/bin/python3 -ISc "$connecting" "${protocol:-0}"; }

step "not steered"
is "a program that forbade itself connect(2)" PermissionError connects locked net
is "another one" ConnectionRefusedError connects inside pod pod
protocol=256
is "what Landlock does not know" ConnectionRefusedError connects locked net
unset protocol

step "steered"
agent pod /run/netns/pod on ignore
is "a program" "256 256" probe pod pod "${socket[@]}"
is "one with rules about the network" "6 6" locked net "$progs/sockprobe" "${socket[@]}"
is "one with rules about files" "6 6" locked fs "$progs/sockprobe" "${socket[@]}"
is "its child" "6 6" locked fs bash -c '"$@"; true' . "$progs/sockprobe" "${socket[@]}"
is "it keeps what it forbade" PermissionError connects locked net
is "another one is steered again" 256 probe pod pod socket inet stream 0

step "who was what is counted"
is "steered" 3 counter pod steered
is "TCP for Landlock's sake" 7 counter pod landlocked
