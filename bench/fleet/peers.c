/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peers.c - bounds over many machines; see peers.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"
#include "rounds.h"

/* A semaphore as it is usually written: who holds a slot, and until when, in a
 * sorted set; one script, so that no two overtake each other. */
static const char take_lua[] =
	"local now = redis.call('TIME')[1] "
	"redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now) "
	"if redis.call('ZCARD', KEYS[1]) + #ARGV - 2 > tonumber(ARGV[1]) then "
	"  return 0 "
	"end "
	"for i = 3, #ARGV do "
	"  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[i]) "
	"end "
	"return #ARGV - 2";

/* A row for each process, under a count that nobody else changes meanwhile. */
static const char row_sql[] =
	"CREATE TABLE IF NOT EXISTS bench_bound (most int, used int);"
	"DELETE FROM bench_bound; INSERT INTO bench_bound VALUES ("
	PEERS_BOUND ", 0);"
	"CREATE TABLE IF NOT EXISTS bench_process (who text PRIMARY KEY);"
	"CREATE OR REPLACE FUNCTION bench_take(who text) RETURNS int "
	"LANGUAGE plpgsql AS $$ BEGIN"
	" UPDATE bench_bound SET used = used + 1 WHERE used < most;"
	" IF NOT FOUND THEN RETURN 0; END IF;"
	" INSERT INTO bench_process VALUES (who);"
	" RETURN 1; END $$;"
	"CREATE OR REPLACE FUNCTION bench_give(whose text) RETURNS int "
	"LANGUAGE plpgsql AS $$ BEGIN"
	" DELETE FROM bench_process WHERE who = whose;"
	" UPDATE bench_bound SET used = used - 1;"
	" RETURN 1; END $$;";

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

long peer_sql(PGconn *pg, const char *sql, int n, const char *const *values)
{
	PGresult *r = PQexecParams(pg, sql, n, NULL, values, NULL, NULL, 0);
	long first;

	if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1)
		die(PQerrorMessage(pg));
	first = strtol(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return first;
}

static int open_pg(struct peer_link *l)
{
	l->pg = PQconnectdb("");
	if (PQstatus(l->pg) == CONNECTION_OK)
		return 0;
	fprintf(stderr, "bench: %s", PQerrorMessage(l->pg));
	return -1;
}

void peers_prepare(void)
{
	struct peer_link l = { 0 };
	PGresult *r;

	if (open_pg(&l) < 0)
		exit(1);
	r = PQexec(l.pg, "SET client_min_messages = warning");
	PQclear(r);
	r = PQexec(l.pg, row_sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		die(PQerrorMessage(l.pg));
	PQclear(r);
	peer_close(&l);
}

void peer_close(struct peer_link *l)
{
	PQfinish(l->pg);
	resp_close(&l->redis);
}

/* ---- procq's ---- */

#define REPORT "{\"started\":0,\"retired\":0,\"exited\":0,\"lost\":0," \
	       "\"present\":0}"

static int open_seat(struct peer_link *l)
{
	const char *const values[] = { PEERS_QUEUE, l->seat, REPORT };

	if (open_pg(l) < 0)
		return -1;
	l->seq = 0;
	l->epoch = peer_sql(l->pg, "SELECT epoch FROM procq.attach($1, $2, "
			    "'m', 'b', 'w', false, 0, 'l', 0, 0, true, $3)", 3,
			    values);
	if (l->epoch > 0)
		return 0;
	fprintf(stderr, "bench: seat '%s' is refused\n", l->seat);
	return -1;
}

int peer_lease(struct peer_link *l, int have, int want, int *wait_ms)
{
	char epoch[24], seq[24], has[24], wants[24];
	const char *const values[] = { PEERS_QUEUE, l->seat, epoch, seq, has,
				       wants, REPORT };
	PGresult *r;
	int granted;

	snprintf(epoch, sizeof(epoch), "%ld", l->epoch);
	snprintf(seq, sizeof(seq), "%ld", ++l->seq);
	snprintf(has, sizeof(has), "%d", have);
	snprintf(wants, sizeof(wants), "%d", want);
	r = PQexecParams(l->pg, "SELECT granted, wait_ms, code FROM "
			 "procq.lease($1, $2, $3, $4, $5, $6, $7)", 7, NULL,
			 values, NULL, NULL, 0);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		die(PQerrorMessage(l->pg));
	if (strcmp(PQgetvalue(r, 0, 2), "ok") != 0)
		die(PQgetvalue(r, 0, 2));
	granted = atoi(PQgetvalue(r, 0, 0));
	*wait_ms = atoi(PQgetvalue(r, 0, 1));
	PQclear(r);
	return granted;
}

static void take_lease(struct peer_link *l, int n)
{
	int wait_ms;

	if (peer_lease(l, 0, n, &wait_ms) != n)
		die("not as many were granted as are there");
}

static void give_lease(struct peer_link *l, int n)
{
	int wait_ms;

	(void)n;
	if (peer_lease(l, 0, 0, &wait_ms) != 0)
		die("what was given back is not");
}

/* ---- Redis ---- */

static int open_redis_at(struct peer_link *l, const char *variable)
{
	const char *const load[] = { "SCRIPT", "LOAD", take_lua };
	const char *path = getenv(variable);
	char text[256];

	if (!path || !*path || resp_open(&l->redis, path) < 0)
		return -1;
	if (resp_ask(&l->redis, 3, load, text) < 0)
		die(text);
	snprintf(l->sha, sizeof(l->sha), "%.60s", text);
	return 0;
}

static int open_redis(struct peer_link *l)
{
	return open_redis_at(l, "BENCH_REDIS");
}

static int open_redis_always(struct peer_link *l)
{
	return open_redis_at(l, "BENCH_REDIS_ALWAYS");
}

static void ask_redis(struct peer_link *l, int words, const char **command,
		      int n)
{
	char names[PEERS_BATCH_MAX][80], text[256];

	for (int i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "%s-%d", l->seat, i);
		command[words + i] = names[i];
	}
	if (resp_ask(&l->redis, words + n, command, text) != n)
		die(text);
}

static void take_redis(struct peer_link *l, int n)
{
	const char *command[6 + PEERS_BATCH_MAX] = {
		"EVALSHA", l->sha, "1", "bench", PEERS_BOUND, "60"
	};

	ask_redis(l, 6, command, n);
}

static void give_redis(struct peer_link *l, int n)
{
	const char *command[2 + PEERS_BATCH_MAX] = { "ZREM", "bench" };

	ask_redis(l, 2, command, n);
}

/* ---- PostgreSQL: an advisory lock, or a row, for each process ---- */

/* Each seat tries locks of its own, so the first is free. */
static void advisory(struct peer_link *l, const char *sql, int n)
{
	char key[24];
	const char *const values[] = { key };

	for (int i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%d", l->number * 1000 + i);
		if (peer_sql(l->pg, sql, 1, values) != 1)
			die("an advisory lock is not to be had");
	}
}

static void take_advisory(struct peer_link *l, int n)
{
	advisory(l, "SELECT pg_try_advisory_lock($1::bigint)::int", n);
}

static void give_advisory(struct peer_link *l, int n)
{
	advisory(l, "SELECT pg_advisory_unlock($1::bigint)::int", n);
}

static void row(struct peer_link *l, const char *sql, int n)
{
	char who[96];
	const char *const values[] = { who };

	for (int i = 0; i < n; i++) {
		snprintf(who, sizeof(who), "%s-%d", l->seat, i);
		if (peer_sql(l->pg, sql, 1, values) != 1)
			die("a row is not to be had");
	}
}

static void take_row(struct peer_link *l, int n)
{
	row(l, "SELECT bench_take($1)", n);
}

static void give_row(struct peer_link *l, int n)
{
	row(l, "SELECT bench_give($1)", n);
}

const struct peer *peer_find(const char *name)
{
	static const struct peer peers[] = {
		{ "lease", open_seat, take_lease, give_lease },
		{ "redis", open_redis, take_redis, give_redis },
		{ "redis-always", open_redis_always, take_redis, give_redis },
		{ "advisory", open_pg, take_advisory, give_advisory },
		{ "row", open_pg, take_row, give_row },
	};

	for (size_t i = 0; i < sizeof(peers) / sizeof(*peers); i++)
		if (strcmp(peers[i].name, name) == 0)
			return &peers[i];
	die(name);
}
