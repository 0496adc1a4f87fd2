/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's own process: keeps its namespaces, and reaps what is left to it. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_end(int signal)
{
	(void)signal;
	_exit(EXIT_SUCCESS);
}

int main(void)
{
	(void)signal(SIGINT, on_end);
	(void)signal(SIGTERM, on_end);
	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		(void)sleep(1);
	}
}
