/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lab.h - what the programs of the lab have in common: shared memory,
 * processes to put into a queue, and a pause to look at them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void stop_if(int failed, const char *what)
{
	if (failed) {
		perror(what);
		exit(1);
	}
}

/* Memory that this process shares with those it forks, all zero at first. */
static inline void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	stop_if(memory == MAP_FAILED, "mmap");
	setvbuf(stdout, NULL, _IONBF, 0);
	return memory;
}

/* A process that runs body(arg) and exits; it dies with its parent. */
static inline pid_t start(void (*body)(void *), void *arg)
{
	pid_t parent = getpid(), pid = fork();

	stop_if(pid < 0, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			body(arg);
		_exit(0);
	}
	return pid;
}

/* The body of a process that has nothing to do but to be in a queue. */
static inline void idle(void *nothing)
{
	(void)nothing;
	for (;;)
		pause();
}

/* End a child of this process. 0 and less would mean whole groups. */
static inline void end(pid_t pid)
{
	if (pid > 0 && kill(pid, SIGKILL) == 0)
		waitpid(pid, NULL, 0);
}

/* Time to look at the processes from another terminal. */
static inline void look(void)
{
	printf("Look at it now. Then press Enter.\n");
	while (getchar() != '\n' && !feof(stdin))
		;
}
