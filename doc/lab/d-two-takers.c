/* SPDX-License-Identifier: GPL-3.0-or-later */
/* d-two-takers.c - two consumers take the same process. */
#include "lab.h"

enum { ITEMS = 2 };

struct queue {
	pid_t ring[ITEMS];
	atomic_int head; /* the cell of the ring that is taken next */
	atomic_int reports[ITEMS]; /* how often each was reported as ended */
	pthread_barrier_t both; /* nobody passes until both have come */
};

/* Take one process, end it, and report that. */
static void consumer(void *arg)
{
	struct queue *q = arg;
#ifdef CURE
	int cell = atomic_fetch_add(&q->head, 1); /* read and write in one */
#else
	int cell = q->head; /* read; ... */

	pthread_barrier_wait(&q->both); /* ... the other one reads, too; ... */
	q->head = cell + 1; /* ... and only then both write */
#endif
	if (q->ring[cell] > 0)
		kill(q->ring[cell], SIGTERM);
	q->reports[cell]++;
}

int main(void)
{
	struct queue *q = share(sizeof(*q));
	pthread_barrierattr_t shared;
	pid_t taker[2];
	int sum = 0;

	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&q->both, &shared, 2);

	for (int i = 0; i < ITEMS; i++)
		q->ring[i] = start(idle, NULL);
	for (int i = 0; i < 2; i++)
		taker[i] = start(consumer, q);
	for (int i = 0; i < 2; i++)
		waitpid(taker[i], NULL, 0);

	for (int i = 0; i < ITEMS; i++) {
		printf("reports of %d: %d\n", q->ring[i], q->reports[i]);
		sum += q->reports[i];
	}
	printf("%d started, %d reports\n", ITEMS, sum);
	look();
	for (int i = 0; i < ITEMS; i++)
		end(q->ring[i]);
	return 0;
}
