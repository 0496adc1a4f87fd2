# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# For the cases about security modules, after lib.sh: a small node with the steered pods `server`
# and `client` and the pod `plain`, and each call that a confined program of theirs makes on its
# sockets. The agent is killed: steering stays as it is, whatever the node becomes.
#
#	confined POD COMMAND...	with $confinement in the process attribute $attribute, as a
#				runtime does it
#	talk SERVER CLIENT	one connection between the pods; $server and $client are what each
#				call gave (calls.c)
#	talk_smc SERVER CLIENT	the same, until it is SMC: five at most
#	gave "CALL=RESULT ..." RESULTS
#	all_works PROTOCOL SERVER CLIENT	the same, and each call gave what it gives over TCP
# shellcheck source=tests/pod/node.sh
. "$TOP/tests/pod/node.sh"
calls=$TOP/build/tests/vm/progs/calls
served='bind-0=ok bind=ok listen=ok accept=ok getpeername=ok setsockopt=ok recv=ok getsockopt=ok'
served+=' send=ok shutdown=ok'
asked='socket=ok connect=ok getpeername=ok setsockopt=ok getsockopt=ok send=ok recv=ok'
refused=${asked#*connect=ok }
refused="${refused//=ok/=EACCES} shutdown=EACCES" # all that a server does with a connection

confined()
{
	# shellcheck disable=SC2016 # for the other shell
	pod enter "$1" sh -c 'printf %s "$1" > "$0" && shift && exec "$@"' \
		"/proc/self/attr/$attribute" "$confinement" "${@:2}"
}

talk()
{
	local one
	confined "$1" "$calls" server 6379 > "$work/server" &
	one=$!
	eventually 20 grep -q PORT= "$work/server" || die "no server: $(cat "$work/server")"
	client=$(confined "$2" "$calls" client "$(pod ip "$1")" \
		"$(sed -n s/^PORT=//p "$work/server")")
	wait $one
	server=$(grep -v PORT= "$work/server" | tr '\n' ' ')
	printf '\tserver: %s\n\tclient: %s\n' "$server" "$client"
}

gave()
{
	local want
	for want in $1; do
		[[ " $2 " = *" $want "* ]] || { echo "no '$want' in '$2'"; return 1; }
	done
}

# When all is slow a connection may fall back to TCP; where the agent runs, it says why.
talk_smc()
{
	for _ in 1 2 3 4 5; do
		talk "$@"
		! gave protocol=256 "$client" > /dev/null || return 0
		smcctl status "$1" 2>&1 | grep -A 4 Fallbacks || :
	done
}

all_works()
{
	if [ "$1" = 256 ]; then
		talk_smc "$2" "$3"
	else
		talk "$2" "$3"
	fi
	check "the server's calls give what they give over TCP" gave "$served protocol=$1" "$server"
	check "and the client's" gave "$asked protocol=$1" "$client"
}

work=$(mktemp -d)
at_exit rm -rf "$work"
node_settle
node_up
at_exit node_down
node_run server enabled /bin/sleep infinity
node_run client enabled /bin/sleep infinity
node_run plain none /bin/sleep infinity
# While the agent is down no RDMA path is proven, and what is proven holds.
pod enter server "$calls" server 6379 > "$work/server" &
proof=$!
eventually 20 grep -q PORT= "$work/server"
pod enter client "$calls" client "$(pod ip server)" \
	"$(sed -n s/^PORT=//p "$work/server")" > /dev/null
wait $proof
path_is_proven() { [ "$(smcctl status --json | jq -r '.node.paths[0].state')" = proven ]; }
check "there is an RDMA path" eventually 30 path_is_proven
agent_stop KILL
