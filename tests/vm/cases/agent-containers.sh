#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: `containers`: only those that are named are steered, once the agent knows their cgroups
# kernels: 6.12 7.3
# short: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/agent.sh"

pod=/sys/fs/cgroup/kubepods/p
id() { printf '%064d' "$1" | tr 0-9 a-j; } # NUMBER: a container's id
# cgroup NAME NUMBER: web as the cgroupfs driver calls it, app as containerd's systemd driver
cgroup() { [ "$1" = web ] && id "$2" || echo "cri-containerd-$(id "$2").scope"; }
of() { in_cgroup "kubepods/p/$1" protocol p; }
what() { echo "$(of "$(cgroup app "$app")") $(of "$(cgroup web "$web")")"; }
is() { [ "$(what)" = "$1" ]; }

manifest() # [ANNOTATION [STATUS]]: what the pod says, and which containers run
{
	local annotation='' status=''
	[ -z "$1" ] || annotation=", smc-cni.io/containers: \"$1\""
	[ -z "${2-}" ] || status="status: {containerStatuses: [$2]}"
	cat > "$DIR/pods/.p" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: p, annotations: {smc-cni.io/steer: ${STEER:-enabled}$annotation}}
		spec: {containers: [{name: app}, {name: web}]}
		$status
	END
	mv "$DIR/pods/.p" "$DIR/pods/p.yaml"
}

running() # NAME NUMBER...: as a status has them
{
	local comma=''
	while [ $# -gt 0 ]; do
		printf '%s{name: %s, containerID: "containerd://%s"}' "$comma" "$1" "$(id "$2")"
		comma=', '
		shift 2
	done
}

add() # the plugin's ADD or DEL of p
{
	local result=''
	[ "$1" = DEL ] || result=",\"prevResult\": {\"cniVersion\": \"1.0.0\",
		\"interfaces\": [{\"name\": \"eth0\", \"sandbox\": \"/run/netns/p\"}],
		\"ips\": [{\"address\": \"10.9.0.1/24\", \"interface\": 0}]}"
	CNI_COMMAND=$1 CNI_CONTAINERID=p CNI_IFNAME=eth0 CNI_PATH=/nowhere CNI_NETNS=/run/netns/p \
		CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p" smc-cni <<-END
			{"cniVersion": "1.0.0", "name": "net", "type": "smc-cni",
			 "agentTimeoutMs": 30000,
			 "runtimeConfig": {"cgroupPath": "${CGROUP_PATH-/kubepods/p}"}$result}
		END
}

why() { status '.pods[0].policy.why'; }
says() { why | grep -q "$1"; }
container() { status ".pods[0].containers[] | select(.name == \"$1\") | $2"; }
entries() { bpftool -j map dump pinned "$(pins_folder)/containers" | jq length; }
entries_are() { [ "$(entries)" = "$1" ]; }

modprobe -a -q smc || :
agent_config ''
at_exit eval 'find /sys/fs/cgroup/kubepods -depth -type d -exec rmdir {} + 2> /dev/null || :'
at_exit agent_clean
ip netns add warm && ip netns del warm
snapshot "$VM_OUT/before"
agent_start

step "a pod whose first container has not begun"
manifest app ''
mkdir -p "$pod"
ip netns add p
ip -n p link add eth0 type dummy
check "ADD" add ADD
check "a manifest does not say which containers run: TCP" says 'manifests without a status'
app=1 web=2
mkdir "$pod/$(cgroup app 1)" "$pod/$(cgroup web 2)"
check "both are on TCP" is "6 6"

step "a container that is named is known"
manifest app "$(running web 2)"
named() { [ "$(container app .steered)" = false ]; }
check "the pod is steered, and the container not identified" eventually 20 named
check "status says it" test "$(container app '.why | test("not identified yet")')" = true
check "all are on TCP" is "6 6"
check "so is who is in the pod's own cgroup" test "$(in_cgroup kubepods/p protocol p)" = 6
manifest app "$(running web 2 app 1)"
check "it alone is steered" eventually 20 is "256 6"
check "status says it" test "$(container app .steered)" = true
check "with its id" test "$(container app .id)" = "$(id 1)"
check "smcctl too" sh -c 'smcctl status p | grep -A1 "^Containers *app: steered" |
	grep -q "all others are TCP"'
mkdir -p "$pod/$(cgroup app 1)/init.scope/x" "$pod/$(cgroup web 2)/$(cgroup app 1)"
check "what it has nested is its own" test "$(of "$(cgroup app 1)/init.scope/x")" = 256
check "another's cgroup of that name is not" test "$(of "$(cgroup web 2)/$(cgroup app 1)")" = 6
check "who enters from elsewhere is on TCP" test "$(protocol p)" = 6
rmdir "$pod/$(cgroup app 1)/init.scope/x" "$pod/$(cgroup app 1)/init.scope" \
	"$pod/$(cgroup web 2)/$(cgroup app 1)"

step "it begins anew, under another id"
rmdir "$pod/$(cgroup app 1)"
mkdir "$pod/$(cgroup app 3)"
app=3
check "it is on TCP until it is known" is "6 6"
manifest app "$(running web 2 app 3)"
check "then it is steered" eventually 20 is "256 6"
check "the entry of the one before is gone" entries_are 1

step "the id is known before the cgroup is there"
rmdir "$pod/$(cgroup app 3)"
manifest app "$(running web 2 app 4)"
gone() { [ "$(container app '.why | test("no cgroup")')" = true ]; }
check "status says it" eventually 20 gone
check "nothing is in the map" entries_are 0
mkdir "$pod/$(cgroup app 4)"
app=4
check "a sweep finds it" eventually 60 is "256 6"

step "the agent is killed, and the container begins anew meanwhile"
agent_end KILL
check "the one that was there stays steered" is "256 6"
mkdir "$pod/$(cgroup app 5)"
app=5
check "the new one is on TCP" is "6 6"
manifest app "$(running web 2 app 5)"
agent_start
check "an agent that comes back finds it" eventually 40 is "256 6"
check "and forgets the old one" eventually 20 entries_are 1
app=4
check "which is on TCP" is "6 6"
rmdir "$pod/$(cgroup app 4)"
app=5
agent_end KILL
agent_start
check "another start changes nothing" eventually 20 is "256 6"
check "its entry is there" entries_are 1

step "somebody deletes the entry"
map=$(pins_folder)/containers
bpftool -j map dump pinned "$map" | jq -r '.[].key | join(" ")' | while read -r key; do
	# shellcheck disable=SC2086 # one word a byte
	bpftool map delete pinned "$map" key $key
done
check "the container is on TCP" is "6 6"
check "the sweep repairs it" eventually 60 is "256 6"

step "the annotation changes while the pod runs"
manifest web "$(running web 2 app 5)"
check "the other one" eventually 20 is "6 256"
manifest "web,app" "$(running web 2 app 5)"
check "both" eventually 20 is "256 256"
check "the pod's own cgroup is on TCP still" test "$(in_cgroup kubepods/p protocol p)" = 6
(
	trap - EXIT
	in_cgroup "kubepods/p/$(cgroup app 5)" protocol p 100 0.05 > "$VM_OUT/all"
) &
watcher=$!
manifest '' "$(running web 2 app 5)"
everybody() { [ "$(in_cgroup kubepods/p protocol p)" = 256 ]; }
check "none is named: everybody" eventually 20 everybody
check "without an entry" eventually 20 entries_are 0
manifest app "$(running web 2 app 5)"
check "one again" eventually 20 is "256 6"
wait $watcher
refute "which was steered all the time" grep -qv 256 "$VM_OUT/all"
STEER=disabled manifest app "$(running web 2 app 5)"
check "none" eventually 20 is "6 6"
check "without an entry" eventually 20 entries_are 0

step "names that no container has"
manifest "app,wep" "$(running web 2 app 5)"
check "the others are steered" eventually 20 is "256 6"
check "status names the one" says "no container of the pod is called 'wep'"
manifest "wep" "$(running web 2 app 5)"
check "if there is no other one the pod is on TCP" eventually 20 is "6 6"
check "status names it" says "got 'wep', allowed: names of its containers"

step "two cgroups have the name of one container"
manifest app "$(running web 2 app 5)"
check "one" eventually 20 is "256 6"
mkdir "$pod/crio-$(id 5).scope"
check "with two it is nobody" eventually 60 is "6 6"
rmdir "$pod/crio-$(id 5).scope"
mkdir "$pod/crio-conmon-$(id 5).scope"
check "its monitor is none of them" eventually 60 is "256 6"
check "and on TCP" test "$(of "crio-conmon-$(id 5).scope")" = 6

step "DEL"
check "DEL" add DEL
check "all are on TCP" is "6 6"
check "nothing is in the map" entries_are 0

step "the runtime passes no cgroup path"
check "ADD" eval 'CGROUP_PATH= add ADD'
check "the pod is on TCP" is "6 6"
check "status says why" says 'the runtime passed no cgroup path'
check "DEL" add DEL

step "a pod that requires SMC"
STEER=required manifest app "$(running web 2 app 5)"
check "its ADD does not wait for a container" add ADD
check "its container is steered" eventually 20 is "256 6"
check "DEL" add DEL

step "all goes"
ip netns del p
agent_end TERM
find /sys/fs/cgroup/kubepods -depth -type d -exec rmdir {} +
check "--cleanup" smc-node-agent --cleanup --config "$DIR/agent.yaml"
rm -f "$AGENT_LOG" "$DIR/pods/p.yaml"
snapshot "$VM_OUT/after"
check "nothing is left behind" snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
