/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * helper.c - see helper.h.
 *
 * Must never set in the object more than the engine has granted, nor for
 * longer: the deadline is counted from before the request was sent, on a clock
 * that goes on in a suspend. In this order:
 *
 *	a grant		the engine commits it; then it is set in the object
 *	a return	it is set in the object; then the engine hears of it
 *
 * So it may be killed at any instruction: slots are idle until another helper
 * attaches, and reports what the object has. Nothing is kept but in the object
 * and at the engine.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "distribution.h"
#include "duration.h"
#include "fleet-lock.h"
#include "fleet-start.h"
#include "i18n.h"
#include "signals.h"
#include "trouble.h"

#include "helper.h"
#include "seat.h"

#define CONNECT_MAX (10 * NS_PER_S)
/* The engine's answer is waited for so long, if the lease does not end
 * before. */
#define ANSWER_MAX (5 * NS_PER_S)
#define BACKOFF_MIN (200 * NS_PER_MS)
#define BACKOFF_MAX (10 * NS_PER_S)
/* How often the queue is looked at. */
#define LOOK_EVERY (50 * NS_PER_MS)
/* Slots that are idle for so long are given back. */
#define IDLE_MAX NS_PER_S
/* Without anybody else, for so long, it leaves. */
#define ALONE_MAX (500 * NS_PER_MS)
#define MORE_MAX 64u
/* For the last word. */
#define LEAVE_MAX (10 * NS_PER_S)

struct helper {
	struct fleet *f;
	struct procq *q;
	struct seat seat;
	struct generator random;
	sigset_t mask;
	bool attached;
	bool service;		/* messages go to standard error for good */
	uint64_t epoch, seq;
	uint32_t granted;	/* as the object has it */
	uint32_t policy;
	uint32_t wanted;	/* by the last request */
	int64_t deadline;	/* of the lease, as the object has it */
	int64_t lease;		/* how long one is; ns */
	int64_t next;		/* when to ask, at the latest */
	int64_t asked;		/* when the last request was sent */
	int64_t idle, alone;	/* since when; 0: it is not so */
	int64_t backoff;
	char said[ENGINE_WHY + 200];
	struct procq_stat stat;
	int status;
	bool leave;
};

/* ---- messages: once each ---- */

static void say(struct helper *h, const char *text)
{
	if (strcmp(h->said, text) == 0)
		return;
	snprintf(h->said, sizeof(h->said), "%s", text);
	if (h->service || !h->attached)
		complain("%s", text);
	else
		syslog(LOG_NOTICE, "queue %s: %s", procq_object(h->q), text);
}

static void say_why(struct helper *h)
{
	char text[sizeof(h->said)];

	snprintf(text, sizeof(text), _("'%s' does not answer: %s"),
		 h->f->url.shown, h->f->engine.why);
	say(h, text);
}

static int64_t jitter(struct helper *h, int64_t ns)
{
	struct distribution d = { DISTRIBUTION_UNIFORM, ns / 2, ns };

	return distribution_draw(&d, &h->random);
}

static bool stopped(const struct helper *h)
{
	return signals_stops() > 0 || h->leave;
}

/* While the engine is waited for, this goes on. */
static bool look(void *arg)
{
	struct helper *h = arg;
	int rc = procq_wait(h->q, 0, procq_now());

	/* The object is another one's, or nobody's. */
	if (rc == -ESTALE || rc == -EIDRM)
		h->leave = true;
	return !stopped(h);
}

/* ---- the object ---- */

static bool fail(struct helper *h, int err)
{
	complain(_("queue '%s': %s"), h->f->local, _(procq_strerror(err)));
	h->status = EXIT_FAILED;
	h->leave = true;
	return false;
}

/* Set what is granted, and until when. */
static bool set_lease(struct helper *h, uint32_t granted, int64_t deadline,
		      uint64_t epoch)
{
	struct procq_lease l = PROCQ_LEASE_INIT;
	int rc;

	l.policy = h->policy;
	l.deadline = deadline;
	l.epoch = epoch;
	l.granted = granted;
	rc = procq_set_lease(h->q, &l);
	if (rc == -ENOTCONN) {
		/* Another helper is here: it has a later epoch. */
		h->leave = true;
		return false;
	}
	if (rc < 0)
		return fail(h, rc);
	h->granted = granted;
	h->deadline = deadline;
	return true;
}

/* Nothing is granted any more: what is left is in use. */
static bool fence(struct helper *h)
{
	h->attached = false;
	return set_lease(h, 0, 0, h->epoch);
}

/* What the object has, which an earlier helper may have set. */
static bool read_lease(struct helper *h)
{
	struct procq_lease l = PROCQ_LEASE_INIT;
	int err = procq_lease(h->q, &l);

	if (err < 0)
		return fail(h, err);
	if (l.epoch > h->epoch)
		h->epoch = l.epoch;
	h->granted = l.granted;
	h->policy = l.policy;
	h->deadline = l.deadline;
	/* It has run out, so others may have been granted it. */
	if (l.policy == PROCQ_POLICY_END && l.over && l.granted > 0)
		return fence(h);
	return true;
}

static bool count(struct helper *h)
{
	int err = procq_stat(h->q, &h->stat);

	return err == 0 || fail(h, err);
}

/* How many records are not parked, or would not be if the local limit were
 * raised. */
static uint32_t have(const struct helper *h)
{
	uint32_t unparked = h->stat.capacity -
			    (uint32_t)h->stat.states[PROCQ_STATE_PARKED];

	return unparked > h->granted ? unparked : h->granted;
}

/* How many would be in use, if there were as many; and if there is more to
 * start than room, some more, so that not each needs a request. */
static uint32_t want(const struct helper *h)
{
	uint32_t n = h->stat.wanted;

	if (h->stat.waiting_room > 0)
		n += h->granted < MORE_MAX ? h->granted : MORE_MAX;
	if (h->stat.closed != PROCQ_OPEN)
		n = (uint32_t)h->stat.present;
	return n < h->stat.limit ? n : h->stat.limit;
}

/* ---- the engine ---- */

static bool connected(struct helper *h)
{
	int64_t now = procq_life();

	if (h->f->engine.conn)
		return true;
	if (engine_connect(&h->f->engine, time_after(now, CONNECT_MAX)))
		return true;
	say_why(h);
	return false;
}

static PGresult *ask(struct helper *h, const char *sql, int n,
		     const char *const *values)
{
	PGresult *r;

	h->asked = procq_life();
	r = engine_ask(&h->f->engine, time_after(h->asked, ANSWER_MAX), sql, n,
		       values);
	if (r)
		return r;
	say_why(h);
	/* A failed request is over, and its connection is good; but whether it
	 * was worked off is not known if there was no answer. */
	return NULL;
}

#define NUMBER 24
#define REPORT 300

static void print_report(const struct helper *h, char text[REPORT])
{
	const struct procq_stat *s = &h->stat;

	snprintf(text, REPORT, "{\"started\":%" PRIu64 ",\"retired\":%" PRIu64
		 ",\"exited\":%" PRIu64 ",\"lost\":%" PRIu64
		 ",\"present\":%" PRIu64 "}", s->started, s->retired,
		 s->exited, s->lost, s->present);
}

static uint32_t policy_number(const char *word)
{
	return strcmp(word, "end") == 0 ? PROCQ_POLICY_END
	       : strcmp(word, "continue") == 0 ? PROCQ_POLICY_CONTINUE
					       : PROCQ_POLICY_KEEP;
}

static int64_t cell_ms(const PGresult *r, const char *column)
{
	return strtoll(engine_cell(r, column), NULL, 10) * NS_PER_MS;
}

/* A sixth of it is the margin, in which what has run out is ended. */
static int64_t own_deadline(const struct helper *h)
{
	return time_after(h->asked, h->lease - h->lease / 6);
}

static bool attach_refused(struct helper *h, const char *code, int64_t wait)
{
	const char *queue = h->f->queue;
	char text[sizeof(h->said)];

	if (strcmp(code, "no-queue") == 0) {
		fleet_no_queue(h->f);
		h->status = EXIT_FAILED;
		h->leave = true;
		return false;
	}
	if (strcmp(code, "expired") == 0 || strcmp(code, "released") == 0)
		return fence(h) && false;
	if (strcmp(code, "taken") == 0 && wait == 0)
		snprintf(text, sizeof(text), _("fleet queue '%s': slots are "
			 "charged to '%s' as another machine, boot or "
			 "container; when its processes are gone, 'procq "
			 "release %s'"), queue, h->seat.name, h->seat.name);
	else if (strcmp(code, "taken") == 0)
		snprintf(text, sizeof(text), _("fleet queue '%s': the last "
			 "boot of '%s' may be alive; waiting"), queue,
			 h->seat.name);
	else if (strcmp(code, "denied") == 0)
		snprintf(text, sizeof(text), _("fleet queue '%s': '%s' belongs "
			 "to another role"), queue, h->seat.name);
	else if (strcmp(code, "full") == 0)
		snprintf(text, sizeof(text), _("fleet queue '%s' has no room "
			 "for the processes that are here already"), queue);
	else
		snprintf(text, sizeof(text), "%s: %s", queue, code);
	say(h, text);
	h->next = time_after(procq_life(), wait > 0 ? time_min(wait, NS_PER_S)
						    : 5 * NS_PER_S);
	return false;
}

/* Messages went to whoever has started this; now that all is well, to the
 * system's log. */
static void settle_messages(struct helper *h, const char *durable)
{
	char text[sizeof(h->said)];

	if (!h->service) {
		fflush(stderr);
		if (!freopen("/dev/null", "w", stderr))
			h->service = true;
	}
	if (!*durable)
		return;
	snprintf(text, sizeof(text), _("'%s' can lose what it has "
		 "acknowledged (%s): the bound then does not hold"),
		 h->f->url.shown, durable);
	say(h, text);
}

static bool attached(struct helper *h, const PGresult *r)
{
	uint64_t epoch = strtoull(engine_cell(r, "epoch"), NULL, 10);

	h->lease = cell_ms(r, "lease_ms");
	h->policy = policy_number(engine_cell(r, "policy"));
	h->seq = 0;
	if (!set_lease(h, h->granted, own_deadline(h), epoch))
		return false;
	h->epoch = epoch;
	h->attached = true;
	h->next = 0;
	settle_messages(h, engine_cell(r, "durable"));
	return true;
}

static bool attach(struct helper *h)
{
	char up[NUMBER], epoch[NUMBER], number[NUMBER], report[REPORT];
	const char *values[] = {
		h->f->queue, h->seat.name, h->seat.machine, h->seat.boot,
		h->seat.world, h->seat.container ? "t" : "f", up,
		h->seat.life, epoch, number, "f", report
	};
	const char *code;
	PGresult *r;
	bool good;

	if (!read_lease(h) || !count(h))
		return false;
	snprintf(up, sizeof(up), "%" PRId64, seat_uptime());
	snprintf(epoch, sizeof(epoch), "%" PRIu64, h->epoch);
	snprintf(number, sizeof(number), "%" PRIu32, have(h));
	if (h->granted == 0)
		values[10] = "t";
	print_report(h, report);
	r = ask(h, "SELECT * FROM procq.attach($1, $2, $3, $4, $5, $6, $7, $8,"
		" $9, $10, $11, $12)", 12, values);
	if (!r)
		return false;
	code = engine_cell(r, "code");
	good = strcmp(code, "ok") == 0
		       ? attached(h, r)
		       : attach_refused(h, code, cell_ms(r, "wait_ms"));
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
	h->lease = cell_ms(r, "lease_ms");
	h->next = time_after(h->asked, jitter(h, cell_ms(r, "wait_ms")));
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
	h->said[0] = '\0';
	return set_lease(h, granted, own_deadline(h), h->epoch);
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
	if (!h->leave && now - h->idle < IDLE_MAX)
		return true;
	h->idle = 0;
	return set_lease(h, wanted, h->deadline, h->epoch) && count(h);
}

static bool lease(struct helper *h)
{
	char epoch[NUMBER], seq[NUMBER], has[NUMBER], wants[NUMBER];
	char report[REPORT], text[sizeof(h->said)];
	const char *values[] = { h->f->queue, h->seat.name, epoch, seq, has,
				 wants, report };
	const char *code;
	PGresult *r;
	bool good;

	/* It has run out: what was granted is not asked for as one's own, as
	 * others may have it. */
	if (h->policy == PROCQ_POLICY_END && h->granted > 0 &&
	    procq_life() >= h->deadline)
		return fence(h);
	if (!count(h) || !give_back(h, want(h)))
		return false;
	h->wanted = want(h);
	snprintf(epoch, sizeof(epoch), "%" PRIu64, h->epoch);
	snprintf(seq, sizeof(seq), "%" PRIu64, ++h->seq);
	snprintf(has, sizeof(has), "%" PRIu32, have(h));
	snprintf(wants, sizeof(wants), "%" PRIu32, h->wanted);
	print_report(h, report);
	r = ask(h, "SELECT * FROM procq.lease($1, $2, $3, $4, $5, $6, $7)", 7,
		values);
	if (!r)
		return false;
	code = engine_cell(r, "code");
	if (strcmp(code, "ok") == 0) {
		good = renewed(h, r);
	} else if (strcmp(code, "expired") == 0 ||
		   strcmp(code, "released") == 0) {
		snprintf(text, sizeof(text), _("fleet queue '%s': the slots "
			 "here are taken back: %s %s"), h->f->queue, code,
			 engine_cell(r, "role"));
		say(h, text);
		good = fence(h);
	} else {
		/* Fenced, stale, unknown: what is here is reported anew. */
		h->attached = false;
		good = true;
	}
	PQclear(r);
	return good;
}

/* ---- the loop ---- */

/* Has anything changed that the engine should hear of at once? */
static bool is_news(struct helper *h)
{
	uint32_t wanted = want(h);

	if (wanted > h->granted && wanted != h->wanted)
		return true;
	if (h->granted <= wanted)
		h->idle = 0;
	else if (h->idle == 0)
		h->idle = procq_life();
	return h->idle > 0 && procq_life() - h->idle >= IDLE_MAX;
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

static void rest(struct helper *h)
{
	int rc;

	while (!stopped(h)) {
		if (!count(h))
			return;
		if (!h->service && is_alone(h)) {
			h->leave = true;
			return;
		}
		if (procq_life() >= h->next || (h->attached && is_news(h)))
			return;
		rc = procq_wait(h->q, 0, time_after(procq_now(), LOOK_EVERY));
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
		h->next = time_after(now, jitter(h, h->backoff));
	/* Not the same at once, however it was refused. */
	h->wanted = want(h);
}

static void serve(struct helper *h)
{
	while (!stopped(h)) {
		bool good = connected(h) && (h->attached ? lease(h)
							 : attach(h));

		if (good)
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
	while (!heard && h->status == EXIT_DONE && h->epoch > 0 &&
	       procq_life() < until && count(h)) {
		if (!connected(h))
			procq_wait(h->q, 0, time_after(procq_now(),
						       BACKOFF_MIN));
		else if (h->attached)
			heard = lease(h) && h->attached;
		else if (!attach(h))
			break;
	}
}

static bool join(struct helper *h)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	int err;

	o.role = PROCQ_ROLE_KEEPER;
	o.flags = PROCQ_OPEN_NOCREATE;
	o.deadline = time_after(procq_now(), 5 * NS_PER_S);
	err = procq_open(&h->q, h->f->local, &o);
	/* Whoever has started this may be gone. */
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
		fail(h, err);
		return;
	}
	if (!count(h))
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
	h.service = getenv("INVOCATION_ID") != NULL;
	signals_start(&h.mask);
	if (procq_object_name(f->local, object) < 0)
		return EXIT_USAGE;
	lock = fleet_lock(object);
	if (lock == -EBUSY)
		return EXIT_DONE;
	if (lock < 0) {
		complain(_("queue '%s': no lock for its helper: %s"), f->local,
			 strerror(-lock));
		return EXIT_FAILED;
	}
	if (join(&h)) {
		help(&h);
		engine_close(&f->engine);
		procq_close(h.q);
	}
	fleet_unlock(object, lock);
	return h.status;
}
