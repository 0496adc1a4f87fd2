#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: where SMC is not registered, sockets of an opted-in pod are TCP, and counted
# kernels: 6.12
# timeout: 600
# exclusive: yes
. "$(dirname "$0")/../steer.sh"

# Whoever the kernel asks for a module leaves a line.
printf '#!/bin/sh\necho "$@" >> /dev/shm/modprobe.log\n' > /dev/shm/modprobe
chmod +x /dev/shm/modprobe
echo /dev/shm/modprobe > /proc/sys/kernel/modprobe

step "smc is not loaded"
rmmod smc
agent pod /run/netns/pod on ignore , cgroup apply $cgroups/pod /run/netns/pod
is "IPv4" 6 probe pod pod socket inet stream 0
is "IPv6" 6 probe pod pod socket inet6 stream+flags 6
is "MPTCP stays what was asked for" 262 probe pod pod socket inet stream 262
is "a server and its client in Python" hello inside pod pod python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname()); a, _ = s.accept(); a.send(b"hello")
print(c.recv(5).decode())'
is "missing" 5 counter pod target_missing
is "unsteered" 5 counter pod unsteered
is "steered" 0 counter pod steered
refute "the kernel looked for a protocol module" grep net-pf /dev/shm/modprobe.log
is "SMC by name" EPROTONOSUPPORT probe pod pod socket inet stream 256
check "the kernel looked for a protocol module then" grep net-pf /dev/shm/modprobe.log

step "loaded, and unloaded again"
echo /sbin/modprobe > /proc/sys/kernel/modprobe
modprobe smc
is "IPv4, loaded" 256 probe pod pod socket inet stream 0
is "IPv6, loaded" 256 probe pod pod socket inet6 stream 0
rmmod smc
is "IPv4, unloaded" 6 probe pod pod socket inet stream 0
