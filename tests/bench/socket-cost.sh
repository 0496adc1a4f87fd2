#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the hook costs: nanoseconds for socket(2) + close(2), on one kernel, in one run. No
# assertion.
#
#	tests/vm/run -k 6.12 -t 600 -- tests/bench/socket-cost.sh [ROUNDS]
#
# Each round measures all situations one after the other, each in 40 batches of which the fastest
# counts; prints, over the rounds, the median and range of each and of the difference to its partner
# of the same round. An SMC socket holds a TCP socket and costs more by itself, so an opted-in pod
# is compared with asking for SMC by name.
. "$(dirname "$0")/../vm/steer.sh"

rounds=${1:-11}
count=2000

# measure NAME NETNS PROTOCOL: adds a line "NAME nanoseconds"
measure()
{
	printf '%s %s\n' "$1" "$(probe "$2" "$2" cost "$3" "$count")" >> "$work/times"
}

for ((round = 0; round < rounds; round++)); do
	steerctl remove-all
	measure tcp plain 0
	measure smc plain 256
	steerctl pod /run/netns/pod on ignore
	measure tcp-hook plain 0
	measure smc-hook pod 0
done

# column NAME, difference NAME PARTNER: the numbers, one a line
column() { sed -n "s/^$1 //p" "$work/times"; }
difference() { paste <(column "$1") <(column "$2") | awk '{ print $1 - $2 }'; }

# line WHAT: of the numbers on stdin
line()
{
	sort -n | awk -v what="$1" '{ v[NR] = $1 } END {
		printf "%-44s %7d   (%d to %d)\n", what, v[int((NR + 1) / 2)], v[1], v[NR] }'
}

printf '%s, %d rounds of %d sockets; ns, median (range)\n' "$(uname -r)" "$rounds" "$count"
column tcp | line "TCP, no hook"
column tcp-hook | line "TCP, hook, pod did not opt in"
difference tcp-hook tcp | line "  difference"
column smc | line "SMC by name, no hook"
column smc-hook | line "SMC, hook, pod opted in"
difference smc-hook smc | line "  difference"
