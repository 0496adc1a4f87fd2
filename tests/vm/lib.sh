# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For cases, sourced first: . "$(dirname "$0")/../lib.sh"
#
#	step WORDS...			says what the case does next
#	check "sentence" COMMAND...	the case fails unless COMMAND succeeds; its output is then
#					shown
#	refute "sentence" COMMAND...	the case fails if COMMAND succeeds
#	eventually SECONDS COMMAND...	repeats COMMAND until it succeeds; status 1 when the time is
#					over
#	at_exit COMMAND...		runs COMMAND when the case ends, however; the last one first
#	die WORDS... / skip WORDS...	ends the case as failed / as skipped, with the reason
#	snapshot FILE, snapshot_diff A B	see snapshot.sh
#	asked ASK ANSWER WORDS...	what a program that answers each line says (progs/serve.h),
#					by two descriptors; its status
#	in_cgroup CGROUP COMMAND...	as a process of that cgroup
#	pins_folder			where maps and hook of this version are pinned
#
# Sets TOP (the source tree), PATH with build/bin first, and bash's -euo pipefail.
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export TOP PATH=$TOP/build/bin:$PATH
# shellcheck source=tests/vm/snapshot.sh
. "$TOP/tests/vm/snapshot.sh"
# shellcheck source=tests/checks.sh
. "$TOP/tests/checks.sh"

skip()
{
	printf 'skip: %s\n' "$*"
	exit 77
}

pins_folder()
{
	echo "/sys/fs/bpf/smc-cni/v$(sed -n 's/^#define STEER_LAYOUT //p' "$TOP/bpf/steer.h")"
}

in_cgroup()
{
	(
		echo "$BASHPID" > "/sys/fs/cgroup/$1/cgroup.procs"
		shift
		exec "$@"
	)
}

asked()
{
	local ask=$1 answer=$2 line
	shift 2
	echo "$*" >&"$ask"
	while read -rt 60 -u "$answer" line; do
		case $line in
		done) return 0 ;;
		failed) return 1 ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	die "no answer to '$*'"
}

exit_commands=()
at_exit()
{
	exit_commands=("$(printf '%q ' "$@")" "${exit_commands[@]}")
	trap run_exit_commands EXIT
}

run_exit_commands()
{
	local status=$? command
	set +e
	for command in "${exit_commands[@]}"; do
		eval "$command"
	done
	exit $status
}

[ -n "${VM_KERNEL-}" ] || die "a case runs in a guest: tests/vm/run -- $0"
