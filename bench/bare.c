/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bare.c - children without a queue; see bare.h. */
#include <config.h>

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"
#include "rounds.h"

#define STACK_SIZE 16384

_Noreturn void bare_pause(void)
{
	for (;;)
		pause();
}

pid_t bare_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		bare_pause();
	return pid;
}

#if defined __linux__
static char stack[STACK_SIZE] __attribute__((aligned(16)));

static int idle_child(void *arg)
{
	(void)arg;
	bare_pause();
}

static int dead_child(void *arg)
{
	(void)arg;
	_exit(0);
}

pid_t bare_clone(void)
{
	return clone(idle_child, stack + sizeof(stack), CLONE_VM | SIGCHLD,
		     NULL);
}

pid_t bare_vfork(void)
{
	return clone(dead_child, stack + sizeof(stack),
		     CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
}
#endif

void bare_end(pid_t pid)
{
	bench_signal(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		bench_die("waitpid");
}
