#include "node-agent/steer_impl.h"

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

/* Lines read "ffffffff82e4f2c0 b inetsw", with a tab and "[ipv6]" behind it for a module's. Without
 * the right to see addresses (kernel/kallsyms.c, kallsyms_show_value) all of them read 0. */
int steer_facts_targets(const char *kallsyms, enum steer_target *ret_v4, enum steer_target *ret_v6,
			struct err *err)
{
	auto_fclose FILE *f = fopen(kallsyms, "re");
	enum steer_target v4 = STEER_TARGET_NO_SYMBOL;
	enum steer_target v6 = STEER_TARGET_NO_SYMBOL;
	char line[512];

	if (!f)
		return err_sys(err, errno, "open '%s'", kallsyms);
	while (fgets(line, sizeof(line), f)) {
		unsigned long long address;
		enum steer_target seen;
		char name[64];

		if (!strstr(line, " inetsw"))
			continue; /* most of 200,000 lines: no parsing */
		if (sscanf(line, "%llx %*c %63s", &address, name) != 2)
			continue;
		seen = address ? STEER_TARGET_OK : STEER_TARGET_HIDDEN;
		if (!strcmp(name, "inetsw"))
			v4 = seen;
		else if (!strcmp(name, "inetsw6"))
			v6 = seen;
	}
	if (ferror(f))
		return err_sys(err, errno, "read '%s'", kallsyms);
	*ret_v4 = v4;
	*ret_v6 = v6;
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

static int read_ulp_unsafe(bool *ret, struct err *err)
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

int steer_facts_read(struct steer_facts *ret, struct err *err)
{
	struct steer_facts facts = { .btf = access(VMLINUX_BTF, R_OK) == 0 };
	int rc = steer_facts_targets("/proc/kallsyms", &facts.target_v4, &facts.target_v6, err);

	if (rc < 0)
		return rc;
	rc = read_ulp_unsafe(&facts.ulp_unsafe, err);
	if (rc < 0)
		return rc;
	facts.hook = facts.btf && hook_in_btf();
	*ret = facts;
	return 0;
}
