/* SPDX-License-Identifier: GPL-3.0-or-later */
/* c-cure.c - a consumer waits until the producer has made all of it. */
#include "lab.h"

#include <sys/stat.h>

struct queue {
	atomic_int ready; /* 1: the rest is filled. The producer's last step */
	int capacity;
};

/* The queue, or NULL if it is not whole yet. */
static struct queue *map(const char *name)
{
	int fd = shm_open(name, O_RDWR, 0);
	struct queue *q = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return NULL; /* not made yet */
	if (fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof(*q))
		q = mmap(NULL, sizeof(*q), PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);
	close(fd);
	if (q == MAP_FAILED)
		return NULL; /* without its size yet */
	if (atomic_load(&q->ready))
		return q;
	munmap(q, sizeof(*q));
	return NULL;
}

static void consumer(void *name)
{
	while (!map(name))
		usleep(1000);
	printf("consumer: this queue holds %d\n", map(name)->capacity);
}

int main(void)
{
	char name[32];
	struct queue *q;
	pid_t early;
	int fd;

	setvbuf(stdout, NULL, _IONBF, 0);
	snprintf(name, sizeof(name), "/lab-c-%d", getpid());
	early = start(consumer, name);
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	stop_if(fd < 0, name);
	stop_if(ftruncate(fd, sizeof(struct queue)) < 0, "ftruncate");
	q = mmap(NULL, sizeof(*q), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	stop_if(q == MAP_FAILED, "mmap");
	q->capacity = 16;
	atomic_store(&q->ready, 1);
	waitpid(early, NULL, 0);
	shm_unlink(name);
	return 0;
}
