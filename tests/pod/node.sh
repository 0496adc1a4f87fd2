# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Makes the guest a small node: an Ethernet bridge with pods' addresses, soft-RoCE on it where the
# kernel has SMC-R only, a CNI chain with smc-cni behind the reference bridge plugin, and the agent
# with a manifest folder. To be sourced.
#
#   node_up                    everything; the agent answers when it returns
#   node_settle                before a snapshot: what stays and is not ours
#   node_down                  pods stopped, agent stopped, --cleanup, bridge gone
#   agent_start | agent_stop SIGNAL
#   node_run NAME STEER COMMAND...   writes the manifest of a pod and starts it; STEER none: no
#                              annotation; NODE_PEERS: its annotation `peers`
#   node_status NAME JQ_PATH   of a pod in `smcctl status --json`
# Settings: TOP (the source tree), NODE_DIR (state and manifests of this node), NODE_AGENT_YAML
# (more of agent.yaml),
# NODE_CHAIN (behind-bridge, alone), NODE_IPV6 (not empty: dual stack).

TOP=${TOP:?the source tree}
NODE_DIR=${NODE_DIR:-/run/test-node}
NODE_BRIDGE=${NODE_BRIDGE:-cni0}
export POD_DIR=${POD_DIR:-/run/test-pods}
export CNI_CONF=$NODE_DIR/net.d/10-demo.conflist
export CNI_PATH=$TOP/build/bin:/usr/lib/cni
PATH=$TOP/build/bin:$TOP/tests/pod:$PATH

node_has_smcd() { # dibs loopback: SMC-D needs no device and no pnet
	[[ -d /sys/class/dibs || -d /sys/bus/dibs || -e /sys/devices/virtual/dibs ]] ||
		grep -qw dibs_init /proc/kallsyms
}

node_ipam() {
	local six=''
	[[ -z ${NODE_IPV6:-} ]] || six=', [{"subnet": "fd00:244::/64"}]'
	echo "{\"type\": \"host-local\", \"dataDir\": \"$NODE_DIR/leases\"," \
		"\"ranges\": [[{\"subnet\": \"10.244.0.0/24\"}]$six]," \
		"\"routes\": [{\"dst\": \"0.0.0.0/0\"}]}"
}

# NODE_CHAIN=alone: smc-cni makes the interface itself. An emulated machine is slow: the default of
# 2 s for the agent would let a pod start on TCP now and then, which is right, but not what we test.
node_conflist() {
	local capabilities='{"io.kubernetes.cri.pod-annotations": true, "cgroupPath": true}'
	case ${NODE_CHAIN:-behind-bridge} in
	behind-bridge)
		cat <<EOF
{"cniVersion": "1.0.0", "name": "podnet", "plugins": [
  {"type": "bridge", "bridge": "$NODE_BRIDGE", "isGateway": true, "ipMasq": false,
   "ipam": $(node_ipam)},
  {"type": "smc-cni", "agentTimeoutMs": 30000, "capabilities": $capabilities}
]}
EOF
		;;
	alone)
		cat <<EOF
{"cniVersion": "1.0.0", "name": "podnet", "plugins": [
  {"type": "smc-cni", "agentTimeoutMs": 30000, "capabilities": $capabilities, "ipam": $(node_ipam),
   "interface": {"kind": "veth", "bridge": "$NODE_BRIDGE", "isGateway": true}}
]}
EOF
		;;
	esac
}

node_agent_yaml() {
	cat <<EOF
nodeName: demo-node
podSource: {folder: $NODE_DIR/pods}
EOF
	if [[ -e /sys/class/infiniband/rxe0 ]]; then
		cat <<EOF
pnets:
  - id: DEMO
    rdma: [{device: rxe0, port: 1}]
    interfaces: [$NODE_BRIDGE]
EOF
	fi
}

node_bridge() {
	# With an address of its own: the bridge plugin's CHECK wants the one that ADD saw, and a
	# bridge without one takes the lowest of its ports'.
	ip link add "$NODE_BRIDGE" address 02:00:0a:f4:00:01 type bridge
	ip addr add 10.244.0.1/24 dev "$NODE_BRIDGE"
	ip link set "$NODE_BRIDGE" up
	node_has_smcd || rdma link add rxe0 type rxe netdev "$NODE_BRIDGE"
}

agent_start() {
	smc-node-agent --config "$NODE_DIR/agent.yaml" >>"$NODE_DIR/agent.log" 2>&1 &
	AGENT_PID=$!
	local deadline=$((SECONDS + 150))
	until smcctl status --json >/dev/null 2>&1; do
		if ! kill -0 "$AGENT_PID" 2>/dev/null || ((SECONDS >= deadline)); then
			echo "the agent does not answer; its log:" >&2
			tail -n 20 "$NODE_DIR/agent.log" >&2
			return 1
		fi
		sleep 0.3
	done
}

agent_stop() { # SIGNAL
	kill -"$1" "$AGENT_PID" 2>/dev/null || true
	wait "$AGENT_PID" 2>/dev/null || true
}

# What stays on a node once pods have been on it, and is not ours: the kernel's modules and sysctls,
# forwarding (a gateway needs it), iproute2's mount of /run/netns. To be called before a snapshot.
node_settle() {
	modprobe -a smc rdma_rxe 2>/dev/null || true # the latter has sockets of its own
	echo 1 >/proc/sys/net/ipv4/ip_forward
	ip netns add settle
	ip netns delete settle
}

node_up() {
	mkdir -p "$NODE_DIR/net.d" "$NODE_DIR/pods"
	node_conflist >"$CNI_CONF"
	node_bridge
	{
		node_agent_yaml
		printf '%s\n' "${NODE_AGENT_YAML:-}"
	} >"$NODE_DIR/agent.yaml"
	agent_start
}

node_down() {
	local pods
	mapfile -t pods < <(pod list)
	[[ ${#pods[@]} -eq 0 ]] || pod down "${pods[@]}"
	agent_stop TERM
	smc-node-agent --cleanup --config "$NODE_DIR/agent.yaml" >>"$NODE_DIR/agent.log" 2>&1
	[[ ! -e /sys/class/infiniband/rxe0 ]] || rdma link del rxe0
	ip link del "$NODE_BRIDGE"
	rmdir /sys/fs/cgroup/kubepods/besteffort /sys/fs/cgroup/kubepods
	rm -rf "$NODE_DIR" "$POD_DIR"
}

node_manifest() { # NAME STEER COMMAND...
	local name=$1 steer=$2
	shift 2
	cat <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: $name
  namespace: shop
  annotations: {$([[ $steer = none ]] || echo "smc-cni.io/steer: $steer")$(
	[[ -z ${NODE_PEERS:-} ]] || echo ", smc-cni.io/peers: \"$NODE_PEERS\"")}
spec:
  containers:
    - name: main
      command: [$(printf '"%s", ' "$@" | sed 's/, $//')]
EOF
}

node_run() { # NAME STEER COMMAND...
	node_manifest "$@" >"$NODE_DIR/pods/$1.yaml"
	pod up "$NODE_DIR/pods/$1.yaml"
}

node_status() { # NAME JQ_PATH
	smcctl status --json | jq -r --arg pod "$1" ".pods[] | select(.name == \$pod) | $2"
}

node_equals() { # NAME JQ_PATH WANT
	local got
	got=$(node_status "$1" "$2")
	[[ $got = "$3" ]] || {
		echo "$2 of $1 is '$got', expected '$3'"
		return 1
	}
}
