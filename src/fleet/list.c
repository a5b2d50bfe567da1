/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - procq list --fleet: the queues of a fleet. Must only look.
 */
#include <config.h>

#include "complain.h"
#include "i18n.h"

#include "fleet.h"
#include "rows.h"

enum {
	NAME, CAPACITY, USED, PRESENT, HOSTS, CUT_OFF, WAITING, POLICY, TERM,
	STATE
};

static const struct table_column list_columns[] = {
	[NAME] = { "NAME", NULL, N_("its name"), 0 },
	[CAPACITY] = ROWS_CAPACITY,
	[USED] = ROWS_USED,
	[PRESENT] = { "PRESENT", NULL, N_("processes, as last reported"),
		TABLE_RIGHT },
	[HOSTS] = ROWS_HOSTS,
	[CUT_OFF] = ROWS_CUT_OFF,
	[WAITING] = ROWS_WAITING,
	[POLICY] = ROWS_POLICY,
	[TERM] = ROWS_TERM,
	[STATE] = { "STATE", NULL, N_("open, closed or learning"), 0 },
};

static void fill_queue(struct table *t, size_t row, const void *arg)
{
	const PGresult *r = arg;
	int i = (int)row;

	table_set_text(t, NAME, PQgetvalue(r, i, NAME));
	for (int c = CAPACITY; c <= WAITING; c++)
		table_set_count(t, (size_t)c,
				rows_number(PQgetvalue(r, i, c)));
	table_set_text(t, POLICY, PQgetvalue(r, i, POLICY));
	rows_set_length(t, TERM, rows_ms(PQgetvalue(r, i, TERM)));
	table_set_text(t, STATE,
		       rows_truth(PQgetvalue(r, i, STATE)) ? "closed"
		       : rows_truth(PQgetvalue(r, i, STATE + 1)) ? "learning"
								 : "open");
}

static int list_run(struct fleet *f)
{
	const char *const values[] = { f->named ? f->queue : NULL };
	PGresult *r = fleet_ask(f, "SELECT name, capacity, used, present, "
				"hosts, cut_off, waiting, policy, lease_ms, "
				"closed, learning FROM procq.queues() "
				"WHERE $1::text IS NULL OR name = $1", 1,
				values);
	int status;

	if (!r)
		return EXIT_FAILED;
	status = f->named && PQntuples(r) == 0
			 ? fleet_no_queue(f)
			 : rows_print(f, "queues", r, fill_queue);
	PQclear(r);
	return status;
}

const struct fleet_command fleet_list = {
	.name = "list",
	.operands = N_("[NAME]"),
	.summary = N_("list the queues of a fleet"),
	.takes = FLEET_NAME | FLEET_FORM | FLEET_ROWS,
	.columns = list_columns,
	.ncolumns = sizeof(list_columns) / sizeof(*list_columns),
	.usual = "NAME,CAPACITY,USED,PRESENT,HOSTS,CUT_OFF,WAITING,POLICY,"
		 "LEASE,STATE",
	.run = list_run,
};
