/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jobs.c - what a producer remembers of its processes; see jobs.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"

int jobs_init(struct jobs *jobs, uint32_t capacity)
{
	memset(jobs, 0, sizeof(*jobs));
	/* What is never used takes no memory. */
	jobs->by_slot = calloc(capacity, sizeof(*jobs->by_slot));
	if (!jobs->by_slot)
		return -ENOMEM;
	jobs->capacity = capacity;
	return 0;
}

void jobs_free(struct jobs *jobs)
{
	for (uint32_t i = 0; i < jobs->capacity; i++)
		free(jobs->by_slot[i].args);
	free(jobs->by_slot);
	memset(jobs, 0, sizeof(*jobs));
}

/* ---- the list of the exited ---- */

static void list_append(struct jobs *jobs, struct job *job)
{
	uint32_t i = (uint32_t)(job - jobs->by_slot) + 1;

	job->exited = true;
	job->before = jobs->last;
	job->after = 0;
	if (jobs->last > 0)
		jobs->by_slot[jobs->last - 1].after = i;
	else
		jobs->first = i;
	jobs->last = i;
}

static void list_remove(struct jobs *jobs, struct job *job)
{
	if (!job->exited)
		return;
	if (job->before > 0)
		jobs->by_slot[job->before - 1].after = job->after;
	else
		jobs->first = job->after;
	if (job->after > 0)
		jobs->by_slot[job->after - 1].before = job->before;
	else
		jobs->last = job->before;
	job->exited = false;
}

bool jobs_next_exited(const struct jobs *jobs, struct procq_process *what)
{
	const struct job *job;

	if (jobs->first == 0)
		return false;
	job = &jobs->by_slot[jobs->first - 1];
	memset(what, 0, sizeof(*what));
	what->slot = jobs->first - 1;
	what->pid = job->pid;
	what->started = job->started;
	return true;
}

/* ---- by slot ---- */

static struct job *find(const struct jobs *jobs,
			const struct procq_process *what)
{
	struct job *job;

	if (what->slot >= jobs->capacity || what->pid <= 0)
		return NULL;
	job = &jobs->by_slot[what->slot];
	return job->pid == what->pid && job->started == what->started ? job
								      : NULL;
}

const struct job *jobs_find(const struct jobs *jobs,
			    const struct procq_process *what)
{
	return find(jobs, what);
}

static void forget(struct jobs *jobs, struct job *job)
{
	list_remove(jobs, job);
	free(job->args);
	memset(job, 0, sizeof(*job));
}

void jobs_started(struct jobs *jobs, const struct procq_process *what)
{
	struct job *job;

	if (what->slot >= jobs->capacity || what->pid <= 0)
		return;
	job = &jobs->by_slot[what->slot];
	forget(jobs, job);
	job->pid = what->pid;
	job->started = what->started;
}

int jobs_set_args(struct jobs *jobs, const struct procq_process *what,
		  const char *args)
{
	struct job *job = find(jobs, what);

	if (!job)
		return 0;
	job->args = strdup(args);
	return job->args ? 0 : -ENOMEM;
}

void jobs_unexecuted(struct jobs *jobs, const struct procq_process *what)
{
	struct job *job = find(jobs, what);

	if (job)
		job->unexecuted = true;
}

void jobs_exited(struct jobs *jobs, const struct procq_process *what)
{
	struct job *job = find(jobs, what);

	if (job && !job->exited)
		list_append(jobs, job);
}

void jobs_over(struct jobs *jobs, const struct procq_process *what)
{
	struct job *job = find(jobs, what);

	if (job)
		forget(jobs, job);
}
