/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-show.c - procq show: the processes in a queue, in order of entry.
 *
 * Must only look: it takes and repairs nothing.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "procq-cmd.h"

enum {
	SEQ, SLOT, PID, PPID, STATE, AGE, LABEL, INO, PRODUCER, CONSUMER,
	STARTED, QUEUED, FLAGS
};

static const struct table_column columns[] = {
	[SEQ] = { "SEQ", NULL, N_("its position in the order of entry"),
		TABLE_RIGHT },
	[SLOT] = { "SLOT", NULL, N_("its slot, from 0"), TABLE_RIGHT },
	[PID] = { "PID", NULL, N_("the process"), TABLE_RIGHT },
	[PPID] = { "PPID", NULL, N_("the process that started it"),
		TABLE_RIGHT },
	[STATE] = { "STATE", NULL,
		N_("reserved, queued, taken, exited, lost or gone"), 0 },
	[AGE] = { "AGE", NULL, N_("its age, or its lifetime if it is dead"),
		TABLE_RIGHT },
	[LABEL] = { "LABEL", NULL, N_("the command's name"), 0 },
	[INO] = { "INO", NULL, N_("its inode in pidfs"), TABLE_RIGHT },
	[PRODUCER] = { "PRODUCER", NULL,
		N_("incarnation number of its producer"), TABLE_RIGHT },
	[CONSUMER] = { "CONSUMER", NULL,
		N_("incarnation number of the consumer that took it"),
		TABLE_RIGHT },
	[STARTED] = { "STARTED_AT", NULL, N_("when it was started"), 0 },
	[QUEUED] = { "QUEUED_AT", NULL,
		N_("when it entered the queue"), 0 },
	[FLAGS] = { "FLAGS", NULL,
		N_("any of keep, group, returned"), 0 },
};

static void set_flags(struct table *t, uint32_t flags)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%s%s",
		 flags & PROCQ_SPAWN_KEEP ? ",keep" : "",
		 flags & PROCQ_SPAWN_GROUP ? ",group" : "",
		 flags & PROCQ_PROCESS_RETURNED ? ",returned" : "");
	table_set_text(t, FLAGS, *text ? text + 1 : "");
}

/* A number; 0: unknown. */
static void set_known(struct table *t, size_t column, uint64_t value)
{
	if (value)
		table_set_count(t, column, value);
}

static void show_fill(struct table *t, size_t row, const void *arg)
{
	const struct procq_process *p = arg;
	char age[DURATION_SIZE];

	p += row;
	set_known(t, SEQ, p->seq);
	if (p->pid > 0)
		table_set_count(t, PID, (uint64_t)p->pid);
	if (p->ppid > 0)
		table_set_count(t, PPID, (uint64_t)p->ppid);
	table_set_text(t, STATE, snapshot_state(p));
	table_set_seconds(t, AGE, p->age, duration_text(p->age, age));
	table_set_text(t, LABEL, p->label);
	table_set_count(t, SLOT, p->slot);
	set_known(t, INO, p->ino);
	set_known(t, PRODUCER, p->producer);
	set_known(t, CONSUMER, p->consumer);
	table_set_time(t, STARTED, p->started);
	table_set_time(t, QUEUED, p->queued);
	set_flags(t, p->flags);
}

static int cmd_show_run(struct request *r)
{
	struct procq_process *all;
	struct procq *q;
	int status = request_open(r, PROCQ_ROLE_ONLOOKER, &q);
	int n;

	if (status != EXIT_DONE)
		return status;
	n = snapshot_all(q, &all);
	procq_close(q);
	if (n < 0)
		return complain_failed(r, n);
	n = table_print(r->table, stdout, r->form, "processes", (size_t)n,
			show_fill, all);
	free(all);
	return n < 0 ? complain_failed(r, n) : EXIT_DONE;
}

const struct command cmd_show = {
	.name = "show",
	.summary = N_("show the processes in a queue, in order"),
	.text = N_("Show the processes in a queue, in the order of entry.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME | TAKES_LIST | TAKES_FLEET,
	.columns = columns,
	.ncolumns = sizeof(columns) / sizeof(*columns),
	.usual = "SEQ,SLOT,PID,PPID,STATE,AGE,LABEL",
	.run = cmd_show_run,
};
