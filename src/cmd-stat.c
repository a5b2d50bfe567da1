/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-stat.c - procq stat: the counters of a queue, and whether they add up.
 *
 * Must only look. If the counters do not add up, it says so, but that may be
 * because processes come and go while they are read; procq check finds out.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "line.h"
#include "procq-cmd.h"

enum {
	NAME, OBJECT, CREATED, BYTES, CAPACITY, CLOSED, STOPPED, PRODUCERS,
	CONSUMERS, KEEPERS, DEAD, PWAIT, CWAIT, FREE, RESERVED, QUEUED, TAKEN, EXITED,
	GONE, N_STARTED, N_RETIRED, N_EXITED, N_LOST, N_PRESENT, N_RETURNED,
	N_SWEPT, ADDS_UP, MAX, PARKED, LEASE, GRANTED, WANTED
};

#define LONGER(name, alias, help) { name, alias, help, TABLE_RIGHT }
#define NUMBER(name, help) LONGER(name, NULL, help)

static const struct table_column columns[] = {
	[NAME] = { "NAME", NULL, N_("its name"), 0 },
	[OBJECT] = { "OBJECT", NULL, N_("the shared memory object"), 0 },
	[CREATED] = { "CREATED_AT", NULL, N_("when it was created"), 0 },
	[BYTES] = NUMBER("BYTES",
			 N_("size of the shared memory object")),
	[CAPACITY] = NUMBER("CAPACITY",
			    N_("how many processes may exist at once")),
	[MAX] = NUMBER("MAX",
		       N_("up to how many 'procq limit' can allow")),
	[LEASE] = { "LEASE", NULL,
		N_("what its lease is: none, valid or over"), 0 },
	[GRANTED] = NUMBER("GRANTED",
			   N_("how many of these are granted by a lease")),
	[WANTED] = NUMBER("WANTED",
		N_("records in use, and participants waiting for room")),
	[CLOSED] = { "CLOSED", NULL,
		N_("whether it is closed: producers get no room"), 0 },
	[STOPPED] = { "STOPPED", NULL,
		N_("whether it is stopped: producers are to end"), 0 },
	[PRODUCERS] = NUMBER("PRODUCERS",
			     N_("producers attached")),
	[CONSUMERS] = NUMBER("CONSUMERS",
			     N_("consumers attached")),
	[KEEPERS] = NUMBER("KEEPERS",
			   N_("procq commands at work on it")),
	[DEAD] = NUMBER("DEAD",
			N_("dead participants not yet swept")),
	[PWAIT] = LONGER("PWAIT", "waiting_producers",
			 N_("participants waiting for room")),
	[CWAIT] = LONGER("CWAIT", "waiting_consumers",
			 N_("participants waiting for a process")),
	[FREE] = NUMBER("RECORDS_FREE",
			N_("free records")),
	[RESERVED] = NUMBER("RECORDS_RESERVED",
			    N_("records whose process is being started")),
	[QUEUED] = NUMBER("RECORDS_QUEUED",
			  N_("records whose process waits in the queue")),
	[TAKEN] = NUMBER("RECORDS_TAKEN",
			 N_("records whose process is being ended")),
	[EXITED] = NUMBER("RECORDS_EXITED",
			  N_("records whose process exited, not yet reported")),
	[GONE] = NUMBER("RECORDS_GONE",
		N_("records whose process is reported, not yet reaped")),
	[PARKED] = NUMBER("RECORDS_PARKED",
			  N_("records beyond the limit")),
	[N_STARTED] = NUMBER("STARTED",
			     N_("processes that have entered")),
	[N_RETIRED] = NUMBER("RETIRED",
			     N_("of these, ended by a participant")),
	[N_EXITED] = NUMBER("EXITED",
			    N_("of these, exited on their own")),
	[N_LOST] = NUMBER("LOST",
		N_("of these, gone with their producer, cause unknown")),
	[N_PRESENT] = NUMBER("PRESENT",
			     N_("of these, still in the queue")),
	[N_RETURNED] = NUMBER("RETURNED",
		N_("times that a process was put back after its consumer "
		   "died")),
	[N_SWEPT] = NUMBER("SWEPT",
			   N_("dead participants swept")),
	[ADDS_UP] = { "ADDS_UP", NULL,
		N_("whether started = retired + exited + lost + present"),
		0 },
};

struct stat_row {
	const char *queue;
	char object[PROCQ_NAME_SIZE];
	struct procq_stat stat;
	struct procq_lease lease;
};

static void fill_counts(struct table *t, const struct procq_stat *s)
{
	const struct {
		size_t column;
		uint64_t value;
	} counts[] = {
		{ BYTES, s->bytes },
		{ CAPACITY, s->limit },
		{ MAX, s->capacity },
		{ GRANTED, s->granted },
		{ WANTED, s->wanted },
		{ PRODUCERS, s->producers },
		{ CONSUMERS, s->consumers },
		{ KEEPERS, s->keepers },
		{ DEAD, s->dead },
		{ PWAIT, s->waiting_room },
		{ CWAIT, s->waiting_ready },
		{ FREE, s->states[PROCQ_STATE_FREE] },
		{ RESERVED, s->states[PROCQ_STATE_RESERVED] },
		{ QUEUED, s->states[PROCQ_STATE_QUEUED] },
		{ TAKEN, s->states[PROCQ_STATE_TAKEN] },
		{ EXITED, s->states[PROCQ_STATE_EXITED] },
		{ GONE, s->states[PROCQ_STATE_GONE] },
		{ PARKED, s->states[PROCQ_STATE_PARKED] },
		{ N_STARTED, s->started },
		{ N_RETIRED, s->retired },
		{ N_EXITED, s->exited },
		{ N_LOST, s->lost },
		{ N_PRESENT, s->present },
		{ N_RETURNED, s->returned },
		{ N_SWEPT, s->swept },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		table_set_count(t, counts[i].column, counts[i].value);
}

static void stat_fill(struct table *t, size_t row, const void *arg)
{
	const struct stat_row *v = arg;

	(void)row;
	table_set_text(t, NAME, v->queue);
	table_set_text(t, OBJECT, v->object);
	table_set_time(t, CREATED, v->stat.created);
	table_set_truth(t, CLOSED, v->stat.closed != PROCQ_OPEN);
	table_set_truth(t, STOPPED, v->stat.closed == PROCQ_STOPPED);
	table_set_text(t, LEASE, v->lease.policy == PROCQ_POLICY_NONE ? "none"
				 : v->lease.over ? "over"
						 : "valid");
	table_set_truth(t, ADDS_UP, adds_up(&v->stat));
	fill_counts(t, &v->stat);
}

static void print_sum(const struct procq_stat *s)
{
	uint64_t sum = s->retired + s->exited + s->lost + s->present;

	printf("\nstarted = retired + exited + lost + present\n"
	       "%" PRIu64 " %s %" PRIu64 " + %" PRIu64 " + %" PRIu64
	       " + %" PRIu64 "\n", s->started, adds_up(s) ? "=" : "!=",
	       s->retired, s->exited, s->lost, s->present);
	if (adds_up(s))
		return;
	if (s->started > sum) {
		sum = s->started - sum;
		printf(P_("This does not add up: %ju is unaccounted for.\n",
			  "This does not add up: %ju are unaccounted for.\n",
			  (unsigned long)sum), (uintmax_t)sum);
	} else {
		printf(_("This does not add up: %ju too many.\n"),
		       (uintmax_t)(sum - s->started));
	}
	puts(_("This may happen for a moment while processes come and go;\n"
	       "if it lasts when nothing moves, run 'procq check'."));
}

static int cmd_stat_run(struct request *r)
{
	struct stat_row v;
	struct procq *q;
	int status, err;

	if (r->metrics)
		return metrics_run(r);
	status = request_open(r, PROCQ_ROLE_ONLOOKER, &q);
	if (status != EXIT_DONE)
		return status;
	v.queue = r->queue;
	snprintf(v.object, sizeof(v.object), "%s", procq_object(q));
	err = stat_settled(q, &v.stat);
	procq_lease(q, &v.lease);
	procq_close(q);
	if (err < 0)
		return complain_failed(r, err);
	err = table_print_record(r->table, stdout, r->form, stat_fill, &v);
	if (err < 0)
		return complain_failed(r, err);
	if (r->form == TABLE_TEXT && !r->columns && !r->no_headings)
		print_sum(&v.stat);
	return EXIT_DONE;
}

const struct command cmd_stat = {
	.name = "stat",
	.summary = N_("show a queue's counters, and whether they add up"),
	.text = N_("Show the counters of a queue, one to a line, and whether "
"this holds:\n"
"  started = retired + exited + lost + present\n"
"It does while no process is being started or ended.\n"
"--openmetrics has the same for Prometheus, with histograms of lifetimes and of\n"
"the times that ends took; with --all, of all queues that you may read.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME | TAKES_LIST | TAKES_METRICS | TAKES_FLEET,
	.columns = columns,
	.ncolumns = sizeof(columns) / sizeof(*columns),
	.usual = "NAME,OBJECT,CREATED_AT,BYTES,CAPACITY,MAX,LEASE,GRANTED,WANTED,CLOSED,STOPPED,"
		 "PRODUCERS,CONSUMERS,KEEPERS,DEAD,PWAIT,CWAIT,RECORDS_FREE,"
		 "RECORDS_RESERVED,RECORDS_QUEUED,RECORDS_TAKEN,"
		 "RECORDS_EXITED,RECORDS_GONE,RECORDS_PARKED,STARTED,RETIRED,"
		 "EXITED,LOST,PRESENT,RETURNED,SWEPT,ADDS_UP",
	.run = cmd_stat_run,
};
