/* SPDX-License-Identifier: GPL-3.0-or-later */
/* f-pid-reuse.c - a pid comes round, and a stranger is killed. */
#include "lab.h"

/* As if all other numbers had been used since: see kernel.pid_max. */
static void come_round_to(pid_t last)
{
	FILE *f = fopen("/proc/sys/kernel/ns_last_pid", "w");

	stop_if(!f, "ns_last_pid");
	fprintf(f, "%d", last);
	stop_if(fclose(f) != 0, "ns_last_pid");
}

/* A stranger, who has nothing to do with any queue. */
static void editor(void *open)
{
	printf("editor, %d: this text is not saved yet\n", getpid());
	sem_post(open);
	idle(NULL);
}

int main(void)
{
	sem_t *open = share(sizeof(*open));
	pid_t queue, stranger;
	int status;

	if (getpid() != 1) {
		fputs("f-pid-reuse: start it in a PID namespace of its own:\n"
		      "unshare -Ur -p -f --mount-proc ./f-pid-reuse\n",
		      stderr);
		return 2;
	}
	sem_init(open, 1, 0);
	queue = start(idle, NULL);
	printf("producer: puts %d into the queue\n", queue);
	end(queue);
	printf("%d exits, and its parent reaps it\n", queue);

	come_round_to(queue - 1);
	stranger = start(editor, open);
	sem_wait(open);
	printf("consumer: takes %d and ends it\n", queue);
	kill(queue, SIGTERM);
	waitpid(stranger, &status, 0);
	printf("editor, %d: %s\n", stranger, strsignal(WTERMSIG(status)));
	return 0;
}
