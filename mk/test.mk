# SPDX-License-Identifier: Apache-2.0
# Tests: unit (native), fuzz (native), VM cases, mutants.

# tests/unit starts no program; what does is in tests/program: our own programs, ip, openssl.
UNIT       := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
PROGRAM    := $(patsubst %.c,$(B)/%,$(wildcard tests/program/test_*.c))
LINK_archives := -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS_node-agent) -lm

# What tests share is in the other files of their folder; tests/program has what tests/unit shares,
# too.
helpers = $(patsubst %.c,$(B)/obj/%.o,$(filter-out $(1)/test_%,$(wildcard $(1)/*.c)))
HELPERS_unit    := $(call helpers,tests/unit)
HELPERS_program := $(HELPERS_unit) $(call helpers,tests/program)

# Every test is linked with all archives (the linker takes what it needs), and the functions
# for which it brings a __wrap_ are wrapped.
define test_rules
$(B)/tests/$(1)/%: $(B)/obj/tests/$(1)/%.o $(HELPERS_$(1)) $(ARCHIVES)
	$$(call say,LD)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS_) -o $$@ $$< $(HELPERS_$(1)) $$(LINK_archives) -lcmocka \
		$$$$(grep -o '__wrap_[A-Za-z0-9_]*' tests/$(1)/$$*.c | sort -u | \
			sed s/__wrap_/-Wl,--wrap=/)
endef
$(foreach d,unit program,$(eval $(call test_rules,$(d))))

# --- programs that VM cases run: one a file, the ones named *-static.c linked static; and BPF
# objects
VMPROGS_DIR := tests/vm/progs
VMPROGS := $(patsubst %.c,$(B)/%,$(filter-out %.bpf.c,$(wildcard $(VMPROGS_DIR)/*.c))) \
           $(patsubst %.bpf.c,build/%.bpf.o,$(wildcard $(VMPROGS_DIR)/*.bpf.c))

$(B)/$(VMPROGS_DIR)/%: $(B)/obj/$(VMPROGS_DIR)/%.o $(ARCHIVES)
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_) $(if $(filter %-static,$*),-static $<,$< $(LINK_archives)) -o $@

build/$(VMPROGS_DIR)/%.bpf.o: $(VMPROGS_DIR)/%.bpf.c
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CPPFLAGS) $(BPF_CFLAGS) -MD -MP -c -o $@ $<

vm-build: $(VMPROGS) conformance-build

unit-build: $(UNIT) $(PROGRAM)
.PHONY: unit-build vm-build

# What waits most begins first.
unit: unit-build ## run the tests of tests/unit and tests/program here (also: SAN=address,undefined)
	@tests/unit/run $(PROGRAM) $(UNIT)

# A failure of one part does not hide the other's.
test: ## unit and conformance tests, and the VM cases on the stock 6.12 kernel
	@$(MAKE) deps
	@$(MAKE) $(PARALLEL) all unit-build vm-build
	@rc=0; export STORM=500 FAULT_STEP=1; \
		for part in unit conformance test-deploy; do $(MAKE) $$part || rc=1; done; \
		tests/vm/run-cases 6.12 || rc=1; exit $$rc

test-all: ## make test, the VM cases on the 7.3 kernel, make test-e2e
	@rc=0; $(MAKE) test || rc=1; tests/vm/run-cases 7.3 || rc=1; $(MAKE) test-e2e || rc=1; \
		exit $$rc

test-long: all unit-build vm-build ## the VM cases that take minutes: rights taken away, faults
	@VM_CASES=tests/vm/long tests/vm/run-cases 6.12
.PHONY: test-long

CONFORM_IPAM := $(B)/tests/conformance/ipam/conform-ipam

$(CONFORM_IPAM): $(B)/obj/tests/conformance/ipam/conform-ipam.o $(call archive,common)
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_) -o $@ $^ $(LIBS_cni-plugin)

conformance-build: $(B)/bin/smc-cni $(CONFORM_IPAM)
.PHONY: conformance-build

conformance: conformance-build ## what the CNI specification says, rule by rule (as root)
	@tests/conformance/all

test-cnitool: conformance-build ## the plugin under libcni's own tool (needs Go 1.26)
	@tests/conformance/cnitool
.PHONY: test-cnitool

# The container image and what goes to a cluster, without a cluster. Not with SAN.
test-deploy: image
	@rc=0; tests/deploy/manifests || rc=1; tests/deploy/image || rc=1; exit $$rc
.PHONY: test-deploy conformance

# What needs a kernel's answers in its own byte order, or system calls that qemu 7.2 lacks.
NOT_EMULATED := $(patsubst %,$(B)/tests/unit/test_%,agent_events cgroup install_faults netns \
	offer_links offer_pod offer_program smc_nl sockdiag sysctl wire_sock)
# Of those that start programs, the one whose program need not be emulated.
EMULATED     := $(filter-out $(NOT_EMULATED),$(UNIT)) $(B)/tests/program/test_kube

test-cross: ## the image for ARCH=s390x (the default) or arm64, under an emulator
	@$(MAKE) deps ARCH=$(or $(CROSS),s390x)
	@$(MAKE) $(PARALLEL) ARCH=$(or $(CROSS),s390x) image unit-build
	@$(MAKE) ARCH=$(or $(CROSS),s390x) run-cross

run-cross:
	@rc=0; EMULATE='$(EMULATE)' tests/unit/run $(EMULATED) || rc=1; \
		tests/deploy/cross $(ROOTFS) $(firstword $(EMULATE)) || rc=1; exit $$rc
.PHONY: test-cross run-cross

# The chart against the kustomize base; our plugin under libcni; then a cluster of its own for each
# kernel, both at a time: they wait more than they work. E2E=short has the list on 7.3 alone, one
# node.
E2E ?= all
test-e2e: ## a real Kubernetes, its nodes in VMs, our image applied to it (needs Go 1.26)
	@$(MAKE) deps
	@$(MAKE) $(PARALLEL) image
	@$(MAKE) test-e2e-$(E2E)

test-e2e-short:
	@rc=0; tests/deploy/helm || rc=1; tests/deploy/rules || rc=1; \
		$(MAKE) test-cnitool || rc=1; tests/e2e/admission || rc=1; \
		tests/e2e/run -k 7.3 || rc=1; exit $$rc

test-e2e-all:
	@rc=0; tests/deploy/helm || rc=1; tests/deploy/rules || rc=1; \
		$(MAKE) test-cnitool || rc=1; \
		tests/e2e/run -k 7.3 > build/e2e-7.3.log 2>&1 & short=$$!; \
		tests/e2e/run -k 6.12 || rc=1; wait $$short || rc=1; \
		cat build/e2e-7.3.log; exit $$rc
.PHONY: test-e2e test-e2e-short test-e2e-all

# --- benches (docs/performance.md): nothing of them is run by the tests
bench-build: all vm-build $(B)/tests/bench/cni/stopwatch
.PHONY: bench-build

$(B)/tests/bench/cni/stopwatch: $(B)/obj/tests/bench/cni/stopwatch.o
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_) -static $< -o $@

# --- fuzzing: clang's libFuzzer, in a flavour of its own
FUZZ       := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SAN   := fuzzer-no-link,address,undefined

fuzz: ## run each fuzz target for FUZZ_SECONDS
	@$(MAKE) $(PARALLEL) CC=$(CLANG) SAN=$(FUZZ_SAN) fuzz-run

fuzz-run: $(FUZZ)
	@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)
.PHONY: fuzz-run

$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(ARCHIVES)
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_) -fsanitize=fuzzer -o $@ $< $(LINK_archives)

mutants: all unit-build ## break the product on purpose: each mutant must be caught by its test
	@tests/mutants/run $(MUTANTS)

# What is preloaded is loaded into these: of both libcs, and one that it does not reach. They have
# no sanitizer, which would have to come first.
PROBES := $(addprefix $(B)/tests/preload/probe,$(if $(CROSS),,-musl) -static) \
          $(B)/tests/preload/probe
$(B)/tests/preload/probe-musl: PROBE_CC = musl-gcc
$(B)/tests/preload/probe-static: PROBE_CC = $(CC) -static
$(PROBES): tests/preload/probe.c
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(or $(PROBE_CC),$(CC)) -std=gnu11 -D_GNU_SOURCE $(WARN) -O1 -o $@ $<
$(B)/tests/program/test_preload: $(PRELOAD) $(PROBES)
vm-build: $(PROBES)

# What the tests run.
$(filter $(B)/tests/program/test_cni_%,$(PROGRAM)): $(B)/bin/smc-cni
$(patsubst %,$(B)/tests/program/test_%,\
	$(patsubst %,agent_%,socket life pending kube install nri) uninstall): \
	$(B)/bin/smc-node-agent
$(B)/tests/program/test_perf: $(B)/bin/smc-perf
$(B)/tests/program/test_cni_fault: $(B)/fault/bin/smc-cni
$(B)/tests/program/test_agent_fault: $(B)/fault/bin/smc-cni $(B)/fault/bin/smc-node-agent
