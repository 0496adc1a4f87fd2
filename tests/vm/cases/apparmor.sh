#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: under AppArmor steered sockets need what TCP needs, and accepted ones `network smc stream`
# kernels: 6.12
# timeout: 600
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/confined.sh"
attribute=apparmor/exec

# profile NAME RULES: of the network only what RULES allow; programs run under it from now on
profile()
{
	printf 'profile %s flags=(attach_disconnected) {\nfile,\ncapability,\n%s\n}\n' "$1" "$2" |
		apparmor_parser --add --skip-cache
	# shellcheck disable=SC2064 # as it is now
	at_exit eval "printf %s $1 > /sys/kernel/security/apparmor/.remove"
	confinement="exec $1"
}

step "a profile without TCP"
profile case-no-tcp 'network inet dgram,'
refute "a steered socket is refused like a TCP socket" confined client "$calls" client 10.244.0.1 1
check "by AppArmor" gave socket=EACCES "$(confined client "$calls" client 10.244.0.1 1 || :)"
check "as that" gave socket=EACCES "$(confined plain "$calls" client 10.244.0.1 1 || :)"

step "a profile with 'network,', as the runtimes' own"
profile case-all 'network,'
all_works 256 server client

step "a profile with 'network inet stream,' only"
profile case-tcp 'network inet stream,'
all_works 6 plain plain
talk_smc server client
check "bind(2), listen(2) and accept(2) are allowed" \
	gave 'bind-0=ok bind=ok listen=ok accept=ok' "$server"
check "the accepted connection is of the family smc: of no use" gave "$refused" "$server"
check "the client's own calls are allowed" gave "${asked/recv=ok/} protocol=256" "$client"
all_works 6 server plain

step "a profile with 'network inet stream,' and 'network smc stream,'"
profile case-both 'network inet stream, network smc stream,'
all_works 256 server client
