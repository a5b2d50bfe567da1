/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * books.c - procq stat --fleet: the bound, and the books over all hosts. Must
 * only look.
 */
#include <config.h>

#include "complain.h"
#include "i18n.h"

#include "fleet.h"
#include "rows.h"

enum {
	CAPACITY, USED, HOSTS, CUT_OFF, WAITING, POLICY, TERM, CLOSED,
	LEARNING, STARTED, RETIRED, EXITED, LOST, VANISHED, PRESENT, ADDS_UP,
	AS_OF, MAY_LOSE, ENDINGS, GAP, ENDING
};

static const struct table_column stat_columns[] = {
	[CAPACITY] = ROWS_CAPACITY,
	[USED] = ROWS_USED,
	[HOSTS] = ROWS_HOSTS,
	[CUT_OFF] = ROWS_CUT_OFF,
	[WAITING] = ROWS_WAITING,
	[POLICY] = ROWS_POLICY,
	[TERM] = ROWS_TERM,
	[CLOSED] = { "CLOSED", NULL, N_("nothing more is granted"), 0 },
	[LEARNING] = { "LEARNING", NULL, N_("the same, as the server may have "
					    "forgotten grants"), 0 },
	[STARTED] = { "STARTED", NULL, N_("processes that entered"),
		TABLE_RIGHT },
	[RETIRED] = { "RETIRED", NULL, N_("of these, ended"), TABLE_RIGHT },
	[EXITED] = { "EXITED", NULL, N_("of these, exited on their own"),
		TABLE_RIGHT },
	[LOST] = { "LOST", NULL, N_("of these, gone, nobody knows how"),
		TABLE_RIGHT },
	[VANISHED] = { "VANISHED", NULL, N_("of these, lost with their host"),
		TABLE_RIGHT },
	[PRESENT] = { "PRESENT", NULL, N_("of these, still there"),
		TABLE_RIGHT },
	[ADDS_UP] = { "ADDS_UP", NULL, N_("does it?"), 0 },
	[AS_OF] = { "AS_OF", NULL, N_("the time of the oldest report"), 0 },
	[MAY_LOSE] = { "MAY_LOSE", NULL, N_("why the server can lose what it "
					    "has acknowledged"), 0 },
	[ENDINGS] = { "ENDINGS", NULL, N_("how many processes consumers may "
					  "be ending at once"), TABLE_RIGHT },
	[GAP] = { "GAP", NULL, N_("how long nothing is ended after each "
				  "ending"), TABLE_RIGHT },
	[ENDING] = { "ENDING", NULL, N_("permits for endings that hosts "
					"have"), TABLE_RIGHT },
};

static const char stat_sql[] =
	"SELECT capacity, used, hosts, cut_off, waiting, policy, lease_ms, "
	"closed, learning, started, retired, exited, lost, vanished, present, "
	"started = retired + exited + lost + vanished + present, "
	"to_char(as_of, 'YYYY-MM-DD\"T\"HH24:MI:SSOF'), durable, "
	"endings, gap_ms, ending "
	"FROM procq.stat($1)";

static void fill_stat(struct table *t, size_t row, const void *arg)
{
	const PGresult *r = arg;

	for (size_t i = 0; i < sizeof(stat_columns) / sizeof(*stat_columns);
	     i++) {
		const char *value = PQgetvalue(r, (int)row, (int)i);

		if (PQgetisnull(r, (int)row, (int)i))
			continue;
		if (i == CLOSED || i == LEARNING || i == ADDS_UP)
			table_set_truth(t, i, rows_truth(value));
		else if (i == TERM || i == GAP)
			rows_set_length(t, i, rows_ms(value));
		else if (stat_columns[i].flags & TABLE_RIGHT)
			table_set_count(t, i, rows_number(value));
		else if (*value)
			table_set_text(t, i, value);
	}
}

static int stat_run(struct fleet *f)
{
	const char *const values[] = { f->queue };
	PGresult *r;
	int status;

	if (f->metrics && (f->form != TABLE_TEXT || f->columns ||
			   f->all_columns || f->no_headings))
		usage_error(_("--openmetrics excludes --json, --raw, --output,"
			      " --output-all and --noheadings"));
	if (!fleet_is_there(f))
		return EXIT_FAILED;
	if (f->metrics)
		return fleet_metrics(f);
	r = fleet_ask(f, stat_sql, 1, values);
	if (!r)
		return EXIT_FAILED;
	status = rows_print_record(f, r, fill_stat);
	PQclear(r);
	return status;
}

const struct fleet_command fleet_stat = {
	.name = "stat",
	.operands = N_("[NAME]"),
	.summary = N_("count over all hosts"),
	.takes = FLEET_NAME | FLEET_FORM | FLEET_ROWS | FLEET_METRICS,
	.columns = stat_columns,
	.ncolumns = sizeof(stat_columns) / sizeof(*stat_columns),
	.usual = "CAPACITY,USED,HOSTS,CUT_OFF,WAITING,POLICY,LEASE,CLOSED,"
		 "LEARNING,STARTED,RETIRED,EXITED,LOST,VANISHED,PRESENT,"
		 "ADDS_UP,AS_OF,MAY_LOSE,ENDINGS,GAP,ENDING",
	.run = stat_run,
};
