# shellcheck shell=bash
# The leak check: a full dump of what a node's kernel and folders hold, before and after; sourced by lib.sh.
# It lists everything, not names of ours, and leaves out only what differs from run to run
# without anybody's doing (ids, counters, time stamps). Load the modules that the case uses before
# the first snapshot: they bring sysctls of their own. FILE is best in $VM_OUT (not in what is listed).
#
#	snapshot FILE		writes the dump, each line with the name of its section in front
#	snapshot_diff A B	status 0 if B is as A; otherwise prints the differences

snapshot()
{
	local part complaints
	complaints=$(mktemp -p /dev/shm)
	for part in links addresses routes rules tc smc rdma sysctls bpf bpffs netns cgroups files \
		mounts sockets; do
		(
			set +eo pipefail
			"snapshot_$part" 2>> "$complaints" | sed "s/^/$part: /"
		)
	done > "$1"
	# A part that cannot look must not pass for a part that found nothing.
	[ ! -s "$complaints" ] || die "snapshot: $(cat "$complaints")"
	rm "$complaints"
}

snapshot_diff()
{
	local difference
	difference=$(diff "$1" "$2" | grep '^[<>]') || return 0
	printf 'the node is not as it was (< before, > after):\n%s\n' "$difference"
	return 1
}

without_index() { sed -E 's/^[0-9]+: //; s/ +/ /g'; }

snapshot_links() { ip -o -d link show | without_index; }
snapshot_addresses() { ip -o address show | without_index; }
snapshot_routes() { { ip -4 route show table all; ip -6 route show table all; } | sort; }
snapshot_rules() { ip -4 rule show; ip -6 rule show; }

snapshot_tc()
{
	local path device
	tc qdisc show
	bpftool net show
	for path in /sys/class/net/*/ifindex; do
		device=$(basename "$(dirname "$path")")
		tc filter show dev "$device"
		tc filter show dev "$device" ingress
		tc filter show dev "$device" egress
	done 2> /dev/null
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

# Ids, addresses, times, sizes after JIT and the holders' pids vary; the rest says what it is.
snapshot_bpf()
{
	local kind
	for kind in prog map link; do
		bpftool -j "$kind" show | jq -cS --arg kind "$kind" '.[]
			| del(.id, .loaded_at, .pids, .btf_id, .map_ids, .prog_id, .target_obj_id,
				.target_btf_id, .bytes_jited, .run_time_ns, .run_cnt)
			| [$kind, .]' | sort
	done
	bpftool cgroup tree | sed -E 's/^([^0-9]*)[0-9]+/\1/'
}

snapshot_bpffs() { find /sys/fs/bpf -mindepth 1 -printf '%y %m %p\n' | sort; }

# Namespaces that a process lives in, holds open, or that are bound to a file.
snapshot_netns()
{
	{
		readlink /proc/[0-9]*/ns/net
		find /proc/[0-9]*/fd -lname 'net:*' -printf '%l held open\n'
		grep -h ' nsfs ' /proc/[0-9]*/mountinfo | cut -d' ' -f4,5
		ip netns list | cut -d' ' -f1
		ls /run/netns
	} 2> /dev/null | sort -u
}

snapshot_cgroups() { find /sys/fs/cgroup -type d | sort; }

# host-local keeps its lock and the last address it gave; neither is a lease.
snapshot_files()
{
	find /var/lib/cni /run /tmp /etc/cni /opt/cni \
		-path /run/vm -prune -o -name 'last_reserved_ip.*' -o -name lock -o \
		-printf '%y %m %u %p %l\n' 2> /dev/null | sort
}

snapshot_mounts() { awk '{ print $3, $2, $4 }' /proc/self/mounts | sort; }
snapshot_sockets() { ss -Hlntu | awk '{ print $1, $5 }' | sort; ss -Hlx | awk '{ print $1, $5 }' | sort; }
