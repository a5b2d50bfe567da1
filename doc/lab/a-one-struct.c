/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a-one-struct.c - a queue that is one struct, and what it forgets. */
#include "lab.h"

enum { ITEMS = 3 };

struct queue {
	pid_t pid; /* the process that is in the queue; 0: none */
};

static void consumer(void *arg)
{
	struct queue *q = arg;
	int taken = 0;

	while (q->pid > 0) {
		printf("consumer: takes %d and ends it\n", q->pid);
		kill(q->pid, SIGTERM);
		q->pid = 0;
		taken++;
	}
	printf("consumer: the queue is empty\n");
	_exit(taken);
}

int main(void)
{
	struct queue *q = share(sizeof(*q));
	pid_t item[ITEMS];
	int status, lost = 0;

	/* The producer is faster: it is done before the consumer begins. */
	for (int i = 0; i < ITEMS; i++) {
		item[i] = start(idle, NULL);
		q->pid = item[i];
		printf("producer: puts %d into the queue\n", item[i]);
	}

	waitpid(start(consumer, q), &status, 0);
	for (int taken = WEXITSTATUS(status); taken > 0; taken--) {
		pid_t dead = wait(NULL);

		for (int i = 0; i < ITEMS; i++)
			if (item[i] == dead)
				item[i] = 0;
	}
	look();

	for (int i = 0; i < ITEMS; i++) {
		if (item[i] > 0) {
			printf("lost: %d is alive, and in no queue\n", item[i]);
			end(item[i]);
			lost++;
		}
	}
	printf("%d put, %d taken, %d lost\n", ITEMS, ITEMS - lost, lost);
	return 0;
}
