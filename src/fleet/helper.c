/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper.c - the loop of a helper, from joining to its last word; see helper.h.
 * Must not change the lease of the queue (hold.c), nor know what the engine is
 * asked (grant.c).
 *
 * It may be killed at any instruction: slots are idle until another helper
 * attaches, and reports what the object has. Nothing is kept but in the object
 * and at the engine.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "fleet-lock.h"
#include "fleet-start.h"
#include "i18n.h"
#include "signals.h"
#include "trouble.h"

#include "grant.h"
#include "helper.h"
#include "hold.h"
#include "notify.h"
#include "permit.h"
#include "seat.h"

#define BACKOFF_MIN (200 * NS_PER_MS)
#define BACKOFF_MAX (10 * NS_PER_S)
/* Without anybody else, for so long, it leaves. */
#define ALONE_MAX (500 * NS_PER_MS)
/* For the last word. */
#define LEAVE_MAX (10 * NS_PER_S)

static bool stopped(const struct helper *h)
{
	return signals_stops() > 0 || h->leave;
}

/* While the engine is waited for, this goes on. */
static bool look(void *arg)
{
	struct helper *h = arg;
	int rc = procq_wait(h->q, 0, procq_now());

	notify_alive();
	/* The object is another one's, or nobody's. */
	if (rc == -ESTALE || rc == -EIDRM)
		h->leave = true;
	return !stopped(h);
}

/* Has anything changed that the engine should hear of at once? */
static bool is_news(struct helper *h)
{
	uint32_t wanted = hold_want(h);

	if (wanted > h->granted && wanted != h->wanted)
		return true;
	if (h->granted <= wanted)
		h->idle = 0;
	else if (h->idle == 0)
		h->idle = procq_life();
	return h->idle > 0 && procq_life() - h->idle >= HELPER_IDLE_MAX;
}

/* Nobody else is here, and nothing is in it. */
static bool is_alone(struct helper *h)
{
	const struct procq_stat *s = &h->stat;
	int64_t now = procq_life();

	if (s->producers + s->consumers > 0 || s->present > 0 ||
	    s->states[PROCQ_STATE_RESERVED] > 0 ||
	    s->states[PROCQ_STATE_GONE] > 0) {
		h->alone = 0;
		return false;
	}
	if (h->alone == 0)
		h->alone = now;
	return now - h->alone >= ALONE_MAX;
}

static bool is_lease_due(struct helper *h)
{
	return procq_life() >= h->next || (h->attached && is_news(h));
}

static void rest(struct helper *h)
{
	int rc;

	while (!stopped(h)) {
		notify_alive();
		if (!hold_count(h))
			return;
		if (!h->service && is_alone(h)) {
			h->leave = true;
			return;
		}
		if (is_lease_due(h) || permit_is_due(h))
			return;
		rc = procq_wait(h->q, PROCQ_WAIT_ENDINGS,
				time_after(procq_now(), permit_pause(h)));
		if (rc == -ESTALE || rc == -EIDRM)
			h->leave = true;
	}
}

static void after_failure(struct helper *h)
{
	int64_t now = procq_life();

	h->backoff = h->backoff ? time_min(2 * h->backoff, BACKOFF_MAX)
				: BACKOFF_MIN;
	if (h->lease > 0)
		h->backoff = time_min(h->backoff, h->lease / 6);
	if (h->next < now)
		h->next = time_after(now, grant_jitter(h, h->backoff));
	h->permits.retry = time_after(now, grant_jitter(h, h->backoff));
	/* Not the same at once, however it was refused. */
	h->wanted = hold_want(h);
}

/* The lease is not put off for anything else. */
static bool ask(struct helper *h)
{
	if (!h->attached)
		return grant_attach(h);
	if (is_lease_due(h) || !permit_is_due(h))
		return grant_lease(h);
	return permit_ask(h);
}

static void serve(struct helper *h)
{
	while (!stopped(h)) {
		if (grant_connected(h) && ask(h))
			h->backoff = 0;
		else
			after_failure(h);
		rest(h);
	}
}

/* The last word: what is not in use is given back. If it is not heard, the
 * slots stay charged until this host attaches again. */
static void leave(struct helper *h)
{
	int64_t until = time_after(procq_life(), LEAVE_MAX);
	bool heard = false;

	h->leave = true;
	h->f->engine.look = NULL;
	/* It may not have come to attach, and yet have to give back what a
	 * helper before it, which was killed, was granted. */
	if (h->epoch == 0 && (!hold_read(h) || h->epoch <= FLEET_UNATTACHED))
		return;
	while (!heard && h->status == EXIT_DONE && h->epoch > 0 &&
	       procq_life() < until && hold_count(h)) {
		if (!grant_connected(h))
			procq_wait(h->q, 0, time_after(procq_now(),
						       BACKOFF_MIN));
		else if (h->attached)
			heard = permit_leave(h) && grant_lease(h) &&
				h->attached;
		else if (!grant_attach(h))
			break;
	}
}

/* A service is there before its queue, and after the helper before it. */
static void await_queue(void)
{
	notify_alive();
	time_sleep(NS_PER_S);
}

static bool join(struct helper *h)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	int err;

	o.role = PROCQ_ROLE_KEEPER;
	o.flags = PROCQ_OPEN_NOCREATE;
	o.deadline = time_after(procq_now(), 5 * NS_PER_S);
	err = procq_open(&h->q, h->f->local, &o);
	/* The program that has started this may be gone. */
	if (err == -ENOENT)
		return false;
	if (err < 0) {
		complain_open(h->f->local, &o, err);
		h->status = EXIT_FAILED;
	}
	return err == 0;
}

static void help(struct helper *h)
{
	struct fleet_start bind = { .url = h->f->url.shown };
	int err = fleet_bind(&bind, h->q);

	if (err < 0) {
		hold_fail(h, err);
		return;
	}
	if (!hold_count(h))
		return;
	seat_find(&h->seat, procq_object(h->q), h->stat.created);
	generator_seed(&h->random, generator_any_seed());
	openlog("procq-fleet", LOG_PID, LOG_DAEMON);
	h->f->engine.url = &h->f->url;
	h->f->engine.look = look;
	h->f->engine.arg = h;
	serve(h);
	leave(h);
}

int fleet_help(struct fleet *f)
{
	static struct helper h;
	char object[PROCQ_NAME_SIZE];
	int lock;

	if (f->check)
		return EXIT_DONE;
	h.f = f;
	h.service = f->service;
	signals_start(&h.mask);
	if (procq_object_name(f->local, object) < 0)
		return EXIT_USAGE;
	if (h.service)
		notify_begin();
	notify("READY=1");
	/* A service takes over from what the programs have started. */
	while ((lock = fleet_lock(object)) == -EBUSY && h.service &&
	       !stopped(&h))
		await_queue();
	if (lock == -EBUSY)
		return EXIT_DONE;
	if (lock < 0) {
		complain(_("queue '%s': no lock for its helper: %s"), f->local,
			 strerror(-lock));
		return EXIT_FAILED;
	}
	while (!join(&h) && h.service && h.status == EXIT_DONE &&
	       !stopped(&h))
		await_queue();
	if (h.q) {
		help(&h);
		engine_close(&f->engine);
		procq_close(h.q);
	}
	fleet_unlock(object, lock);
	return h.status;
}
