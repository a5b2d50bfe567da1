/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * people.c - what people change at the engine of a fleet. Must not touch a
 * local queue.
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
#include "options.h"

#include "fleet.h"
#include "rows.h"

/* ---- limit, close, open ---- */

/* NULL if there is none. */
static const char *number_text(char text[24], int64_t n)
{
	if (n < 0)
		return NULL;
	snprintf(text, 24, "%" PRId64, n);
	return text;
}

/* In whole ms, not to be shorter. */
static int64_t whole_ms(int64_t ns)
{
	return ns < 0 ? -1 : (ns + NS_PER_MS - 1) / NS_PER_MS;
}

static int limit_run(struct fleet *f)
{
	char lease[24], gap[24], endings[24];
	const char *values[] = {
		f->queue, f->operand, f->policy,
		number_text(lease, f->lease > 0 ? f->lease / NS_PER_MS : -1),
		number_text(gap, whole_ms(f->gap)),
		number_text(endings, f->endings)
	};
	int status = EXIT_DONE;
	const char *said;
	PGresult *r;

	option_operand(f->operand, 1, INT64_C(1) << 30);
	r = fleet_ask(f, "SELECT procq.set_limit($1, $2, $3, $4, $5, $6)", 6,
		      values);
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

const struct fleet_command fleet_limit = {
	.name = "limit",
	.operands = N_("[NAME] N"),
	.summary = N_("set the bound over all hosts"),
	.takes = FLEET_NAME | FLEET_NUMBER,
	.run = limit_run,
};

static int set_closed(struct fleet *f, const char *shut)
{
	const char *const values[] = { f->queue, shut };
	PGresult *r = fleet_ask(f, "SELECT procq.set_closed($1, $2)", 2,
				values);
	bool there = r && rows_truth(PQgetvalue(r, 0, 0));

	if (r && !there)
		fleet_no_queue(f);
	PQclear(r);
	return there ? EXIT_DONE : EXIT_FAILED;
}

static int close_run(struct fleet *f)
{
	return set_closed(f, "t");
}

const struct fleet_command fleet_close = {
	.name = "close",
	.operands = N_("[NAME]"),
	.summary = N_("grant nothing more"),
	.takes = FLEET_NAME,
	.run = close_run,
};

static int open_run(struct fleet *f)
{
	return set_closed(f, "f");
}

const struct fleet_command fleet_open = {
	.name = "open",
	.operands = N_("[NAME]"),
	.summary = N_("grant again"),
	.takes = FLEET_NAME,
	.run = open_run,
};

/* ---- release ---- */

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
	duration_text(rows_ms(PQgetvalue(r, row, 7)), ago);
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

static int release_run(struct fleet *f)
{
	const char *values[] = { f->queue, NULL };
	int row, status = EXIT_FAILED;
	PGresult *r, *done;

	if (!fleet_is_there(f))
		return EXIT_FAILED;
	r = fleet_ask(f, "SELECT seat, held, in_use, wants, lease_ms, state, "
		      "oldest_ms, seen_ms FROM procq.hosts($1)", 1, values);
	if (!r)
		return EXIT_FAILED;
	row = fleet_find_host(f, r, f->operand);
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

const struct fleet_command fleet_release = {
	.name = "release",
	.operands = N_("HOST"),
	.summary = N_("free what a lost host holds"),
	.takes = FLEET_HOST,
	.run = release_run,
};

/* ---- fleet-init ---- */

static int init_run(struct fleet *f)
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

const struct fleet_command fleet_init = {
	.name = "fleet-init",
	.operands = "",
	.summary = N_("make or upgrade the schema"),
	.takes = FLEET_PRINT,
	.run = init_run,
};
