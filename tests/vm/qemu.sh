# shellcheck shell=bash disable=SC2034,SC2054
# How a guest is started; sourced by run and shell.
#
# The processor is emulated everywhere: nested KVM is missing or broken on many machines (CI runners, small VMs),
# and a guest that behaves the same everywhere is worth more than a fast one.

# qemu_args KERNEL_DIR CONTROL_DIR MEMORY_MB ID: sets the array qemu_args. The caller adds the serial port.
# ID joins the guest to the common segment (UDP multicast on loopback); '' gives it no network card.
qemu_args()
{
	local dir=$1 control=$2 memory=$3 id=$4 initramfs
	initramfs=$(find "$dir" -name 'initramfs-*.gz' -printf '%T@ %p\n' | sort -rn | head -n 1)
	qemu_args=(
		qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max,la57=off
		-smp "$(nproc)" -m "$memory" -nodefaults -no-user-config -display none -no-reboot
		-device virtio-rng-pci
		-kernel "$dir/vmlinuz" -initrd "${initramfs#* }"
		-append 'console=ttyS0 loglevel=5 panic=-1 mitigations=off nokaslr random.trust_cpu=on'
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap
		-virtfs "local,path=${control//,/,,},mount_tag=vm,security_model=none,multidevs=remap"
	)
}
