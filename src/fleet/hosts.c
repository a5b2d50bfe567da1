/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hosts.c - procq hosts: how many slots of a fleet queue each host holds, and
 * which are silent. Must only look.
 */
#include <config.h>

#include "complain.h"
#include "i18n.h"

#include "fleet.h"
#include "rows.h"

enum { SEAT, HELD, IN_USE, WANTS, STATE, LEASE, OLDEST, SEEN, PERMITS,
       PERMIT, NOTE };

static const struct table_column host_columns[] = {
	[SEAT] = { "HOST", NULL, N_("the machine, and its local queue"), 0 },
	[HELD] = { "HELD", NULL, N_("slots charged to it"), TABLE_RIGHT },
	[IN_USE] = { "PRESENT", NULL, N_("processes there"), TABLE_RIGHT },
	[WANTS] = { "WANTS", NULL, N_("slots it would use"), TABLE_RIGHT },
	[STATE] = { "STATE", NULL, N_("live, cut-off, away, released"), 0 },
	[LEASE] = { "LEASE", NULL, N_("what is left of its lease"),
		TABLE_RIGHT },
	[OLDEST] = { "OLDEST", NULL, N_("age of its oldest process"),
		TABLE_RIGHT },
	[SEEN] = { "SEEN", NULL, N_("how long ago it last reported"),
		TABLE_RIGHT },
	[PERMITS] = { "PERMITS", NULL, N_("permits that it has to end "
					  "processes"), TABLE_RIGHT },
	[PERMIT] = { "PERMIT", NULL, N_("how long it has had the first of "
					"these"), TABLE_RIGHT },
	[NOTE] = { "NOTE", NULL, N_("who released it; what the server may "
				    "lose"), 0 },
};

static void fill_host(struct table *t, size_t row, const void *arg)
{
	const PGresult *r = arg;
	int i = (int)row;
	const char *note = PQgetvalue(r, i, 8);

	if (!*note)
		note = PQgetvalue(r, i, 9);
	table_set_text(t, SEAT, PQgetvalue(r, i, 0));
	table_set_count(t, HELD, rows_number(PQgetvalue(r, i, 1)));
	table_set_count(t, IN_USE, rows_number(PQgetvalue(r, i, 2)));
	table_set_count(t, WANTS, rows_number(PQgetvalue(r, i, 3)));
	rows_set_length(t, LEASE, rows_ms(PQgetvalue(r, i, 4)));
	table_set_text(t, STATE, PQgetvalue(r, i, 5));
	rows_set_length(t, OLDEST, rows_ms(PQgetvalue(r, i, 6)));
	rows_set_length(t, SEEN, rows_ms(PQgetvalue(r, i, 7)));
	table_set_count(t, PERMITS, rows_number(PQgetvalue(r, i, 10)));
	if (!PQgetisnull(r, i, 11))
		rows_set_length(t, PERMIT, rows_ms(PQgetvalue(r, i, 11)));
	if (*note)
		table_set_text(t, NOTE, note);
}

static int hosts_run(struct fleet *f)
{
	const char *const values[] = { f->queue };
	PGresult *r;
	int status;

	if (!fleet_is_there(f))
		return EXIT_FAILED;
	r = fleet_ask(f, "SELECT seat, held, in_use, wants, lease_ms, state, "
		      "oldest_ms, seen_ms, released_by, durable, permits, permit_ms "
		      "FROM procq.hosts($1)", 1, values);
	if (!r)
		return EXIT_FAILED;
	status = rows_print(f, "hosts", r, fill_host);
	PQclear(r);
	return status;
}

const struct fleet_command fleet_hosts = {
	.name = "hosts",
	.operands = N_("[NAME]"),
	.summary = N_("list the hosts of a fleet"),
	.takes = FLEET_NAME | FLEET_FORM | FLEET_ROWS,
	.columns = host_columns,
	.ncolumns = sizeof(host_columns) / sizeof(*host_columns),
	.usual = "HOST,HELD,PRESENT,WANTS,STATE,LEASE,OLDEST,SEEN,PERMIT,NOTE",
	.run = hosts_run,
};
