# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the cases about steering, sourced first: . "$(dirname "$0")/../steer.sh"
# lib.sh, and the network namespaces `pod` and `plain` with cgroups of the same names, each with a
# child `leaf`. All of it, and every trace of the steering programs, goes when the case ends.
# shellcheck source=tests/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

progs=$TOP/build/tests/vm/progs
# shellcheck disable=SC2034 # for the cases
pins=/sys/fs/bpf/smc-cni
cgroups=/sys/fs/cgroup

steerctl() { "$progs/steerctl" "$@"; }

# agent COMMAND...: as steerctl, by one process that keeps its handle and is there from the first
# call on: loading programs takes an emulated machine seconds. agent_kill ends it.
agent() { asked "$ask" "$answer" "$@"; }

agent_start()
{
	"$progs/steerctl" <&"$ask" >&"$answer" 2>&1 &
	agent_pid=$!
}

agent_kill()
{
	kill -9 "$agent_pid" 2> /dev/null || :
	wait "$agent_pid" 2> /dev/null || :
}

# is "sentence" EXPECTED COMMAND...: the case fails unless COMMAND prints EXPECTED
is()
{
	local sentence=$1 want=$2 got
	shift 2
	got=$("$@" 2>&1) || :
	[ "$got" = "$want" ] || die "$sentence: '$got' instead of '$want' ($*)"
	printf 'ok: %s: %s\n' "$sentence" "$got"
}

# fails "sentence" PATTERN COMMAND...: the case fails unless COMMAND does, saying what PATTERN has
fails()
{
	local sentence=$1 want=$2 got
	shift 2
	if got=$("$@" 2>&1); then
		die "$sentence: succeeded with '$got' ($*)"
	fi
	# shellcheck disable=SC2053 # it is a pattern
	[[ $got == $want ]] || die "$sentence: '$got' instead of '$want' ($*)"
	printf 'ok: %s: %s\n' "$sentence" "$got"
}

# inside NETNS CGROUP COMMAND...: not by `ip netns exec`, which hides cgroupfs
inside()
{
	local netns=$1 cgroup=$2
	shift 2
	in_cgroup "$cgroup" nsenter --net="/run/netns/$netns" "$@"
}

# probe NETNS CGROUP QUESTION...: see sockprobe.c
probe()
{
	local netns=$1 cgroup=$2
	shift 2
	inside "$netns" "$cgroup" "$progs/sockprobe" "$@"
}

# counter NETNS NAME
counter() { agent counters "/run/netns/$1" | tr ' ' '\n' | sed -n "s/^$2=//p"; }

work=$(mktemp -d)
at_exit rm -r "$work"
mkfifo "$work/ask" "$work/answer"
exec {ask}<> "$work/ask" {answer}<> "$work/answer"
if [ ! -e /run/netns ]; then
	at_exit eval 'umount /run/netns; rmdir /run/netns' # a mount point from the first on
fi
for name in pod plain; do
	ip netns add $name
	at_exit ip netns del $name
	ip -n $name link set lo up
	mkdir -p $cgroups/$name/leaf
	at_exit rmdir $cgroups/$name/leaf $cgroups/$name
done
at_exit steerctl cgroup-remove-all $cgroups , remove-all
agent_start
at_exit agent_kill
modprobe -q smc || : # built into the kernel that has no modules
