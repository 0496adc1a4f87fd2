/* SPDX-License-Identifier: Apache-2.0 */
/* attach OBJECT PIN [FOLDER]: loads a BPF object, attaches its one program and leaves the link at
 * PIN, and those of its maps that ask for it in FOLDER. */
#include <bpf/libbpf.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = argc > 3 ? argv[3] : NULL);
	struct bpf_object *object = argc >= 3 ? bpf_object__open_file(argv[1], &opts) : NULL;
	struct bpf_link *link;

	if (!object || bpf_object__load(object) < 0)
		return 1;
	link = bpf_program__attach(bpf_object__next_program(object, NULL));
	if (!link || bpf_link__pin(link, argv[2]) < 0)
		return 1;
	return 0;
}
