/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * permit.c - see permit.h. Must not choose a process, nor end one.
 *
 * In this order, so that the helper may be killed at any instruction:
 *
 *	a permit	the engine commits it; then it is put into the object
 *	an end		the engine hears of it; then it is forgotten here
 *	one unused	it is taken out of the object; then the engine hears that
 *			it is not held
 *
 * So what is charged is never less than what is in the object; and whatever is
 * charged without being there has begun no ending.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"

#include "grant.h"
#include "hold.h"
#include "permit.h"

/* "{1,2,...}" of all numbers. */
#define NUMBERS (4 * PROCQ_PERMITS_MAX + 3)

/* ---- the object ---- */

static bool look(struct helper *h)
{
	int err;

	h->permits.all = (struct procq_permits)PROCQ_PERMITS_INIT;
	err = procq_permits(h->q, &h->permits.all);
	return err == 0 || hold_fail(h, err);
}

/* @retval false another helper is here, with a later epoch */
static bool is_giver(struct helper *h, int err)
{
	if (err != -ENOTCONN)
		return true;
	h->leave = true;
	return false;
}

static uint32_t count(const struct helper *h, enum procq_permit_state state)
{
	uint32_t n = 0;

	for (unsigned i = 1; i <= PROCQ_PERMITS_MAX; i++)
		n += h->permits.all.states[i] == state;
	return n;
}

/* Withdraw all in this state. One that a consumer uses meanwhile stays. */
static bool withdraw(struct helper *h, uint64_t epoch,
		     enum procq_permit_state state)
{
	for (unsigned i = 1; i <= PROCQ_PERMITS_MAX; i++)
		if (h->permits.all.states[i] == state &&
		    !is_giver(h, procq_withdraw_permit(h->q, epoch, i)))
			return false;
	return true;
}

bool permit_begin(struct helper *h, uint64_t epoch, bool needed)
{
	h->permits = (struct helper_permits){ .needed = needed,
					      .unsure = true };
	return is_giver(h, procq_need_permits(h->q, epoch, needed)) &&
	       look(h) && withdraw(h, epoch, PROCQ_PERMIT_UNUSED);
}

bool permit_need(struct helper *h, bool needed)
{
	if (h->permits.needed == needed)
		return true;
	h->permits.needed = needed;
	return is_giver(h, procq_need_permits(h->q, h->epoch, needed));
}

void permit_fence(struct helper *h)
{
	if (!look(h))
		return;
	/* One that is in use, or another giver's, stays; and one that is over,
	 * of which the engine is to hear. */
	for (unsigned i = 1; i <= PROCQ_PERMITS_MAX; i++)
		if (h->permits.all.states[i] == PROCQ_PERMIT_UNUSED)
			procq_withdraw_permit(h->q, h->epoch, i);
}

/* ---- is anything to be asked? ---- */

/* One that is unused, and that nobody wants any more, is withdrawn. */
static bool give_back(struct helper *h)
{
	struct helper_permits *p = &h->permits;
	int64_t now = procq_life();

	if (p->all.wanted > 0 || count(h, PROCQ_PERMIT_UNUSED) == 0) {
		p->idle = 0;
		return false;
	}
	if (p->idle == 0)
		p->idle = now;
	if (now - p->idle < HELPER_IDLE_MAX)
		return false;
	p->idle = 0;
	return withdraw(h, h->epoch, PROCQ_PERMIT_UNUSED) && look(h);
}

/* How many more. */
static uint32_t want(const struct helper *h)
{
	uint32_t unused = count(h, PROCQ_PERMIT_UNUSED);
	uint32_t all = h->permits.all.wanted;

	if (!h->permits.needed || all <= unused)
		return 0;
	all -= unused;
	return all < PROCQ_PERMITS_MAX ? all : PROCQ_PERMITS_MAX;
}

bool permit_is_due(struct helper *h)
{
	struct helper_permits *p = &h->permits;
	int64_t now = procq_life();
	uint32_t wanted;

	if (!h->attached || now < p->retry || !look(h))
		return false;
	if (give_back(h) || count(h, PROCQ_PERMIT_OVER) > 0 ||
	    (p->unsure && (p->needed || p->charged > 0)))
		return true;
	wanted = want(h);
	/* More than before; or fewer, so that others need not wait for this
	 * one. */
	return wanted != p->wanted || (wanted > 0 && now >= p->next);
}

int64_t permit_pause(const struct helper *h)
{
	int64_t left = h->permits.next - procq_life();

	if (h->permits.wanted == 0 || left > HELPER_LOOK)
		return HELPER_LOOK;
	return left > 0 ? left : 0;
}

/* ---- the engine ---- */

static void print_numbers(const struct helper *h, char text[NUMBERS],
			  unsigned first, unsigned second)
{
	size_t at = 0;

	text[at++] = '{';
	for (unsigned i = 1; i <= PROCQ_PERMITS_MAX; i++) {
		unsigned state = h->permits.all.states[i];

		if (state == first || state == second)
			at += (size_t)snprintf(text + at, NUMBERS - at, "%s%u",
					       at > 1 ? "," : "", i);
	}
	snprintf(text + at, NUMBERS - at, "}");
}

/* Put those into the object that were not there. @return how many; -1 */
static int take(struct helper *h, const char *given)
{
	int taken = 0;

	while (*given) {
		char *end;
		unsigned long i = strtoul(given, &end, 10);

		if (end == given) {
			given++;
			continue;
		}
		given = end;
		h->permits.charged++;
		if (i < 1 || i > PROCQ_PERMITS_MAX ||
		    h->permits.all.states[i] != PROCQ_PERMIT_NONE)
			continue;
		if (!is_giver(h, procq_give_permit(h->q, h->epoch,
						   (unsigned)i)))
			return -1;
		taken++;
	}
	return taken;
}

static bool answered(struct helper *h, const PGresult *r, uint32_t wanted)
{
	struct helper_permits *p = &h->permits;
	int taken;

	p->unsure = false;
	p->charged = 0;
	p->next = time_after(h->asked,
			     grant_cell_ms(r, "wait_ms"));
	if (!withdraw(h, h->epoch, PROCQ_PERMIT_OVER))
		return false;
	taken = take(h, engine_cell(r, "given"));
	if (taken < 0)
		return false;
	p->wanted = (uint32_t)taken < wanted ? wanted - (uint32_t)taken : 0;
	return permit_need(h, *engine_cell(r, "needed") == 't');
}

bool permit_ask(struct helper *h)
{
	char epoch[GRANT_NUMBER], seq[GRANT_NUMBER], wants[GRANT_NUMBER];
	char age[GRANT_NUMBER], heard[GRANT_NUMBER];
	char held[NUMBERS], done[NUMBERS];
	const char *values[] = { h->f->queue, h->seat.name, epoch, seq, held,
				 done, wants, age, heard };
	struct helper_permits *p = &h->permits;
	uint32_t wanted;
	PGresult *r;
	bool good;

	if (!look(h))
		return false;
	wanted = h->leave ? 0 : want(h);
	snprintf(epoch, sizeof(epoch), "%" PRIu64, h->epoch);
	snprintf(seq, sizeof(seq), "%" PRIu64, ++h->seq);
	print_numbers(h, held, PROCQ_PERMIT_UNUSED, PROCQ_PERMIT_USED);
	print_numbers(h, done, PROCQ_PERMIT_OVER, PROCQ_PERMIT_OVER);
	snprintf(wants, sizeof(wants), "%" PRIu32, wanted);
	snprintf(age, sizeof(age), "%" PRId64,
		 p->all.oldest > 0 ? p->all.oldest / NS_PER_MS : 0);
	snprintf(heard, sizeof(heard), "%" PRIu64, h->heard);
	p->unsure = true;
	r = grant_ask(h, "SELECT * FROM procq.permits($1, $2, $3, $4, $5, $6, "
		      "$7, $8, $9)", 9, values);
	if (!r)
		return false;
	if (strcmp(engine_cell(r, "code"), "ok") == 0) {
		h->heard = h->seq;
		good = answered(h, r, wanted);
	} else {
		good = grant_refused(h, r);
	}
	PQclear(r);
	return good;
}

bool permit_leave(struct helper *h)
{
	struct helper_permits *p = &h->permits;

	if (!look(h))
		return false;
	if (count(h, PROCQ_PERMIT_UNUSED) > 0) {
		withdraw(h, h->epoch, PROCQ_PERMIT_UNUSED);
		p->unsure = true;
	}
	if (count(h, PROCQ_PERMIT_OVER) == 0 && p->wanted == 0 &&
	    (!p->unsure || (!p->needed && p->charged == 0)))
		return true;
	return permit_ask(h) && h->attached;
}
