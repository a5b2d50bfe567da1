/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peers.h - a bound over many machines: the server's side of procq's, as a
 * helper calls it, and what one would write instead. Each takes so many slots,
 * and gives them back; none starts a process.
 *
 * Where the servers are, the environment says: libpq's PGHOST and so on, and
 * BENCH_REDIS, BENCH_REDIS_ALWAYS, the sockets of two Redis servers.
 */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include <libpq-fe.h>

#include "resp.h"

/* How many may exist at once, over all: more than are ever asked for. */
#define PEERS_BOUND "1000000"
/* procq's queue at the server. */
#define PEERS_QUEUE "bench"
#define PEERS_BATCH_MAX 64

struct peer_link {
	PGconn *pg;
	struct resp redis;
	char seat[64];		/* who asks */
	int number;		/* of it, from 0 */
	long epoch, seq;	/* procq's */
	char sha[64];		/* of the script that takes */
};

struct peer {
	const char *name;
	/* Connect. @return 0, -1: it can't be had here */
	int (*open)(struct peer_link *);
	/* Each ends the program if it does not do its work. */
	void (*take)(struct peer_link *, int n);
	void (*give)(struct peer_link *, int n);
};

/* By its name: "lease", "redis", "redis-always", "advisory", "row". */
const struct peer *peer_find(const char *name);

/* A server's tables and functions for the peers: once, before all. */
void peers_prepare(void);
void peer_close(struct peer_link *l);

/* procq's: say what the seat has and would have. @return what is granted,
 * *wait_ms: when to call again */
int peer_lease(struct peer_link *l, int have, int want, int *wait_ms);

/* One row, or the end of the program: its first column. */
long peer_sql(PGconn *pg, const char *sql, int n, const char *const *values);

#endif
