/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * show.c - procq show --fleet: the processes of a fleet, as far as this machine
 * can know them. Must only look.
 *
 * The engine knows no process. So those of this machine come from its own
 * queue, one to a row, as of now; those of another are one row, with their
 * number and the age of the oldest, as of its last report.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "snapshot.h"

#include "fleet.h"
#include "rows.h"
#include "seat.h"

enum {
	HOST, PROCESSES, SEQ, SLOT, PID, STATE, AGE, LABEL, HOST_STATE, SEEN
};

static const struct table_column show_columns[] = {
	[HOST] = { "HOST", NULL, N_("the machine, and its local queue"), 0 },
	[PROCESSES] = { "PROCESSES", NULL, N_("how many this row is of"),
		TABLE_RIGHT },
	[SEQ] = { "SEQ", NULL, N_("its position in the order of entry there"),
		TABLE_RIGHT },
	[SLOT] = { "SLOT", NULL, N_("its slot there, from 0"), TABLE_RIGHT },
	[PID] = { "PID", NULL, N_("the process, by its number there"),
		TABLE_RIGHT },
	[STATE] = { "STATE", NULL,
		N_("reserved, queued, taken, exited, lost or gone"), 0 },
	[AGE] = { "AGE", NULL, N_("its age, or that of the oldest"),
		TABLE_RIGHT },
	[LABEL] = { "LABEL", NULL, N_("the command's name"), 0 },
	[HOST_STATE] = { "HOST_STATE", NULL,
		N_("live, cut-off, away, released"), 0 },
	[SEEN] = { "SEEN", NULL, N_("how old this is"), TABLE_RIGHT },
};

/* A process here, or those of another host. */
struct row {
	int host;			/* of the answer */
	const struct procq_process *p;	/* NULL: no single one is known */
};

struct rows {
	const PGresult *r;
	struct row *all;
	size_t count, room;
	struct procq_process **lists;	/* of this machine's queues, by host */
};

static void fill_show(struct table *t, size_t i, const void *arg)
{
	const struct rows *rows = arg;
	const struct row *row = &rows->all[i];
	const struct procq_process *p = row->p;
	int64_t oldest = rows_ms(PQgetvalue(rows->r, row->host, 3));
	char age[DURATION_SIZE];

	table_set_text(t, HOST, PQgetvalue(rows->r, row->host, 0));
	table_set_text(t, HOST_STATE, PQgetvalue(rows->r, row->host, 4));
	if (!p) {
		table_set_count(t, PROCESSES, rows_number(
					PQgetvalue(rows->r, row->host, 2)));
		if (oldest > 0)
			rows_set_length(t, AGE, oldest);
		rows_set_length(t, SEEN, rows_ms(
					PQgetvalue(rows->r, row->host, 5)));
		return;
	}
	table_set_count(t, PROCESSES, 1);
	if (p->seq)
		table_set_count(t, SEQ, p->seq);
	table_set_count(t, SLOT, p->slot);
	if (p->pid > 0)
		table_set_count(t, PID, (uint64_t)p->pid);
	table_set_text(t, STATE, snapshot_state(p));
	table_set_seconds(t, AGE, p->age, duration_text(p->age, age));
	table_set_text(t, LABEL, p->label);
	rows_set_length(t, SEEN, 0);
}

static bool add(struct rows *rows, int host, const struct procq_process *p)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 64;
		struct row *larger = realloc(rows->all,
					     room * sizeof(*larger));

		if (!larger)
			return false;
		rows->all = larger;
		rows->room = room;
	}
	rows->all[rows->count++] = (struct row){ host, p };
	return true;
}

/* The processes of a seat, if it is a queue of this machine: by its name, and
 * by which queue of that name it is.
 * @return how many; -1: it is not one that can be read here */
static int read_here(const char *seat, const char *life,
		     struct procq_process **out)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	const char *object = strchr(seat, '/');
	struct procq_stat stat;
	struct seat self;
	struct procq *q;
	int n = -1;

	o.role = PROCQ_ROLE_ONLOOKER;
	o.deadline = procq_now() + 100 * NS_PER_MS;
	if (!object || procq_open(&q, object, &o) < 0)
		return -1;
	if (procq_stat(q, &stat) == 0) {
		seat_find(&self, object, stat.created);
		if (strcmp(self.name, seat) == 0 &&
		    strcmp(self.life, life) == 0)
			n = snapshot_all(q, out);
	}
	procq_close(q);
	return n;
}

static bool add_host(struct rows *rows, int host)
{
	struct procq_process *all = NULL;
	int n = read_here(PQgetvalue(rows->r, host, 0),
			  PQgetvalue(rows->r, host, 1), &all);

	if (n < 0)
		return rows_number(PQgetvalue(rows->r, host, 2)) == 0 ||
		       add(rows, host, NULL);
	rows->lists[host] = all;
	for (int i = 0; i < n; i++)
		if (!add(rows, host, &all[i]))
			return false;
	return true;
}

/* @return 0, -ENOMEM */
static int add_hosts(struct rows *rows, int only)
{
	int n = PQntuples(rows->r);

	rows->lists = calloc((size_t)n + 1, sizeof(struct procq_process *));
	if (!rows->lists)
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		if ((only < 0 || i == only) && !add_host(rows, i))
			return -ENOMEM;
	return 0;
}

static int show(struct fleet *f, const PGresult *r)
{
	struct rows rows = { .r = r };
	int only = f->host ? fleet_find_host(f, r, f->host) : -1;
	int err;

	if (f->host && only < 0)
		return EXIT_FAILED;
	err = add_hosts(&rows, only);
	if (err == 0)
		err = table_print(f->table, stdout, f->form, "processes",
				  rows.count, fill_show, &rows);
	for (int i = 0; rows.lists && i < PQntuples(r); i++)
		free(rows.lists[i]);
	free(rows.lists);
	free(rows.all);
	if (err == 0)
		return EXIT_DONE;
	complain("%s", _(procq_strerror(err)));
	return EXIT_FAILED;
}

static int show_run(struct fleet *f)
{
	const char *const values[] = { f->queue };
	PGresult *r;
	int status;

	if (!fleet_is_there(f))
		return EXIT_FAILED;
	r = fleet_ask(f, "SELECT seat, life, present, oldest_ms, state, "
		      "seen_ms FROM procq.show($1)", 1, values);
	if (!r)
		return EXIT_FAILED;
	status = show(f, r);
	PQclear(r);
	return status;
}

const struct fleet_command fleet_show = {
	.name = "show",
	.operands = N_("[NAME]"),
	.summary = N_("show the processes of a fleet, one by one those that "
		      "are here"),
	.takes = FLEET_NAME | FLEET_FORM | FLEET_ROWS | FLEET_ONE,
	.columns = show_columns,
	.ncolumns = sizeof(show_columns) / sizeof(*show_columns),
	.usual = "HOST,PROCESSES,SEQ,SLOT,PID,STATE,AGE,LABEL,HOST_STATE,"
		 "SEEN",
	.run = show_run,
};
