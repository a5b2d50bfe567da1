/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * people.c - what people ask the engine of a fleet, and change there.
 * Must not touch a local queue.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "json.h"
#include "options.h"

#include "fleet.h"

/* ---- what went wrong ---- */

bool fleet_connect(struct fleet *f)
{
	f->engine.url = &f->url;
	if (engine_connect(&f->engine, procq_life() + FLEET_PATIENCE))
		return true;
	complain(_("no connection to '%s': %s"), f->url.shown, f->engine.why);
	return false;
}

int fleet_failed(const struct fleet *f)
{
	const char *state = f->engine.sqlstate;

	complain(_("fleet queue '%s' at '%s': %s"), f->queue, f->url.shown,
		 f->engine.why);
	/* No such schema, no such function. */
	if (strcmp(state, "3F000") == 0 || strcmp(state, "42883") == 0)
		complain(_("'procq fleet-init --fleet=%s' makes what is "
			   "missing"), f->url.shown);
	/* Not allowed. */
	if (strcmp(state, "42501") == 0)
		complain(_("hosts need the role procq_host, administrators "
			   "procq_admin: see procq-fleet(1)"));
	return EXIT_FAILED;
}

int fleet_no_queue(const struct fleet *f)
{
	complain(_("there is no fleet queue '%s' at '%s'"), f->queue,
		 f->url.shown);
	complain(_("'procq limit --fleet=%s#%s N' makes it"), f->url.shown,
		 f->queue);
	return EXIT_FAILED;
}

PGresult *fleet_ask(struct fleet *f, const char *sql, int n,
		    const char *const *values)
{
	PGresult *r;

	if (!f->engine.conn && !fleet_connect(f))
		return NULL;
	r = engine_ask(&f->engine, procq_life() + FLEET_PATIENCE, sql, n,
		       values);
	if (!r)
		fleet_failed(f);
	return r;
}

/* ---- cells ---- */

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static bool truth(const char *text)
{
	return *text == 't';
}

static int64_t ms(const char *text)
{
	return strtoll(text, NULL, 10) * NS_PER_MS;
}

static void set_length(struct table *t, size_t column, int64_t ns)
{
	char text[DURATION_SIZE];

	table_set_seconds(t, column, ns, duration_text(ns, text));
}

/* ---- hosts ---- */

enum { SEAT, HELD, IN_USE, WANTS, STATE, LEASE, OLDEST, SEEN, NOTE };

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
	table_set_count(t, HELD, number(PQgetvalue(r, i, 1)));
	table_set_count(t, IN_USE, number(PQgetvalue(r, i, 2)));
	table_set_count(t, WANTS, number(PQgetvalue(r, i, 3)));
	set_length(t, LEASE, ms(PQgetvalue(r, i, 4)));
	table_set_text(t, STATE, PQgetvalue(r, i, 5));
	set_length(t, OLDEST, ms(PQgetvalue(r, i, 6)));
	set_length(t, SEEN, ms(PQgetvalue(r, i, 7)));
	if (*note)
		table_set_text(t, NOTE, note);
}

static int print_hosts(const struct fleet *f, const PGresult *r)
{
	struct table *t = table_new(host_columns, sizeof(host_columns) /
						  sizeof(*host_columns));
	int err = t ? table_print(t, stdout, f->form, "hosts",
				  (size_t)PQntuples(r), fill_host, r)
		    : -ENOMEM;

	table_free(t);
	if (err == 0)
		return EXIT_DONE;
	complain("%s", _(procq_strerror(err)));
	return EXIT_FAILED;
}

static bool queue_is_there(struct fleet *f)
{
	const char *const values[] = { f->queue };
	PGresult *r = fleet_ask(f, "SELECT used FROM procq.stat($1)", 1,
				values);
	bool there = r && PQntuples(r) > 0 && !PQgetisnull(r, 0, 0);

	if (r && !there)
		fleet_no_queue(f);
	PQclear(r);
	return there;
}

int fleet_hosts(struct fleet *f)
{
	const char *const values[] = { f->queue };
	PGresult *r;
	int status;

	if (!queue_is_there(f))
		return EXIT_FAILED;
	r = fleet_ask(f, "SELECT seat, held, in_use, wants, lease_ms, state, "
		      "oldest_ms, seen_ms, released_by, durable "
		      "FROM procq.hosts($1)", 1, values);
	if (!r)
		return EXIT_FAILED;
	status = print_hosts(f, r);
	PQclear(r);
	return status;
}

/* ---- stat ---- */

enum {
	CAPACITY, USED, HOSTS, CUT_OFF, WAITING, POLICY, TERM, CLOSED,
	LEARNING, STARTED, RETIRED, EXITED, LOST, VANISHED, PRESENT, ADDS_UP,
	AS_OF, MAY_LOSE
};

static const struct table_column stat_columns[] = {
	[CAPACITY] = { "CAPACITY", NULL, N_("how many processes may exist at "
					    "once"), TABLE_RIGHT },
	[USED] = { "USED", NULL, N_("slots charged to hosts"), TABLE_RIGHT },
	[HOSTS] = { "HOSTS", NULL, N_("hosts whose lease has not run out"),
		TABLE_RIGHT },
	[CUT_OFF] = { "CUT_OFF", NULL, N_("others that hold slots"),
		TABLE_RIGHT },
	[WAITING] = { "WAITING", NULL, N_("hosts that want more"),
		TABLE_RIGHT },
	[POLICY] = { "POLICY", NULL, N_("keep, end or continue"), 0 },
	[TERM] = { "LEASE", NULL, N_("how long a lease is"), TABLE_RIGHT },
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
};

static const char stat_sql[] =
	"SELECT capacity, used, hosts, cut_off, waiting, policy, lease_ms, "
	"closed, learning, started, retired, exited, lost, vanished, present, "
	"started = retired + exited + lost + vanished + present, "
	"to_char(as_of, 'YYYY-MM-DD\"T\"HH24:MI:SSOF'), durable "
	"FROM procq.stat($1)";

static void fill_stat(struct table *t, size_t row, const void *arg)
{
	const PGresult *r = arg;

	for (size_t i = 0; i < sizeof(stat_columns) / sizeof(*stat_columns);
	     i++) {
		const char *value = PQgetvalue(r, (int)row, (int)i);

		if (i == CLOSED || i == LEARNING || i == ADDS_UP)
			table_set_truth(t, i, truth(value));
		else if (i == TERM)
			set_length(t, i, ms(value));
		else if (stat_columns[i].flags & TABLE_RIGHT)
			table_set_count(t, i, number(value));
		else if (*value)
			table_set_text(t, i, value);
	}
}

int fleet_stat(struct fleet *f)
{
	const char *const values[] = { f->queue };
	struct table *t;
	PGresult *r;
	int err;

	if (!queue_is_there(f))
		return EXIT_FAILED;
	r = fleet_ask(f, stat_sql, 1, values);
	if (!r)
		return EXIT_FAILED;
	t = table_new(stat_columns, sizeof(stat_columns) /
				    sizeof(*stat_columns));
	err = t ? table_print_record(t, stdout, f->form, fill_stat, r)
		: -ENOMEM;
	table_free(t);
	PQclear(r);
	if (err < 0)
		complain("%s", _(procq_strerror(err)));
	return err < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- limit, close, open ---- */

int fleet_limit(struct fleet *f)
{
	char lease[24];
	const char *values[] = { f->queue, f->operand, f->policy, NULL };
	int status = EXIT_DONE;
	const char *said;
	PGresult *r;

	option_operand(f->operand, 1, INT64_C(1) << 30);
	if (f->lease > 0) {
		snprintf(lease, sizeof(lease), "%" PRId64,
			 f->lease / NS_PER_MS);
		values[3] = lease;
	}
	r = fleet_ask(f, "SELECT procq.set_limit($1, $2, $3, $4)", 4, values);
	if (!r)
		return EXIT_FAILED;
	said = PQgetvalue(r, 0, 0);
	if (strcmp(said, "held") == 0) {
		complain(_("fleet queue '%s': hosts hold slots, and would go "
			   "on by the old policy; 'procq close --fleet', and "
			   "wait until none does"), f->queue);
		status = EXIT_FAILED;
	} else if (strcmp(said, "created") == 0) {
		complain(_("fleet queue '%s' is made"), f->queue);
	} else if (f->verbose) {
		complain(_("fleet queue '%s' is changed"), f->queue);
	}
	PQclear(r);
	return status;
}

static int set_closed(struct fleet *f, const char *shut)
{
	const char *const values[] = { f->queue, shut };
	PGresult *r = fleet_ask(f, "SELECT procq.set_closed($1, $2)", 2,
				values);
	bool there = r && truth(PQgetvalue(r, 0, 0));

	if (r && !there)
		fleet_no_queue(f);
	PQclear(r);
	return there ? EXIT_DONE : EXIT_FAILED;
}

int fleet_close(struct fleet *f)
{
	return set_closed(f, "t");
}

int fleet_open(struct fleet *f)
{
	return set_closed(f, "f");
}

/* ---- release ---- */

/* The seat that HOST means: its whole name, or the part before the slash if
 * one seat alone has it. @return the row, -1: said why not */
static int find_seat(const struct fleet *f, const PGresult *r)
{
	size_t len = strlen(f->operand);
	int found = -1;

	for (int i = 0; i < PQntuples(r); i++) {
		const char *seat = PQgetvalue(r, i, 0);

		if (strcmp(seat, f->operand) == 0)
			return i;
		if (strncmp(seat, f->operand, len) != 0 || seat[len] != '/')
			continue;
		if (found >= 0) {
			complain(_("host '%s' has several queues: '%s', '%s'; "
				   "name one"), f->operand,
				 PQgetvalue(r, found, 0), seat);
			return -1;
		}
		found = i;
	}
	if (found < 0)
		complain(_("fleet queue '%s' knows no host '%s'; 'procq "
			   "hosts' lists them"), f->queue, f->operand);
	return found;
}

/* Does the user type the name? */
static bool confirmed(const struct fleet *f, const PGresult *r, int row)
{
	const char *seat = PQgetvalue(r, row, 0);
	char ago[DURATION_SIZE], typed[512];

	if (f->confirm) {
		if (strcmp(f->confirm, f->operand) == 0)
			return true;
		complain(_("--confirm is '%s', not '%s'"), f->confirm,
			 f->operand);
		return false;
	}
	duration_text(ms(PQgetvalue(r, row, 7)), ago);
	fprintf(stderr, _("%s has %s slots charged, and last reported %s ago "
			  "(%s).\nIf its processes are not gone, there will "
			  "be more than the limit.\nI know that they are gone; "
			  "type %s: "), seat, PQgetvalue(r, row, 1), ago,
		PQgetvalue(r, row, 5), f->operand);
	fflush(stderr);
	if (fgets(typed, sizeof(typed), stdin)) {
		typed[strcspn(typed, "\n")] = '\0';
		if (strcmp(typed, f->operand) == 0)
			return true;
	}
	complain(_("not released"));
	return false;
}

int fleet_release(struct fleet *f)
{
	const char *values[] = { f->queue, NULL };
	int row, status = EXIT_FAILED;
	PGresult *r, *done;

	if (!queue_is_there(f))
		return EXIT_FAILED;
	r = fleet_ask(f, "SELECT seat, held, in_use, wants, lease_ms, state, "
		      "oldest_ms, seen_ms FROM procq.hosts($1)", 1, values);
	if (!r)
		return EXIT_FAILED;
	row = find_seat(f, r);
	if (row >= 0 && confirmed(f, r, row)) {
		values[1] = PQgetvalue(r, row, 0);
		/* The user may have thought for long. */
		engine_close(&f->engine);
		done = fleet_ask(f, "SELECT procq.release($1, $2)", 2, values);
		if (done && !PQgetisnull(done, 0, 0)) {
			complain(_("%s slots of %s are released"),
				 PQgetvalue(done, 0, 0), values[1]);
			status = EXIT_DONE;
		}
		PQclear(done);
	}
	PQclear(r);
	return status;
}

/* ---- fleet-init ---- */

int fleet_init(struct fleet *f)
{
	size_t size = 1;
	char *all;
	bool good;

	if (f->print) {
		for (size_t i = 0; fleet_schema[i]; i++)
			puts(fleet_schema[i]);
		return EXIT_DONE;
	}
	for (size_t i = 0; fleet_schema[i]; i++)
		size += strlen(fleet_schema[i]) + 1;
	all = malloc(size);
	if (!all) {
		complain("%s", strerror(ENOMEM));
		return EXIT_FAILED;
	}
	*all = '\0';
	for (size_t i = 0, at = 0; fleet_schema[i]; i++)
		at += (size_t)sprintf(all + at, "%s\n", fleet_schema[i]);
	good = fleet_connect(f);
	if (good && !engine_run(&f->engine, procq_life() + FLEET_PATIENCE,
				all)) {
		complain(_("no schema at '%s': %s"), f->url.shown,
			 f->engine.why);
		complain(_("it takes a role that may create roles and a "
			   "schema; 'procq fleet-init --print' prints what an "
			   "administrator can run"));
		good = false;
	}
	free(all);
	return good ? EXIT_DONE : EXIT_FAILED;
}
