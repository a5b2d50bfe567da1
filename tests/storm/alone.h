/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alone.h - the begin and the end of a storm, whose program is the first
 * process of a PID namespace. After tap.h and chance.h.
 */
#ifndef ALONE_H
#define ALONE_H

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "procq.h"

/* Skip the test elsewhere; else name its queue. Its pid is 1 in every
 * namespace: the time makes the name its own.
 * @param before what the name begins with */
TAP_UNUSED static void alone_begin(uint64_t seed, char *queue, size_t size,
				   const char *before, const char *name)
{
	if (getpid() != 1)
		skip_all("not the first process of a PID namespace");
	setvbuf(stdout, NULL, _IOLBF, 0);
	chance_begin(seed);
	snprintf(queue, size, "%st%lld.%s", before,
		 (long long)procq_now() / 1000, name);
}

/* Everybody else is dead: one consumer empties what they left.
 * @param died is told of each death, or is NULL; reap waits for orphans */
TAP_UNUSED static void alone_drain(struct procq *q, int64_t patience,
				   void (*died)(const struct procq_event *),
				   void (*reap)(void))
{
	int64_t end = procq_now() + patience;
	struct procq_process p;
	struct procq_event e;

	while (procq_now() < end &&
	       !(procq_in_flight(q) == 0 && procq_drained(q))) {
		while (procq_take(q, NULL, &p) == 0)
			procq_signal(q, p.slot, SIGKILL, 0);
		while (procq_collect(q, &e) > 0)
			if (died)
				died(&e);
		reap();
		procq_wait(q, PROCQ_WAIT_READY | PROCQ_WAIT_DEATH,
			   procq_now() + 20 * MS);
	}
}

#endif
