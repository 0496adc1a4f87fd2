#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: libsmc-preload.so makes SMC sockets of programs of glibc and musl, and only of their TCP
# kernels: 6.12 7.3
# short: 6.12
# timeout: 240
. "$(dirname "$0")/../lib.sh"

export LD_PRELOAD_OF=$TOP/build/lib/libsmc-preload.so
probes=$TOP/build/tests/preload
equal() { [ "$1" = "$2" ] || { echo "'$1', not '$2'"; return 1; }; }
is() { # SENTENCE ANSWER PROBE WORDS...
	local answer
	answer=$(LD_PRELOAD=$LD_PRELOAD_OF "$probes/$3" "${@:4}" | xargs) || true
	check "$1" equal "$answer" "$2"
}

modprobe smc
for libc in probe probe-musl; do
	step "$libc"
	is "TCP becomes SMC, IPv4 and IPv6" "256 256 256" $libc 2,1,0 10,1,0 2,02004001,6
	is "UDP, UNIX and nonsense do not" "17 0 errno 93" $libc 2,2,0 1,1,0 2,1,17
	is "where the protocol is refused it is AF_SMC, whose protocol is 0 or 1" "0 1" \
		$libc refuse256 2,1,0 10,1,0
	is "where both are, TCP" "6 6" $libc refuse256 refuse43 2,1,0 10,1,0
done
is "a static program is not reached" 6 probe-static 2,1,0

step "a program that somebody else wrote"
# shellcheck disable=SC2016
check "Python talks to itself" env LD_PRELOAD="$LD_PRELOAD_OF" /usr/bin/python3 -I -S -c '
import socket
a = socket.create_server(("127.0.0.1", 0))
b = socket.create_connection(a.getsockname())
c, _ = a.accept()
assert a.getsockopt(socket.SOL_SOCKET, 38) == 256, "no SMC socket"
b.sendall(b"x" * 100000)
n = 0
while n < 100000:
    n += len(c.recv(65536))
c.close(); b.close(); a.close()'
