#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the hook outlives its loader, is never missing in an upgrade, and goes away again
# kernels: 6.12 7.3
# short: 6.12
# timeout: 600
. "$(dirname "$0")/../steer.sh"

snapshot "$VM_OUT/before"
here=$(pins_folder)
ours=${here##*/} newer=v99

link_id() { bpftool -j link show pinned "$here/steer_link" | jq .id; }
one_hook() { [ "$(bpftool prog show name smc_steer | grep -c smc_steer)" = 1 ]; }

step "the loader dies"
agent pod /run/netns/pod on ignore
agent_kill
is "steered without it" 256 probe pod pod socket inet stream 0

# All on one CPU: QEMU 7.2's multi-threaded emulation can run an instruction that the kernel has
# just replaced on another one, an int3 that nobody answers for any more (Oops).
step "upgrades under load"
agent_start
taskset -cp 0 "$agent_pid" > "$work/affinity"
agent open
first=$(link_id)
inside pod pod taskset -c 0 "$progs/sockprobe" loop "$work/stop" > "$work/loop" &
loop=$!
for _ in $(seq 20); do
	agent open
done
touch "$work/stop"
wait $loop
cat "$work/loop"
check "every socket of 20 upgrades was steered" \
	grep -q 'smc=[1-9][0-9]* tcp=0 failed=0' "$work/loop"
refute "the hook is still the first one" test "$first" = "$(link_id)"
check "only one hook is left" eventually 10 one_hook
check "the counters went on" \
	eval "steerctl counters /run/netns/pod | grep '^steered=[0-9][0-9][0-9]'"
check "the agent finds all in order" steerctl check

agent_kill

step "a swap that died between pin and rename"
pinned() { (cd "$here" && echo *); }
whole=$(pinned)
mv "$here/steer_link" "$here/steer_link_new"
is "still steered" 256 probe pod pod socket inet stream 0
steerctl open
is "completed" "$whole" pinned
check "only one hook is left" eventually 10 one_hook

step "folders of other layouts"
mkdir $pins/v0 $pins/$newer $pins/v01 $pins/old
bpftool map pin pinned "$here/pods" $pins/$newer/steer_link
fails "a newer one is told of" '*level=warn*newer version*leaving it alone*' \
	eval "steerctl open , drop-older; false"
is "and left alone" "old v0 v01 $ours $newer" eval "ls $pins | paste -sd' '"

step "the pin is taken away while an agent runs"
agent_start
agent check
rm "$here/steer_link"
plain_tcp() { [ "$(probe pod pod socket inet stream 0)" = 6 ]; }
check "the hook goes: nobody else holds it" eventually 10 plain_tcp
fails "the agent misses its pin" "*open pin*steer_link': No such file*" agent check
agent_kill
check "the next one mends it" steerctl check
is "steered again" 256 probe pod pod socket inet stream 0

step "all is taken away"
steerctl remove-all
is "the newer one stays" "old v0 v01 $newer" eval "ls $pins | paste -sd' '"
rm $pins/$newer/steer_link
rmdir $pins/v0 $pins/$newer $pins/v01 $pins/old
steerctl remove-all , remove-all
as_before()
{
	rm -f "$work/affinity" "$work/loop" "$work/stop"
	snapshot "$VM_OUT/after"
	snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
}
check "the node is as it was" eventually 20 as_before
