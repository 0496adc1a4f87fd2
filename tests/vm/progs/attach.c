/* SPDX-License-Identifier: Apache-2.0 */
/* attach OBJECT PIN: loads a BPF object, attaches its one program and leaves the link at PIN. */
#include <bpf/libbpf.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 3 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_link *link;

	if (!object || bpf_object__load(object) < 0)
		return 1;
	link = bpf_program__attach(bpf_object__next_program(object, NULL));
	if (!link || bpf_link__pin(link, argv[2]) < 0)
		return 1;
	return 0;
}
