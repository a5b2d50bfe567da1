/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jobs.h - what a producer remembers of each process that it has started, and
 * the queue's record does not hold.
 *
 * A process is found by its slot; pid and start say whether it is still the
 * same. Must not call the library: it only remembers.
 */
#ifndef JOBS_H
#define JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "procq.h"

struct job {
	int64_t started;	/* as in struct procq_process */
	int32_t pid;		/* 0: none */
	uint32_t before, after;	/* neighbours in the list of the exited, by
				 * slot + 1; 0: none */
	bool exited;		/* in that list */
	char *args;		/* the line of --args-from, or NULL */
	bool unexecuted;	/* it could not execute its command */
};

struct jobs {
	struct job *by_slot;
	uint32_t capacity;
	uint32_t first, last;	/* of the exited, by slot + 1; 0: none */
};

/** @retval -ENOMEM */
int jobs_init(struct jobs *jobs, uint32_t capacity);
void jobs_free(struct jobs *jobs);

/** A process was started. What had its slot before is over. */
void jobs_started(struct jobs *jobs, const struct procq_process *what);
/** What it was started with, which is copied. @retval -ENOMEM */
int jobs_set_args(struct jobs *jobs, const struct procq_process *what,
		  const char *args);
/** It could not execute its command, so its exit status is not a command's. */
void jobs_unexecuted(struct jobs *jobs, const struct procq_process *what);
/** It is dead, and stays in the queue until somebody reports it. */
void jobs_exited(struct jobs *jobs, const struct procq_process *what);
/** Its end is reported: forget it. */
void jobs_over(struct jobs *jobs, const struct procq_process *what);

/** @retval NULL it is not known */
const struct job *jobs_find(const struct jobs *jobs,
			    const struct procq_process *what);

/**
 * The one that died first of those whose end was not reported here.
 * @param what gets its slot, pid and started; all else 0
 * @retval false there is none
 */
bool jobs_next_exited(const struct jobs *jobs, struct procq_process *what);

#endif
