# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The leak check: a full dump of what a node's kernel and folders hold, before and after; sourced by
# lib.sh. It lists everything, not names of ours, and leaves out only what differs from run to run
# without anybody's doing (ids, counters, time stamps). Load the modules that the case uses before
# the first snapshot: they bring sysctls of their own. FILE is best in $VM_OUT, which is not listed.
#
#	snapshot FILE		writes the dump, each line with the name of its section in front
#	snapshot_diff A B	status 0 if B is as A; otherwise prints the differences

snapshot()
{
	local part complaints
	complaints=$(mktemp -p /dev/shm)
	for part in links addresses routes rules tc smc rdma sysctls bpf bpffs netns cgroups files \
		mounts sockets; do
		printf '== %s\n' "$part"
		(
			set +eo pipefail
			"snapshot_$part" 2>> "$complaints"
		) || :
	done | awk '/^== / { part = $2; next } { print part ": " $0 }' > "$1"
	# A part that cannot look must not pass for a part that found nothing.
	[ ! -s "$complaints" ] || die "snapshot: $(cat "$complaints")"
	rm "$complaints"
}

snapshot_diff()
{
	! cmp "$1" "$2" > /dev/null || return 0
	echo 'the node is not as it was (< before, > after):'
	diff "$1" "$2" | grep '^[<>]' || :
	return 1
}

without_index() { sed -E 's/^[0-9]+: //; s/ +/ /g'; }

# A bridge's timers run.
snapshot_links() { ip -o -d link show | sed -E 's/ [a-z_]+_timer +[0-9.]+//g' | without_index; }
snapshot_addresses() { ip -o address show | without_index; }
snapshot_routes() { ip route show table all | sort; }

# A kernel need not have multicast routing.
snapshot_rules()
{
	ip -4 rule show
	ip -6 rule show
	{ ip -4 mrule show; ip -6 mrule show; } 2> /dev/null
}

# Filters live below a parent that a device need not have: tc's complaints about that are no news.
snapshot_tc()
{
	local path device
	tc qdisc show
	for path in /sys/class/net/*/ifindex; do
		device=${path%/ifindex}
		device=${device##*/}
		printf 'filter show dev %s\n' "$device" "$device ingress" "$device egress"
	done | tc -force -batch - 2> /dev/null
}

snapshot_smc() { /usr/bin/python3 -I -S "$TOP/tests/vm/smc-dump"; }

snapshot_rdma()
{
	[ ! -d /sys/class/infiniband ] || ls /sys/class/infiniband
	[ ! -d /sys/class/infiniband ] || rdma system show
}

snapshot_sysctls()
{
	grep -rs '' /proc/sys/net/smc /proc/sys/net/ipv4 /proc/sys/net/ipv6 | sort
}

# Ids, times, sizes after JIT and the holders' pids vary; the rest says what it is.
snapshot_bpf()
{
	printf '%s\n' 'prog show' 'map show' 'link show' 'net show' 'cgroup tree' |
		bpftool -j batch file - | jq -rS 'walk(if type == "object" then
			del(.id, .loaded_at, .pids, .btf_id, .map_ids, .prog_id, .target_obj_id,
				.target_btf_id, .bytes_jited, .run_time_ns, .run_cnt)
			else . end) | map(select(.command))
			| if length == 5 and all(.output) then . else error(tojson) end
			| .[] | (.command | join(" ")) as $command
			| .output | if type == "array" then .[] else . end
			| "\($command) \(tojson)"' | sort
}

snapshot_bpffs() { find /sys/fs/bpf -mindepth 1 -printf '%y %m %p\n' | sort; }

# Namespaces that a process lives in, holds open, or that are bound to a file. A process that ends
# meanwhile is no news.
snapshot_netns()
{
	{
		find /proc/[0-9]*/ns/net /proc/[0-9]*/fd -lname 'net:*' -printf '%l\n'
		grep ' nsfs ' /proc/self/mountinfo | cut -d' ' -f4,5
		ls /run/netns
	} 2> /dev/null | sort -u
}

snapshot_cgroups() { find /sys/fs/cgroup -type d | sort; }

# host-local keeps its lock and the last address it gave; neither is a lease.
snapshot_files()
{
	find /var/lib/cni /run /tmp /etc/cni /opt/cni -xdev \
		-path /run/vm -prune -o -name 'last_reserved_ip.*' -o -name lock -o \
		-printf '%y %m %u %p %l\n' 2> /dev/null | sort
}

snapshot_mounts() { awk '{ print $3, $2, $4 }' /proc/self/mounts | sort; }
snapshot_sockets() { ss -Hlntux | awk '{ print $1, $5 }' | sort; }
