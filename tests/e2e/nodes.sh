# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work, kernel, here, TOP, tools: the caller's
# The nodes of a cluster: guests that run tests/e2e/node. Sourced by run.
#
#	node_begin N		starts the guest
#	node_join N		gives it what it needs; returns when the node is Ready
#	node_end N		ends it; its status. Its logs are in $work/nN then
#	node_boot N		a reboot: the guest again, with the disk it had; returns when
#				it runs commands
#	node_running N, nodes_running	is it there; which are
#
# Each has a disk, $work/nN/disk, which has what outlives a reboot. n2 has systemd as process 1 and
# the kubelet's driver for it, n1 has the cgroupfs driver. On 6.12 a cable is between them, and
# soft-RoCE on it. What runs a guest has its pid in a file, since cases, which start and end nodes,
# are subshells.

cable=$(mktemp -d) # short: the name of a socket has at most 108 characters

node_running() { kill -0 "$(cat "$work/n$1/pid" 2> /dev/null || echo none)" 2> /dev/null; }

nodes_running()
{
	local n
	for n in 1 2; do
		! node_running "$n" || echo "$n"
	done
}

node_begin() # N
{
	local options=()
	mkdir -p "$work/n$1"
	if [ ! -e "$work/n$1/disk" ]; then
		truncate -s 8G "$work/n$1/disk"
		/sbin/mkfs.ext4 -q -F "$work/n$1/disk"
	fi
	[ "$kernel" != 6.12 ] || options+=(-n "$cable/$1")
	[ "$1" = 1 ] || options+=(-i systemd)
	rm -rf "$work/n$1/status" "$work/n$1/control" # of an earlier boot
	mkdir "$work/n$1/control"
	(
		VM_QUEUED=yes "$TOP/tests/vm/run" -k "$kernel" -t 5000 -m 4096 -u "${options[@]}" \
			-d "$work/n$1/disk" -C "$work/n$1/control" -N "e2e-$kernel-n$1" -- \
			bash -c 'until [ -e /run/vm/out/setup/go ]; do sleep 0.1; done
				exec "$@" /run/vm/out/setup' . \
			"$here/node" "n$1" "$tools" "$work/images" &
		echo $! > "$work/n$1/pid"
		status=0
		wait $! || status=$?
		echo $status > "$work/n$1/status"
	) < /dev/null >> "$work/n$1/node.log" 2>&1 &
	eventually 10 test -e "$work/n$1/pid"
}

# The control folder is made anew when a boot is tried again; so the set-up follows when the guest
# is there.
node_set_up() # N
{
	local setup=$work/n$1/control/out/setup
	eventually 240 test -e "$work/n$1/control/ready"
	mkdir -p "$setup/jobs"
	echo 0 > "$setup/jobs/last"
	echo "$api_port" > "$setup/api-port"
	kubeconfig_for "node-n$1-token" "https://10.0.2.2:$api_port" > "$setup/kubelet.kubeconfig"
	: > "$setup/go"
	eventually 240 test -e "$setup/up"
}

node_ready() # N
{
	node_running "$1" || return 0 # told by who waits for it
	local path='{.status.conditions[?(@.type=="Ready")].status}'
	[ "$(kubectl get node "n$1" -o "jsonpath=$path")" = True ]
}

node_join() # N
{
	node_set_up "$1" && eventually 300 node_ready "$1" && node_running "$1" &&
		say "node n$1 is Ready"
}

node_end() # N
{
	local out=$work/n$1/control/out log
	: > "$out/setup/end" 2> /dev/null || :
	eventually 20 test -e "$work/n$1/status" 2> /dev/null || kill "$(cat "$work/n$1/pid")"
	eventually 20 test -e "$work/n$1/status"
	rm -f "$work/n$1/pid"
	for log in "$out"/*.log; do
		cat "$log" >> "$work/n$1/${log##*/}"
	done
	return "$(cat "$work/n$1/status")"
}

node_boot() # N
{
	node_end "$1"
	node_begin "$1"
	node_set_up "$1"
}
