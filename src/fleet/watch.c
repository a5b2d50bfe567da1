/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.c - what procq top shows of a fleet: once a second, for as long as
 * there is a reader. Must only look.
 *
 * A program that draws must never wait for a server: so it reads this from a
 * pipe. An answer is lines of words with tabs between, none of which has one:
 *
 *	Q	capacity used hosts cut_off waiting policy closed learning
 *		started retired exited lost vanished present as_of durable
 *	H	seat held present wants state lease_ms oldest_ms seen_ms
 *		started ended note	for each host, by name
 *	E				its end
 *	X	why there is none
 */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"

#include "fleet.h"

#define INTERVAL NS_PER_S
#define PATIENCE (5 * NS_PER_S)

static const char queue_sql[] =
	"SELECT capacity, used, hosts, cut_off, waiting, policy, closed, "
	"learning, started, retired, exited, lost, vanished, present, "
	"to_char(as_of, 'HH24:MI:SS'), durable FROM procq.stat($1)";
static const char hosts_sql[] =
	"SELECT seat, held, present, wants, state, lease_ms, oldest_ms, "
	"seen_ms, started, ended, note FROM procq.watch($1)";

/* Is anybody there to read it? */
static bool is_read(void *arg)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	(void)arg;
	return poll(&p, 1, 0) <= 0 || (p.revents & (POLLERR | POLLNVAL)) == 0;
}

static void put_words(char kind, const PGresult *r, int row)
{
	putchar(kind);
	for (int i = 0; i < PQnfields(r); i++) {
		putchar('\t');
		/* Names have no control characters at the engine; what it says
		 * of itself may. */
		for (const char *c = PQgetvalue(r, row, i); *c; c++)
			putchar((unsigned char)*c < ' ' ? ' ' : *c);
	}
	putchar('\n');
}

static PGresult *ask(struct fleet *f, const char *sql)
{
	const char *const values[] = { f->queue };

	return engine_ask(&f->engine, procq_life() + PATIENCE, sql, 1, values);
}

static bool put_answer(struct fleet *f)
{
	PGresult *queue, *hosts = NULL;
	bool good;

	if (!f->engine.conn &&
	    !engine_connect(&f->engine, procq_life() + PATIENCE))
		return false;
	queue = ask(f, queue_sql);
	if (queue)
		hosts = ask(f, hosts_sql);
	good = queue && hosts;
	if (good && (PQntuples(queue) == 0 || PQgetisnull(queue, 0, 0))) {
		printf("X\t");
		printf(_("there is no fleet queue '%s' at '%s'"), f->queue,
		       f->url.shown);
		putchar('\n');
	} else if (good) {
		put_words('Q', queue, 0);
		for (int i = 0; i < PQntuples(hosts); i++)
			put_words('H', hosts, i);
		puts("E");
	}
	PQclear(queue);
	PQclear(hosts);
	return good;
}

static int watch_run(struct fleet *f)
{
	f->engine.url = &f->url;
	f->engine.look = is_read;
	while (is_read(NULL)) {
		int64_t next = procq_now() + INTERVAL;

		if (!put_answer(f))
			printf("X\t%s\n", f->engine.why);
		if (fflush(stdout) != 0)
			return EXIT_FAILED;
		time_sleep(next - procq_now());
	}
	return EXIT_DONE;
}

const struct fleet_command fleet_watch = {
	.name = "watch",
	.operands = N_("[NAME]"),
	.summary = N_("print, each second, what procq top shows"),
	.takes = FLEET_NAME,
	.run = watch_run,
};
