/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/rseq.c - restartable sequences are off, and nothing misses them.
 */
#include <config.h>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#if PQ_USE_RSEQ_OFF
# include <stddef.h>
# include <sys/rseq.h>
#endif

#include "rseq.h"

#include "../kit/tap.h"

#if PQ_USE_RSEQ_OFF

/* Does the kernel tell this thread where it runs? */
static bool told(void)
{
	char *thread = __builtin_thread_pointer();
	const volatile struct rseq *area =
		(const volatile void *)(thread + __rseq_offset);

	return (int32_t)area->cpu_id >= 0;
}

static int told_status(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		/* Let others run, so that it is switched to. */
		for (int i = 0; i < 10; i++)
			sched_yield();
		_exit(told());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int main(void)
{
	bool there = __rseq_size > 0;

	note("%s", there ? "there are some" : "there are none here");
	is_int(told_status(), there, "a child has what the libc gave it");
	is_int(rseq_off(), there, "they are given up, if there are any");
	ok(!told(), "the kernel tells nothing any more");
	is_int(told_status(), 0, "nor to a child");
	ok(!rseq_off(), "a second time there are none");
	ok(sched_getcpu() >= 0, "the libc asks the kernel instead");
	return done();
}

#else

int main(void)
{
	ok(!rseq_off(), "built without: nothing is given up");
	return done();
}

#endif
