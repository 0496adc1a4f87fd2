# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables are read by tests/vm/kernel
# Recipe of kernel 6.12: Debian's stock kernel of bookworm-backports, unpacked, not installed.
suite=bookworm-backports
package_pattern='linux-image-6\.12\.[0-9.+a-z]*-amd64-unsigned'

kernel_make()
{
	local deb=$1 out=$2 release
	say "unpacking"
	dpkg-deb -x "$deb" "$tmp/unpacked"
	mkdir -p "$out/lib"
	mv "$tmp/unpacked/lib/modules" "$out/lib/modules"
	release=$(ls "$out/lib/modules")
	mv "$tmp/unpacked/boot/vmlinuz-$release" "$out/vmlinuz"
	mv "$tmp/unpacked/boot/config-$release" "$out/config"
	depmod -b "$out" "$release"
	printf '%s\n' "$release" > "$out/release"
}
