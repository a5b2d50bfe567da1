/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * grant.c - the calls of the helper to the engine, and what comes of them; see
 * grant.h.
 *
 * Must never set in the object more than the engine has granted, nor for
 * longer: the deadline is counted from before the request was sent, on a clock
 * that goes on in a suspend. In this order:
 *
 *	a grant		the engine commits it; then it is set in the object
 *	a return	it is set in the object; then the engine hears of it
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "duration.h"
#include "i18n.h"

#include "grant.h"
#include "hold.h"
#include "permit.h"
#include "safe.h"
#include "tell.h"

#define CONNECT_MAX (10 * NS_PER_S)
/* The engine's answer is waited for so long, if the lease does not end
 * before. */
#define ANSWER_MAX (5 * NS_PER_S)

int64_t grant_jitter(struct helper *h, int64_t ns)
{
	struct distribution d = { DISTRIBUTION_UNIFORM, ns / 2, ns };

	return distribution_draw(&d, &h->random);
}

bool grant_connected(struct helper *h)
{
	int64_t now = procq_life();

	if (h->f->engine.conn)
		return true;
	if (engine_connect(&h->f->engine, time_after(now, CONNECT_MAX)))
		return true;
	tell_why(h);
	return false;
}

PGresult *grant_ask(struct helper *h, const char *sql, int n,
		    const char *const *values)
{
	PGresult *r;

	h->asked = procq_life();
	r = engine_ask(&h->f->engine, time_after(h->asked, ANSWER_MAX), sql, n,
		       values);
	if (r)
		return r;
	tell_why(h);
	/* A failed request is over, and its connection is good; but whether it
	 * was worked off is not known if there was no answer. */
	return NULL;
}

#define REPORT 300

/* The age of the one whose turn is next; 0: unknown. */
static int64_t oldest_ms(const struct helper *h)
{
	struct procq_process p;

	return procq_peek(h->q, &p) == 0 && p.age > 0 ? p.age / NS_PER_MS : 0;
}

static void print_report(const struct helper *h, char text[REPORT])
{
	const struct procq_stat *s = &h->stat;

	snprintf(text, REPORT, "{\"started\":%" PRIu64 ",\"retired\":%" PRIu64
		 ",\"exited\":%" PRIu64 ",\"lost\":%" PRIu64
		 ",\"present\":%" PRIu64 ",\"oldest_ms\":%" PRId64 "}",
		 s->started, s->retired, s->exited, s->lost, s->present,
		 oldest_ms(h));
}

static uint32_t policy_number(const char *word)
{
	return strcmp(word, "end") == 0 ? PROCQ_POLICY_END
	       : strcmp(word, "continue") == 0 ? PROCQ_POLICY_CONTINUE
					       : PROCQ_POLICY_KEEP;
}

int64_t grant_cell_ms(const PGresult *r, const char *column)
{
	return strtoll(engine_cell(r, column), NULL, 10) * NS_PER_MS;
}

static bool is_true(const PGresult *r, const char *column)
{
	return *engine_cell(r, column) == 't';
}

/* A sixth of it is the margin, in which what has run out is ended. */
static int64_t own_deadline(const struct helper *h)
{
	return time_after(h->asked, h->lease - h->lease / 6);
}

/* By whom, as attach() does not say. */
static bool was_released(struct helper *h)
{
	const char *const values[] = { h->f->queue, h->seat.name };
	PGresult *r = grant_ask(h, "SELECT released_by FROM procq.hosts($1) "
			  "WHERE seat = $2", 2, values);
	bool good = r && hold_released(h, engine_cell(r, "released_by"));

	PQclear(r);
	return good;
}

static bool attach_refused(struct helper *h, const char *code, int64_t wait)
{
	const char *queue = h->f->queue;
	char text[TOLD_TEXT];

	/* It may be made yet; another helper would say the same again. */
	if (strcmp(code, "no-queue") == 0) {
		tell_no_queue(h);
		h->next = time_after(procq_life(), 2 * NS_PER_S);
		return false;
	}
	if (strcmp(code, "expired") == 0)
		return hold_fence(h) && false;
	if (strcmp(code, "released") == 0)
		return was_released(h) && false;
	if (strcmp(code, "taken") == 0 && wait == 0)
		snprintf(text, sizeof(text), _("fleet queue '%s': slots are "
			 "charged to '%s' as another machine, boot or "
			 "container; when its processes are gone, 'procq "
			 "release %s'"), queue, h->seat.name,
			 shell_word(h->seat.name).text);
	else if (strcmp(code, "taken") == 0)
		snprintf(text, sizeof(text), _("fleet queue '%s': another "
			 "boot, or a machine of the same name and id, may be "
			 "alive as '%s'; waiting. If it is a clone, give it "
			 "a name of its own, and a new /etc/machine-id"),
			 queue, h->seat.name);
	else if (strcmp(code, "denied") == 0)
		snprintf(text, sizeof(text), _("fleet queue '%s': '%s' belongs "
			 "to another role"), queue, h->seat.name);
	else if (strcmp(code, "full") == 0)
		snprintf(text, sizeof(text), _("fleet queue '%s' has no room "
			 "for the processes that are here already"), queue);
	else
		snprintf(text, sizeof(text), "%s: %s", queue, code);
	tell(h, text);
	h->next = time_after(procq_life(), wait > 0 ? time_min(wait, NS_PER_S)
						    : 5 * NS_PER_S);
	return false;
}

static bool attached(struct helper *h, const PGresult *r)
{
	uint64_t epoch = strtoull(engine_cell(r, "epoch"), NULL, 10);

	h->lease = grant_cell_ms(r, "lease_ms");
	h->policy = policy_number(engine_cell(r, "policy"));
	h->seq = 0;
	h->heard = 0;
	if (!permit_begin(h, epoch, is_true(r, "permits")) ||
	    !hold_set(h, h->granted, own_deadline(h), epoch))
		return false;
	h->epoch = epoch;
	h->attached = true;
	h->next = 0;
	tell_settle(h, engine_cell(r, "durable"));
	return true;
}

/* It takes no time to speak of, as a rule. */
static bool await_ends(struct helper *h)
{
	int64_t now = procq_life();

	if (h->ends_since == 0)
		h->ends_since = now;
	if (now - h->ends_since >= NS_PER_S)
		tell_ends(h);
	h->next = time_after(now, HELPER_LOOK);
	return false;
}

bool grant_attach(struct helper *h)
{
	char up[GRANT_NUMBER], epoch[GRANT_NUMBER], number[GRANT_NUMBER];
	char report[REPORT];
	const char *values[] = {
		h->f->queue, h->seat.name, h->seat.machine, h->seat.boot,
		h->seat.world, h->seat.container ? "t" : "f", up,
		h->seat.life, epoch, number, "f", report
	};
	const char *code;
	PGresult *r;
	bool good;

	if (!hold_read(h) || !hold_count(h))
		return false;
	/* Others may have the slots of what is to be ended, and a lease that is
	 * renewed would let it live. */
	if (h->ends_all && hold_have(h) > 0)
		return await_ends(h);
	h->ends_since = 0;
	snprintf(up, sizeof(up), "%" PRId64, seat_uptime());
	snprintf(epoch, sizeof(epoch), "%" PRIu64, h->epoch);
	snprintf(number, sizeof(number), "%" PRIu32, hold_have(h));
	if (h->granted == 0)
		values[10] = "t";
	print_report(h, report);
	r = grant_ask(h, "SELECT * FROM procq.attach($1, $2, $3, $4, $5, $6, $7, $8,"
		" $9, $10, $11, $12)", 12, values);
	if (!r)
		return false;
	code = engine_cell(r, "code");
	good = strcmp(code, "ok") == 0
		       ? attached(h, r)
		       : attach_refused(h, code, grant_cell_ms(r, "wait_ms"));
	PQclear(r);
	return good;
}

static bool renewed(struct helper *h, const PGresult *r)
{
	uint32_t granted = (uint32_t)strtoul(engine_cell(r, "granted"), NULL,
					     10);
	uint32_t recall = (uint32_t)strtoul(engine_cell(r, "recall"), NULL,
					    10);

	if (granted > h->stat.capacity)
		granted = h->stat.capacity;
	h->lease = grant_cell_ms(r, "lease_ms");
	h->next = time_after(h->asked, grant_jitter(h, grant_cell_ms(r, "wait_ms")));
	/* An answer that comes after its own deadline grants nothing; the next
	 * request says what is here. */
	if (own_deadline(h) <= procq_life()) {
		h->next = 0;
		return true;
	}
	if (recall > 0) {
		granted = granted > recall ? granted - recall : 0;
		h->next = time_min(h->next, time_after(h->asked, NS_PER_S / 4));
	}
	return hold_set(h, granted, own_deadline(h), h->epoch) &&
	       permit_need(h, is_true(r, "permits"));
}

/* What can be given back is: first here. */
static bool give_back(struct helper *h, uint32_t wanted)
{
	int64_t now = procq_life();

	if (h->granted <= wanted) {
		h->idle = 0;
		return true;
	}
	if (h->idle == 0)
		h->idle = now;
	if (!h->leave && now - h->idle < HELPER_IDLE_MAX)
		return true;
	h->idle = 0;
	return hold_set(h, wanted, h->deadline, h->epoch) && hold_count(h);
}

bool grant_refused(struct helper *h, const PGresult *r)
{
	const char *code = engine_cell(r, "code");
	char text[TOLD_TEXT];

	if (strcmp(code, "expired") != 0 && strcmp(code, "released") != 0) {
		if (strcmp(code, "fenced") == 0)
			tell_fenced(h);
		/* Fenced, stale, unknown: what is here is reported anew. */
		h->attached = false;
		return true;
	}
	snprintf(text, sizeof(text), _("fleet queue '%s': the slots here are "
		 "taken back: %s %s"), h->f->queue, code,
		 engine_cell(r, "role"));
	tell(h, text);
	return strcmp(code, "expired") == 0
		       ? hold_fence(h)
		       : hold_released(h, engine_cell(r, "role"));
}

bool grant_lease(struct helper *h)
{
	char epoch[GRANT_NUMBER], seq[GRANT_NUMBER], has[GRANT_NUMBER];
	char wants[GRANT_NUMBER], heard[GRANT_NUMBER], report[REPORT];
	const char *values[] = { h->f->queue, h->seat.name, epoch, seq, has,
				 wants, report, heard };
	PGresult *r;
	bool good;

	/* It has run out: what was granted is not asked for as one's own, as
	 * others may have it. */
	if (h->policy == PROCQ_POLICY_END && h->granted > 0 &&
	    procq_life() >= h->deadline)
		return hold_fence(h);
	if (!hold_count(h) || !give_back(h, hold_want(h)))
		return false;
	h->wanted = hold_want(h);
	snprintf(epoch, sizeof(epoch), "%" PRIu64, h->epoch);
	snprintf(seq, sizeof(seq), "%" PRIu64, ++h->seq);
	snprintf(has, sizeof(has), "%" PRIu32, hold_have(h));
	snprintf(wants, sizeof(wants), "%" PRIu32, h->wanted);
	print_report(h, report);
	snprintf(heard, sizeof(heard), "%" PRIu64, h->heard);
	r = grant_ask(h, "SELECT *, (extract(epoch FROM clock_timestamp()) * "
		      "1000)::bigint AS clock_ms "
		      "FROM procq.lease($1, $2, $3, $4, $5, $6, $7, $8)",
		      8, values);
	if (!r)
		return false;
	tell_clock(h, clock_moved(&h->clock, grant_cell_ms(r, "clock_ms"),
				  h->asked, procq_life()));
	if (strcmp(engine_cell(r, "code"), "ok") == 0) {
		h->heard = h->seq;
		good = renewed(h, r);
	} else {
		good = grant_refused(h, r);
	}
	PQclear(r);
	return good;
}

