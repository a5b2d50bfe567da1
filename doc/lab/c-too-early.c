/* SPDX-License-Identifier: GPL-3.0-or-later */
/* c-too-early.c - a consumer maps what the producer has not made yet. */
#include "lab.h"

#include <sys/resource.h>

struct queue {
	int capacity;
};

static struct queue *map(const char *name)
{
	int fd = shm_open(name, O_RDWR, 0);
	struct queue *q = mmap(NULL, sizeof(*q), PROT_READ | PROT_WRITE,
			       MAP_SHARED, fd, 0);

	close(fd);
	return q;
}

static void consumer(void *name)
{
	printf("  consumer: this queue holds %d\n", map(name)->capacity);
}

/* A consumer comes at this moment. What becomes of it? */
static void consume(char *name)
{
	int status;

	waitpid(start(consumer, name), &status, 0);
	if (WIFSIGNALED(status))
		printf("  consumer: %s\n", strsignal(WTERMSIG(status)));
}

int main(void)
{
	static const struct rlimit no_core;
	char name[32];
	int fd;

	setrlimit(RLIMIT_CORE, &no_core);
	setvbuf(stdout, NULL, _IONBF, 0);
	snprintf(name, sizeof(name), "/lab-c-%d", getpid());

	puts("1. The producer has done nothing yet.");
	consume(name);
	puts("2. The producer has made the object: shm_open().");
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	stop_if(fd < 0, name);
	consume(name);
	puts("3. The producer has given it its size: ftruncate().");
	stop_if(ftruncate(fd, sizeof(struct queue)) < 0, "ftruncate");
	consume(name);
	puts("4. The producer has filled it: capacity = 16.");
	map(name)->capacity = 16;
	consume(name);
	shm_unlink(name);
	return 0;
}
