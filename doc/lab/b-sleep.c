/* SPDX-License-Identifier: GPL-3.0-or-later */
/* b-sleep.c [SECONDS] - a producer sleeps where it should wait: orphans. */
#include "lab.h"

enum { ITEMS = 3 };

struct lab {
	double seconds;
	int end[2]; /* a pipe, which is at its end when the work may end */
	pid_t item[ITEMS];
};

/* No sleep is long enough for this work: it takes until you press Enter. */
static void work(struct lab *lab)
{
	char nothing;

	close(lab->end[1]);
	stop_if(read(lab->end[0], &nothing, 1) != 0, "read");
	exit(0);
}

static void producer(void *arg)
{
	struct lab *lab = arg;

	for (int i = 0; i < ITEMS; i++) {
		pid_t pid = fork();

		stop_if(pid < 0, "fork");
		if (pid == 0)
			work(lab);
		lab->item[i] = pid;
		printf("producer %d: has started %d\n", getpid(), pid);
	}
	usleep((useconds_t)(lab->seconds * 1e6));
	printf("producer %d: has slept, so all is done; exits\n", getpid());
}

int main(int argc, char **argv)
{
	struct lab *lab = share(sizeof(*lab));
	int orphans = 0;

	lab->seconds = argc > 1 ? atof(argv[1]) : 0.5;
	stop_if(pipe(lab->end) < 0, "pipe");
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans fall to this process */
	waitpid(start(producer, lab), NULL, 0);

	for (int i = 0; i < ITEMS; i++)
		if (waitpid(lab->item[i], NULL, WNOHANG) == 0)
			orphans++;
	printf("%d of %d still work, and their parent is gone\n", orphans,
	       ITEMS);
	look();
	close(lab->end[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
