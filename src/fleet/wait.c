/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wait.c - procq wait --fleet: until no host holds a slot. Must only look.
 *
 * Only what is charged is a proof: a report may be old, and processes may have
 * been started since. So it waits for the helpers, too, which give back what is
 * idle. A server that does not answer is waited for as well.
 */
#include <config.h>

#include <stdio.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"

#include "fleet.h"
#include "rows.h"

/* How often it asks. */
#define INTERVAL NS_PER_S

enum answer { EMPTY, HELD, NONE, SILENT, FAILED };

struct wait {
	struct fleet *f;
	int64_t deadline;
	bool asked;		/* it was answered once */
	bool silence_said;
	char one[400];		/* of those that hold slots */
	uint64_t held, holders, present;
	bool learning;
};

static void print(const struct fleet *f, bool empty, bool gone)
{
	struct rows_object o;

	if (!rows_begin(&o, f))
		return;
	json_truth(&o.json, "empty", empty);
	json_truth(&o.json, "gone", gone);
	rows_end(&o);
}

/* Is it only that nobody answers? What the server refuses, it will refuse
 * again: but for a few classes of SQLSTATE, among them that it shuts down, has
 * no room for one more connection, or had to break a request off. */
static bool is_silence(const struct engine *e)
{
	static const char *const passing[] = { "08", "40", "53", "55", "57" };

	if (!e->sqlstate[0])
		return true;
	for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++)
		if (e->sqlstate[0] == passing[i][0] &&
		    e->sqlstate[1] == passing[i][1])
			return true;
	return false;
}

static enum answer no_answer(struct wait *w)
{
	struct engine *e = &w->f->engine;

	if (!is_silence(e)) {
		fleet_failed(w->f);
		return FAILED;
	}
	/* The first one may be a typing error, the others are not. */
	if (!w->asked && w->deadline == PROCQ_FOREVER && !w->silence_said)
		complain(_("'%s' does not answer: %s; waiting"),
			 w->f->url.shown, e->why);
	else if (w->f->verbose && !w->silence_said)
		complain(_("'%s' does not answer: %s; waiting"),
			 w->f->url.shown, e->why);
	w->silence_said = true;
	engine_close(e);
	return SILENT;
}

static int64_t patience(const struct wait *w)
{
	int64_t left = w->deadline - procq_now();

	if (left < NS_PER_S)
		left = NS_PER_S;
	return time_after(procq_life(), time_min(left, FLEET_PATIENCE));
}

static enum answer ask(struct wait *w)
{
	const char *const values[] = { w->f->queue };
	struct engine *e = &w->f->engine;
	PGresult *r = NULL;

	e->url = &w->f->url;
	if (e->conn || engine_connect(e, patience(w)))
		r = engine_ask(e, patience(w), "SELECT held, holders, present, "
			       "one, learning FROM procq.emptiness($1)", 1,
			       values);
	if (!r)
		return no_answer(w);
	w->asked = true;
	w->silence_said = false;
	if (PQgetisnull(r, 0, 0)) {
		PQclear(r);
		return NONE;
	}
	w->held = rows_number(PQgetvalue(r, 0, 0));
	w->holders = rows_number(PQgetvalue(r, 0, 1));
	w->present = rows_number(PQgetvalue(r, 0, 2));
	snprintf(w->one, sizeof(w->one), "%s", PQgetvalue(r, 0, 3));
	w->learning = rows_truth(PQgetvalue(r, 0, 4));
	PQclear(r);
	return w->held > 0 || w->learning ? HELD : EMPTY;
}

static int gave_up(const struct wait *w, enum answer last)
{
	char waited[DURATION_SIZE];

	print(w->f, false, false);
	duration_text(w->f->wait, waited);
	if (last == SILENT)
		complain(_("fleet queue '%s': gave up after %s: '%s' does not "
			   "answer: %s"), w->f->queue, waited,
			 w->f->url.shown, w->f->engine.why);
	else if (w->held > 0)
		complain(_("fleet queue '%s': gave up after %s: %ju slots are "
			   "held by %ju hosts, one of them '%s'; %ju "
			   "processes were last reported"), w->f->queue,
			 waited, (uintmax_t)w->held, (uintmax_t)w->holders,
			 w->one, (uintmax_t)w->present);
	else
		complain(_("fleet queue '%s': gave up after %s: the server may "
			   "have forgotten what hosts hold, and is learning "
			   "it"), w->f->queue, waited);
	return EXIT_WAITED;
}

/* Of a server that is silent, no_answer() speaks. */
static void say_waiting(struct wait *w, enum answer a)
{
	if (a != HELD || !hint_due(&w->f->hints, HINT_OVER, procq_now()))
		return;
	if (w->held > 0)
		complain(_("fleet queue '%s': waiting until %ju slots are "
			   "free, held by %ju hosts, one of them '%s'"),
			 w->f->queue, (uintmax_t)w->held,
			 (uintmax_t)w->holders, w->one);
	else
		complain(_("fleet queue '%s': waiting until the server has "
			   "learnt what hosts hold"), w->f->queue);
}

static int wait_run(struct fleet *f)
{
	struct wait w = { .f = f };
	bool first = true;

	w.deadline = time_after(procq_now(), f->wait);
	for (;; first = false) {
		enum answer a = ask(&w);

		if (a == FAILED)
			return EXIT_FAILED;
		if (a == NONE && first)
			complain(_("fleet queue '%s': no such queue, so there "
				   "is nothing to wait for"), f->queue);
		if (a == NONE || a == EMPTY) {
			print(f, true, a == NONE);
			return EXIT_DONE;
		}
		if (procq_now() >= w.deadline)
			return gave_up(&w, a);
		say_waiting(&w, a);
		time_sleep(time_min(w.deadline - procq_now(), INTERVAL));
	}
}

const struct fleet_command fleet_wait = {
	.name = "wait",
	.operands = N_("[NAME]"),
	.summary = N_("wait until no host holds a slot"),
	.takes = FLEET_NAME | FLEET_JSON | FLEET_WAIT,
	.run = wait_run,
};
