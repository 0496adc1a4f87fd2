# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # tmp is the caller's
# What is made of Debian's packages and kept in a cache; sourced by packaging/static-libs and
# tests/vm/kernel, which set `making` (in front of each message).

cache=${XDG_CACHE_HOME:-$HOME/.cache}/smc-cni

say() { printf '%s: %s\n' "$making" "$*" >&2; }
die() { say "$*"; exit 1; }
hash_of() { cat -- "$@" | sha256sum | cut -c1-12; }

# A word changed in a comment is no reason to make it anew.
recipe_of() { hash_of <(grep -hv '^[[:space:]]*#' "$@"); }

# cache_begin NAME: one caller at a time makes NAME; $tmp is a folder for that, on the cache's file
# system.
cache_begin()
{
	mkdir -p "$cache"
	exec 9> "$cache/$1.lock"
	if ! flock -n 9; then
		say "waiting for another caller that makes it"
		flock 9
	fi
	tmp=$(mktemp -d "$cache/.$1.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	apt_options=(-o "Dir::Etc::sourcelist=$tmp/apt/sources.list" -o Dir::Etc::sourceparts=-
		-o "Dir::State::Lists=$tmp/apt/lists" -o "Dir::Cache=$tmp/apt/cache"
		-o APT::Sandbox::User=root)
}

# mirrors FORMAT FILTER...: FORMAT for each suite of Debian that this machine already uses.
mirrors()
{
	local format=$1
	shift
	apt-get indextargets --format "$format" 'Created-By: Packages' 'Origin: Debian' "$@" |
		sort -u
}

# apt_private: makes apt in $tmp/apt know what is on stdin, "deb|deb-src MIRROR SUITE" a line,
# without touching the machine's own lists. Afterwards `apt_get` and apt-cache with apt_options look
# there.
apt_private()
{
	mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache"
	sed 's|^[^ ]*|& [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]|; s|$| main|' \
		> "$tmp/apt/sources.list"
	[ -s "$tmp/apt/sources.list" ] ||
		die "apt knows no mirror of it (run 'apt-get update' first)"
	say "asking the mirror for the packages of" \
		"$(awk '{ print $4 }' "$tmp/apt/sources.list" | sort -u | xargs)"
	apt_get -qq update >&2
}

apt_get()
{
	(cd "$tmp" && apt-get "${apt_options[@]}" "$@")
}
