/* SPDX-License-Identifier: GPL-3.0-or-later */
/* e-dead-lock.c - a lock dies with its holder, and stays locked. */
#include "lab.h"

struct queue {
	sem_t lock; /* 1: open. 0: somebody is at the queue */
	sem_t news; /* what a consumer does, it reports to main() */
};

static void first(void *arg)
{
	struct queue *q = arg;

	sem_wait(&q->lock);
	sem_post(&q->news);
	pause(); /* it is at work; the SIGKILL comes here */
	sem_post(&q->lock);
}

static void second(void *arg)
{
	struct queue *q = arg;

	sem_post(&q->news);
	sem_wait(&q->lock);
	printf("second consumer: has the lock\n");
	sem_post(&q->lock);
}

int main(void)
{
	struct queue *q = share(sizeof(*q));
	pid_t a, b;

	sem_init(&q->lock, 1, 1);
	sem_init(&q->news, 1, 0);

	a = start(first, q);
	sem_wait(&q->news);
	printf("first consumer, %d: has the lock\n", a);
	end(a);
	printf("first consumer, %d: is killed\n", a);

	b = start(second, q);
	sem_wait(&q->news);
	printf("second consumer, %d: waits for the lock\n", b);
	look();
	if (waitpid(b, NULL, WNOHANG) == 0)
		printf("second consumer, %d: waits for ever\n", b);
	end(b);
	return 0;
}
