/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer-lines.c - a line for each process that has entered the queue.
 *
 * Must not start or reap a process: a line comes before its record is free.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>

#include "procq.h"

#include "output.h"
#include "producer.h"
#include "run.h"

void report_started(struct producer *p, const struct procq_process *what)
{
	if (p->run.quiet)
		return;
	run_written(&p->run, output_started(&p->run.out, what));
}

static int by_seq(const void *a, const void *b)
{
	const struct procq_process *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

void report_all(struct producer *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->unreported_count; i++) {
		struct procq_process what = p->unreported[i];

		if (procq_entered(p->run.q, &what) == 0)
			p->unreported[n++] = what;
	}
	p->unreported_count = 0;
	qsort(p->unreported, n, sizeof(*p->unreported), by_seq);
	p->run.summary.started += n;
	for (unsigned i = 0; i < n; i++)
		report_started(p, &p->unreported[i]);
}

void report_later(struct producer *p, const struct procq_process *what)
{
	p->unreported[p->unreported_count++] = *what;
	if (p->unreported_count == UNREPORTED_MAX)
		report_all(p);
}
