/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - a connection to PostgreSQL whose every step has a deadline.
 *
 * Must not know what is asked. Deadlines are readings of procq_life(), which
 * counts the time that the machine is suspended.
 */
#ifndef FLEET_ENGINE_H
#define FLEET_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "url.h"

#define ENGINE_WHY 512

struct engine {
	const struct fleet_url *url;
	PGconn *conn;		/* NULL: there is none */
	char why[ENGINE_WHY];	/* the last failure, in words, on one line */
	char sqlstate[6];	/* of the last failure; "": the server gave
				 * none */
	PQconninfoOption *options;	/* of the first connection; NULL */
	size_t place;		/* which of the servers is tried first */
	bool warned;		/* the server has, during this request */
	/* Called at least every ENGINE_LOOK while something is waited for.
	 * @return false: give up */
	bool (*look)(void *arg);
	void *arg;
};

/* 250 ms. */
#define ENGINE_LOOK (250 * INT64_C(1000000))

/** To one of the servers, the one before or the next ones.
 * @retval false the reason is in why */
bool engine_connect(struct engine *e, int64_t deadline);
void engine_close(struct engine *e);
/** The same, and forget which servers there are. */
void engine_end(struct engine *e);

/**
 * Ask one thing. The parameters are text; NULL: null.
 * @return a result with PQntuples() rows, or NULL: see why. After that, if
 *         there is no answer, the connection is closed: what is still under
 *         way in it has no reader. A result with a warning is none: the server
 *         has committed, but a standby may not know of it.
 */
PGresult *engine_ask(struct engine *e, int64_t deadline, const char *sql,
		     int n, const char *const *values);
/** Several statements, which give no rows. */
bool engine_run(struct engine *e, int64_t deadline, const char *sql);

/** A cell of the first row. */
const char *engine_cell(const PGresult *r, const char *column);

#endif
