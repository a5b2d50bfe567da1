/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.c - see engine.h.
 *
 * Never blocks but in poll(). A request whose answer does not come is never
 * cancelled: its commit may stand, and the caller takes it as unknown. One is
 * under way in a connection, and after one that failed there is another
 * connection.
 */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "duration.h"
#include "i18n.h"

#include "engine.h"

/* One line of what libpq says, which may be several. */
static void note(struct engine *e, const char *text)
{
	size_t n = 0;

	for (; *text && n + 1 < sizeof(e->why); text++) {
		char c = *text == '\n' || *text == '\t' ? ' ' : *text;

		if (c == ' ' && (n == 0 || e->why[n - 1] == ' '))
			continue;
		e->why[n++] = c;
	}
	while (n > 0 && e->why[n - 1] == ' ')
		n--;
	e->why[n] = '\0';
}

static void fail(struct engine *e)
{
	e->sqlstate[0] = '\0';
	note(e, PQerrorMessage(e->conn));
	engine_close(e);
}

/* @retval false the deadline has come, or the caller gives up */
static bool wait_for(struct engine *e, short events, int64_t deadline)
{
	struct pollfd p = { .fd = PQsocket(e->conn), .events = events };
	int64_t left;
	int n;

	for (;;) {
		if (e->look && !e->look(e->arg)) {
			note(e, _("given up"));
			return false;
		}
		left = deadline - procq_life();
		if (left <= 0) {
			note(e, _("no answer in time"));
			return false;
		}
		n = poll(&p, 1, (int)(time_min(left, ENGINE_LOOK) /
				      NS_PER_MS) + 1);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR) {
			note(e, strerror(errno));
			return false;
		}
	}
}

static void ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

bool engine_connect(struct engine *e, int64_t deadline)
{
	PostgresPollingStatusType s = PGRES_POLLING_WRITING;

	engine_close(e);
	e->conn = PQconnectStartParams(e->url->keys, e->url->values, 0);
	if (!e->conn) {
		note(e, strerror(ENOMEM));
		return false;
	}
	PQsetNoticeProcessor(e->conn, ignore_notice, NULL);
	while (PQstatus(e->conn) != CONNECTION_BAD && s != PGRES_POLLING_OK &&
	       s != PGRES_POLLING_FAILED) {
		if (!wait_for(e, s == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			      deadline)) {
			e->sqlstate[0] = '\0';
			engine_close(e);
			return false;
		}
		s = PQconnectPoll(e->conn);
	}
	if (PQstatus(e->conn) != CONNECTION_OK ||
	    PQsetnonblocking(e->conn, 1) != 0) {
		fail(e);
		return false;
	}
	return true;
}

void engine_close(struct engine *e)
{
	PQfinish(e->conn);
	e->conn = NULL;
}

static bool send_all(struct engine *e, int64_t deadline)
{
	int rc;

	while ((rc = PQflush(e->conn)) == 1) {
		if (!wait_for(e, POLLIN | POLLOUT, deadline))
			return false;
		if (!PQconsumeInput(e->conn))
			rc = -1;
		if (rc < 0)
			break;
	}
	if (rc < 0)
		note(e, PQerrorMessage(e->conn));
	return rc == 0;
}

/* The next result, NULL at the end. @retval false there was no answer */
static bool next_result(struct engine *e, int64_t deadline, PGresult **out)
{
	while (PQisBusy(e->conn)) {
		if (!wait_for(e, POLLIN, deadline))
			return false;
		if (!PQconsumeInput(e->conn)) {
			note(e, PQerrorMessage(e->conn));
			return false;
		}
	}
	*out = PQgetResult(e->conn);
	return true;
}

static bool is_good(const PGresult *r)
{
	ExecStatusType s = PQresultStatus(r);

	return s == PGRES_TUPLES_OK || s == PGRES_COMMAND_OK;
}

/* All results of what was sent: the last good one, or NULL. */
static PGresult *collect(struct engine *e, int64_t deadline)
{
	PGresult *kept = NULL, *r;
	bool good = true;

	for (;;) {
		if (!send_all(e, deadline) || !next_result(e, deadline, &r)) {
			PQclear(kept);
			engine_close(e);
			return NULL;
		}
		if (!r)
			break;
		if (good && !is_good(r)) {
			const char *state =
				PQresultErrorField(r, PG_DIAG_SQLSTATE);
			const char *text = PQresultErrorField(
				r, PG_DIAG_MESSAGE_PRIMARY);

			good = false;
			note(e, text ? text : PQresultErrorMessage(r));
			snprintf(e->sqlstate, sizeof(e->sqlstate), "%s",
				 state ? state : "");
		}
		PQclear(kept);
		kept = r;
	}
	if (good)
		return kept;
	PQclear(kept);
	/* The answer to a request, or the end of the connection? */
	if (PQstatus(e->conn) != CONNECTION_OK)
		engine_close(e);
	return NULL;
}

PGresult *engine_ask(struct engine *e, int64_t deadline, const char *sql,
		     int n, const char *const *values)
{
	e->sqlstate[0] = '\0';
	if (!PQsendQueryParams(e->conn, sql, n, NULL, values, NULL, NULL, 0)) {
		fail(e);
		return NULL;
	}
	return collect(e, deadline);
}

bool engine_run(struct engine *e, int64_t deadline, const char *sql)
{
	PGresult *r;

	e->sqlstate[0] = '\0';
	if (!PQsendQuery(e->conn, sql)) {
		fail(e);
		return false;
	}
	r = collect(e, deadline);
	PQclear(r);
	return r != NULL;
}

const char *engine_cell(const PGresult *r, const char *column)
{
	int at = PQfnumber(r, column);

	return at < 0 || PQntuples(r) < 1 ? "" : PQgetvalue(r, 0, at);
}
