/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/steer/impl.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/cleanup.h"
#include "common/file.h"

#define VMLINUX_BTF "/sys/kernel/btf/vmlinux"
#define AVAILABLE_ULP "/proc/sys/net/ipv4/tcp_available_ulp"
#define HOOK "update_socket_protocol"

/* Link-time optimisation makes a static symbol global and adds to its name: Clang's ThinLTO a hash
 * of the module (".llvm.1234"), GCC's a number (".lto_priv.0"). */
static bool is_lto_suffix(const char *text)
{
	static const char *const kinds[] = { ".llvm.", ".lto_priv." };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t len = strlen(kinds[i]);

		if (!strncmp(text, kinds[i], len) && text[len])
			return strspn(text + len, "0123456789") == strlen(text + len);
	}
	return false;
}

/* What was seen under a name; `exact` beats one with a suffix. */
struct sighting {
	struct steer_symbol symbol;
	bool exact;
};

static void see(struct sighting *s, const char *base, const char *name, uint64_t address)
{
	size_t len = strlen(base);
	bool exact = !strcmp(name, base);

	if (!exact && (strncmp(name, base, len) != 0 || !is_lto_suffix(name + len)))
		return;
	if (s->symbol.target == FACTS_TARGET_NO_SYMBOL || (exact && !s->exact)) {
		s->symbol.target = address ? FACTS_TARGET_OK : FACTS_TARGET_HIDDEN;
		s->symbol.address = address;
		s->exact = exact;
	} else if (exact == s->exact && address != s->symbol.address) {
		s->symbol.target = FACTS_TARGET_AMBIGUOUS;
		s->symbol.address = 0;
	}
}

/* Lines read "ffffffff82e4f2c0 b inetsw", with a tab and "[ipv6]" behind it for a module's. Without
 * the right to see addresses (kernel/kallsyms.c, kallsyms_show_value) all of them read 0. */
int steer_facts_symbols(const char *kallsyms, struct steer_symbols *ret, struct err *err)
{
	auto_fclose FILE *f = fopen(kallsyms, "re");
	struct sighting v4 = { .symbol.target = FACTS_TARGET_NO_SYMBOL };
	struct sighting v6 = v4, landlock = v4;
	char line[512];

	if (!f)
		return err_sys(err, errno, "open '%s'", kallsyms);
	while (fgets(line, sizeof(line), f)) {
		unsigned long long address;
		char name[128];

		if (!strstr(line, " inetsw") && !strstr(line, " landlock_blob"))
			continue; /* most of 200,000 lines: no parsing */
		if (sscanf(line, "%llx %*c %127s", &address, name) != 2)
			continue;
		see(&v4, "inetsw", name, address);
		see(&v6, "inetsw6", name, address);
		see(&landlock, "landlock_blob_sizes", name, address);
	}
	if (ferror(f))
		return err_sys(err, errno, "read '%s'", kallsyms);
	*ret = (struct steer_symbols){ v4.symbol, v6.symbol, landlock.symbol };
	return 0;
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || at[-1] == ' ') && strchr(" \n", at[len]))
			return true; /* strchr finds the NUL too */
	return false;
}

bool steer_facts_ulp_unsafe(const char *available, bool smc_loaded, const char *release)
{
	unsigned major;

	if (has_word(available, "smc"))
		return true;
	return !smc_loaded && (sscanf(release, "%u", &major) != 1 || major < 7);
}

int steer_facts_ulp(bool *ret, struct err *err)
{
	auto_free char *available = NULL;
	struct utsname kernel;
	int rc = file_read(AT_FDCWD, AVAILABLE_ULP, 4096, &available, NULL, err);

	if (rc < 0)
		return rc;
	if (uname(&kernel) < 0)
		return err_sys(err, errno, "read kernel release");
	*ret = steer_facts_ulp_unsafe(available, access("/sys/module/smc", F_OK) == 0,
				      kernel.release);
	return 0;
}

static bool hook_in_btf(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool found;

	if (!btf)
		return false;
	found = btf__find_by_name_kind(btf, HOOK, BTF_KIND_FUNC) > 0;
	btf__free(btf);
	return found;
}

/* A kernel does not lose what was seen in it, so the searches of 200,000 symbols and of 6 MB of BTF
 * end with the first success. */
int steer_symbols(struct steer_symbols *ret, struct err *err)
{
	static struct steer_symbols seen;

	if (!seen.v4.address || !seen.v6.address) {
		int rc = steer_facts_symbols("/proc/kallsyms", &seen, err);

		if (rc < 0)
			return rc;
	}
	*ret = seen;
	return 0;
}

static bool hook_seen(void)
{
	static bool seen;

	if (!seen)
		seen = hook_in_btf();
	return seen;
}

int steer_facts_read(struct facts_kernel *ret, struct err *err)
{
	struct facts_kernel facts = { .btf = access(VMLINUX_BTF, R_OK) == 0 };
	struct steer_symbols symbols;
	int rc = steer_symbols(&symbols, err);

	if (rc < 0)
		return rc;
	rc = steer_facts_ulp(&facts.ulp_unsafe, err);
	if (rc < 0)
		return rc;
	facts.target_v4 = symbols.v4.target;
	facts.target_v6 = symbols.v6.target;
	facts.hook = facts.btf && hook_seen();
	*ret = facts;
	return 0;
}
