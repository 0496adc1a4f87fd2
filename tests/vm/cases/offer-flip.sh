#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: while the rules change all the time, every connection works, and both its ends are of one
#        mind; a SYN that is sent again is judged again
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../offer.sh"

ctl links apply $a , links apply $b , pod $a open none , pod $b open none 10.9.0.0/16

for side in a b; do
	other=$b
	[ $side = a ] || other=$a
	step "the rules of $side change all the time"
	ctl pod $other open none 10.9.0.0/16
	"$progs/offerctl" flip /run/netns/$side 10.9.0.0/16 "$work/end" > "$work/flips" &
	flipper=$!
	at_exit eval "kill $flipper 2> /dev/null || :"
	check "they do" eventually 60 test -e "$work/end.begun"
	check "connections are made meanwhile" \
		eval "'$progs/smcmany' a b 10.9.0.2 5000 100 > '$work/many' 2>&1"
	touch "$work/end"
	wait $flipper
	rm "$work/end" "$work/end.begun"
	cat "$work/flips" "$work/many"
	read -r -a n < <(tr -c '0-9\n' ' ' < "$work/many")
	check "each is either" [ $((n[1] + n[2] + n[4])) = "${n[0]}" ]
	check "and the same at both ends" [ "${n[2]}" = "${n[3]}" ]
	check "there were some of both" [ "${n[2]}" -gt 0 -a "${n[2]}" -lt "${n[0]}" ]
done

step "the first SYN is lost, and is sent again after a change"
ctl undo $a , pod $a open none , pod $b open none 10.9.0.0/16
ip -n b route add blackhole 10.9.0.1/32 # b does not take it: it could not answer
"$progs/smcmany" a b 10.9.0.2 5000 1 > "$work/many" 2>&1 &
client=$!
check "the first one went without the option" eventually 20 \
	eval "ctl counts $a | grep 'blanked=[1-9]'"
ctl pod $a open none 10.9.0.0/16
ip -n b route del blackhole 10.9.0.1/32
works=yes
wait $client || works=no
cat "$work/many"
check "the connection works" [ $works = yes ]
check "and offers SMC" grep -q 'n=1 .*plain_client=0 plain_server=0' "$work/many"
