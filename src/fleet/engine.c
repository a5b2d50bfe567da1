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
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "duration.h"
#include "i18n.h"

#include "engine.h"
#include "places.h"

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

/* A refused connection has no field for its SQLSTATE: so libpq is asked to say
 * more, in whatever language, and what people need not see is cut off again:
 *
 *	... FATAL:  53300: sorry, too many clients already
 *	LOCATION:  InitProcess, proc.c:353
 */
static void note_refusal(struct engine *e)
{
	const char *text = PQerrorMessage(e->conn), *c = text, *last;
	char line[ENGINE_WHY];

	note(e, text);
	while ((c = strstr(c, ":  ")) != NULL) {
		c += 3;
		if (strspn(c, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 &&
		    strncmp(c + 5, ": ", 2) == 0)
			break;
	}
	if (!c)
		return;
	memcpy(e->sqlstate, c, 5);
	e->sqlstate[5] = '\0';
	last = text + strlen(text);
	while (last > c && (last[-1] == '\n'))
		last--;
	while (last > c && last[-1] != '\n')
		last--;
	if (last == c)
		last = c + strlen(c);
	snprintf(line, sizeof(line), "%.*s%.*s", (int)(c - text), text,
		 (int)(last - (c + 7)), c + 7);
	note(e, line);
}

static void fail(struct engine *e)
{
	e->sqlstate[0] = '\0';
	note_refusal(e);
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

/* A warning is a commit whose wait for a standby was cancelled; nothing else in
 * a call gives one. */
static void hear(void *arg, const PGresult *r)
{
	struct engine *e = arg;
	const char *how = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	if (!how || strcmp(how, "WARNING") != 0)
		return;
	e->warned = true;
	note(e, text ? text : how);
}

static void begin(struct engine *e, const struct place *p)
{
	const struct fleet_url *u = e->url;
	const char **keys, **values;
	size_t n = 0;

	while (u->keys[n])
		n++;
	keys = calloc(n + 4, sizeof(*keys));
	values = calloc(n + 4, sizeof(*values));
	if (keys && values) {
		memcpy(keys, u->keys, n * sizeof(*keys));
		memcpy(values, u->values, n * sizeof(*values));
		/* Of two, libpq takes the last. */
		if (p) {
			keys[n] = "host";
			values[n++] = p->host;
			keys[n] = "hostaddr";
			values[n++] = p->hostaddr;
			keys[n] = "port";
			values[n++] = p->port;
		}
		e->conn = PQconnectStartParams(keys, values, 0);
	}
	free(keys);
	free(values);
}

/* The words for it are in why, also if it is given up. */
static bool connect_to(struct engine *e, const struct place *p,
		       int64_t deadline)
{
	PostgresPollingStatusType s = PGRES_POLLING_WRITING;

	e->sqlstate[0] = '\0';
	if (!e->conn)
		begin(e, p);
	if (!e->conn) {
		note(e, strerror(ENOMEM));
		return false;
	}
	PQsetNoticeReceiver(e->conn, hear, e);
	PQsetErrorVerbosity(e->conn, PQERRORS_VERBOSE);
	while (PQstatus(e->conn) != CONNECTION_BAD && s != PGRES_POLLING_OK &&
	       s != PGRES_POLLING_FAILED) {
		if (!wait_for(e, s == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			      deadline)) {
			engine_close(e);
			return false;
		}
		s = PQconnectPoll(e->conn);
	}
	if (PQstatus(e->conn) == CONNECTION_OK &&
	    PQsetnonblocking(e->conn, 1) == 0)
		return true;
	fail(e);
	return false;
}

/* How many servers there are: libpq knows it, also from the environment and a
 * service, once it has begun. If it is one, that connection goes on. */
static size_t count_places(struct engine *e)
{
	if (!e->options) {
		begin(e, NULL);
		if (e->conn)
			e->options = PQconninfo(e->conn);
		if (places_count(e->options) > 1)
			engine_close(e);
	}
	return places_count(e->options);
}

static bool given_up(struct engine *e)
{
	return e->look && !e->look(e->arg);
}

static void append(char all[ENGINE_WHY], const char *text)
{
	size_t n = strlen(all);

	while (*text && n + 1 < ENGINE_WHY)
		all[n++] = *text++;
	all[n] = '\0';
}

/* Each in its turn, with an even share of the time. */
static bool connect_to_one_of(struct engine *e, size_t n, int64_t deadline)
{
	char all[ENGINE_WHY] = "";
	struct place p;

	for (size_t i = 0; i < n && !given_up(e); i++) {
		int64_t now = procq_life();

		e->place %= n;
		if (!places_get(e->options, e->place, &p)) {
			note(e, strerror(ENAMETOOLONG));
			return false;
		}
		if (connect_to(e, &p, now + (deadline - now) /
					    (int64_t)(n - i)))
			return true;
		e->place++;
		append(all, *all ? "; " : "");
		/* libpq names the server; what is said here does not. */
		if (strncmp(e->why, "connection", 10) != 0) {
			append(all, *p.host ? p.host : p.hostaddr);
			append(all, ": ");
		}
		append(all, e->why);
	}
	note(e, *all ? all : _("given up"));
	return false;
}

bool engine_connect(struct engine *e, int64_t deadline)
{
	size_t n;

	engine_close(e);
	n = count_places(e);
	return n > 1 ? connect_to_one_of(e, n, deadline)
		     : connect_to(e, NULL, deadline);
}

void engine_close(struct engine *e)
{
	PQfinish(e->conn);
	e->conn = NULL;
}

void engine_end(struct engine *e)
{
	engine_close(e);
	PQconninfoFree(e->options);
	e->options = NULL;
}

/* A server that does not answer is not asked first the next time. */
static void give_up(struct engine *e)
{
	engine_close(e);
	e->place++;
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
			give_up(e);
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
	PGresult *r;

	e->sqlstate[0] = '\0';
	e->warned = false;
	if (!PQsendQueryParams(e->conn, sql, n, NULL, values, NULL, NULL, 0)) {
		fail(e);
		return NULL;
	}
	r = collect(e, deadline);
	if (!r || !e->warned)
		return r;
	PQclear(r);
	engine_close(e);
	return NULL;
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
