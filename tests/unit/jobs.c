/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/jobs.c - what is remembered of a process is found by it, and by no
 * other that has its slot or its pid; the exited come in the order of their
 * deaths.
 */
#include <config.h>

#include <errno.h>

#include "jobs.h"

#include "../kit/tap.h"

static struct jobs jobs;

static struct procq_process process(uint32_t slot, int32_t pid, int64_t started)
{
	return (struct procq_process){ .slot = slot, .pid = pid,
				       .started = started };
}

static int32_t next_pid(void)
{
	struct procq_process p;

	return jobs_next_exited(&jobs, &p) ? p.pid : 0;
}

int main(void)
{
	struct procq_process a = process(0, 100, 1), b = process(1, 101, 2);
	struct procq_process c = process(2, 102, 3), d = process(1, 103, 4);
	struct procq_process none = process(9, 100, 1), got;

	ok(jobs_init(&jobs, 3) == 0, "room for three");
	ok(!jobs_find(&jobs, &a), "none is known");
	ok(next_pid() == 0, "none has exited");
	jobs_started(&jobs, &a);
	jobs_started(&jobs, &b);
	jobs_started(&jobs, &c);
	jobs_started(&jobs, &none);
	ok(jobs_find(&jobs, &a) && jobs_find(&jobs, &c), "they are found");
	ok(!jobs_find(&jobs, &none), "not one with a slot that is not there");
	none = process(0, 0, 1);
	jobs_started(&jobs, &none);
	ok(!jobs_find(&jobs, &none) && jobs_find(&jobs, &a), "nor without a pid");
	none = process(0, 100, 2);
	ok(!jobs_find(&jobs, &none), "a pid that comes again is another's");
	jobs_exited(&jobs, &none);
	ok(next_pid() == 0, "and its death is another's");

	jobs_exited(&jobs, &b);
	jobs_exited(&jobs, &c);
	jobs_exited(&jobs, &a);
	jobs_exited(&jobs, &b);
	ok(jobs_next_exited(&jobs, &got) && got.slot == 1 && got.pid == 101 &&
	   got.started == 2, "the first of the exited");
	jobs_over(&jobs, &c);
	ok(next_pid() == 101, "one in the middle is over");
	jobs_over(&jobs, &b);
	ok(next_pid() == 100, "the next");
	ok(!jobs_find(&jobs, &b), "what is over is forgotten");
	jobs_over(&jobs, &a);
	jobs_over(&jobs, &a);
	ok(next_pid() == 0, "none is left");

	jobs_started(&jobs, &b);
	jobs_exited(&jobs, &b);
	jobs_started(&jobs, &d);
	ok(next_pid() == 0, "a slot that is used again: the one before is over");
	jobs_unexecuted(&jobs, &b);
	ok(!jobs_find(&jobs, &d)->unexecuted, "of another, nothing is noted");
	jobs_unexecuted(&jobs, &d);
	ok(jobs_find(&jobs, &d)->unexecuted, "it could not execute its command");
	jobs_free(&jobs);
	ok(!jobs_find(&jobs, &d), "nothing is left");
	return done();
}
