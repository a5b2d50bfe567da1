/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask.c - one question to the engine, for a person: with its answer, or with
 * what helps. Must not touch a local queue.
 */
#include <config.h>

#include <string.h>

#include "procq.h"

#include "complain.h"
#include "i18n.h"
#include "options.h"
#include "program.h"

#include "fleet.h"
#include "remedy.h"
#include "safe.h"

static void complain_remedy(const struct fleet *f)
{
	char text[REMEDY_TEXT];
	const char *what = remedy(&f->engine, text, sizeof(text));

	if (what)
		complain("%s", what);
}

bool fleet_connect(struct fleet *f)
{
	f->engine.url = &f->url;
	if (engine_connect(&f->engine, procq_life() + FLEET_PATIENCE))
		return true;
	complain(_("no connection to '%s': %s"), f->url.shown, f->engine.why);
	complain_remedy(f);
	return false;
}

int fleet_failed(const struct fleet *f)
{
	complain(_("fleet queue '%s' at '%s': %s"), f->queue, f->url.shown,
		 f->engine.why);
	complain_remedy(f);
	return EXIT_FAILED;
}

int fleet_no_queue(const struct fleet *f)
{
	complain(_("there is no fleet queue '%s' at '%s'"), f->queue,
		 f->url.shown);
	complain(_("'procq limit --fleet=%s#%s N' makes it"),
		 shell_word(f->url.shown).text, shell_word(f->queue).text);
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

bool fleet_is_there(struct fleet *f)
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

int fleet_find_host(const struct fleet *f, const PGresult *r, const char *host)
{
	size_t len = strlen(host);
	int found = -1;

	for (int i = 0; i < PQntuples(r); i++) {
		const char *seat = PQgetvalue(r, i, 0);

		if (strcmp(seat, host) == 0)
			return i;
		if (strncmp(seat, host, len) != 0 || seat[len] != '/')
			continue;
		if (found >= 0) {
			complain(_("host '%s' has several queues: '%s', '%s'; "
				   "name one"), host,
				 PQgetvalue(r, found, 0), seat);
			return -1;
		}
		found = i;
	}
	if (found < 0)
		complain(_("fleet queue '%s' knows no host '%s'; 'procq "
			   "hosts' lists them"), f->queue, host);
	return found;
}
