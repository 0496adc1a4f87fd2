# SPDX-License-Identifier: Apache-2.0
# The container image, as an OCI archive: no container engine, no registry.

IMAGE_OUT := build/image/smc-cni$(if $(CROSS),-$(ARCH)).tar
# The folder's name makes no difference; nothing of an earlier build stays in it.
ROOTFS    := $(B)/image/rootfs
# Debian's packages of what the plugin is linked with statically: their licences go along.
STATIC_IN := $(or $(MUSL:%=%-dev),libc6-dev) libjansson-dev libnl-3-dev

image: all ## the container image build/image/smc-cni.tar (ARCH=, IMAGE=)
	$(Q)rm -rf $(ROOTFS)
	$(Q)mkdir -p $(ROOTFS) $(dir $(IMAGE_OUT))
	$(Q)packaging/image/rootfs $(TRIPLET) $(B)/bin $(ROOTFS) '$(SYSROOT)' $(STATIC_IN)
	$(Q)packaging/image/oci $(ROOTFS) $(ARCH) $(IMAGE) $(VERSION) $(IMAGE_OUT) \
		>$(IMAGE_OUT).digest
	@echo "$(IMAGE_OUT): $(IMAGE) $$(cat $(IMAGE_OUT).digest)"
