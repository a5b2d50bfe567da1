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
	[CAPACITY] = { "CAPACITY", NULL, N_("how many processes may exist at "
					    "once"), TABLE_RIGHT },
	[USED] = { "USED", NULL, N_("slots charged to hosts"), TABLE_RIGHT },
	[PRESENT] = { "PRESENT", NULL, N_("processes, as last reported"),
		TABLE_RIGHT },
	[HOSTS] = { "HOSTS", NULL, N_("hosts whose lease has not run out"),
		TABLE_RIGHT },
	[CUT_OFF] = { "CUT_OFF", NULL, N_("others that hold slots"),
		TABLE_RIGHT },
	[WAITING] = { "WAITING", NULL, N_("hosts that want more"),
		TABLE_RIGHT },
	[POLICY] = { "POLICY", NULL, N_("keep, end or continue"), 0 },
	[TERM] = { "LEASE", NULL, N_("how long a lease is"), TABLE_RIGHT },
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
