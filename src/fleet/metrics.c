/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.c - procq stat --fleet --openmetrics: a fleet as Prometheus reads it.
 * Must only look.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "openmetrics.h"

#include "fleet.h"
#include "rows.h"

/* A column of an answer. */
struct metric {
	const char *name, *type, *help;
	enum { NUMBER, TRUTH, MS } kind;
};

static const char queue_sql[] =
	"SELECT capacity, used, hosts, cut_off, waiting, closed, learning, "
	"started, retired, exited, lost, vanished, present, "
	"CASE durable WHEN '' THEN 'f' ELSE 't' END, "
	"(extract(epoch FROM clock_timestamp() - as_of) * 1000)::bigint "
	"FROM procq.stat($1)";
static const struct metric queue_metrics[] = {
	{ "fleet_capacity", "gauge", "Processes that may exist at once.",
	  NUMBER },
	{ "fleet_used", "gauge", "Slots charged to hosts.", NUMBER },
	{ "fleet_hosts", "gauge", "Hosts whose lease has not run out.",
	  NUMBER },
	{ "fleet_hosts_cut_off", "gauge", "Others that hold slots.", NUMBER },
	{ "fleet_hosts_waiting", "gauge", "Hosts that want more.", NUMBER },
	{ "fleet_closed", "gauge", "1 if nothing more is granted.", TRUTH },
	{ "fleet_learning", "gauge",
	  "1 if nothing is granted, as grants may be forgotten.", TRUTH },
	{ "fleet_started", "counter", "Processes that entered.", NUMBER },
	{ "fleet_retired", "counter", "Processes ended by a participant.",
	  NUMBER },
	{ "fleet_exited", "counter", "Processes that exited on their own.",
	  NUMBER },
	{ "fleet_lost", "counter", "Processes gone with their producer.",
	  NUMBER },
	{ "fleet_vanished", "counter", "Processes lost with their host.",
	  NUMBER },
	{ "fleet_present", "gauge", "Processes, as last reported.", NUMBER },
	{ "fleet_may_lose", "gauge",
	  "1 if the server can lose what it has acknowledged.", TRUTH },
	{ "fleet_report_age_seconds", "gauge", "The age of the oldest report.",
	  MS },
};

static const char hosts_sql[] =
	"SELECT seat, held, present, wants, "
	"CASE state WHEN 'live' THEN 't' ELSE 'f' END, lease_ms, oldest_ms, "
	"seen_ms, started, ended FROM procq.watch($1)";
static const struct metric host_metrics[] = {
	{ "fleet_host_held", "gauge", "Slots charged to a host.", NUMBER },
	{ "fleet_host_present", "gauge", "Processes there.", NUMBER },
	{ "fleet_host_wants", "gauge", "Slots that it would use.", NUMBER },
	{ "fleet_host_live", "gauge", "1 if its lease has not run out.",
	  TRUTH },
	{ "fleet_host_lease_seconds", "gauge", "What is left of its lease.",
	  MS },
	{ "fleet_host_oldest_seconds", "gauge",
	  "The age of the process whose turn is next.", MS },
	{ "fleet_host_seen_seconds", "gauge", "How old its report is.", MS },
	{ "fleet_host_started", "counter", "Processes that entered.", NUMBER },
	{ "fleet_host_ended", "counter", "Processes that are over.", NUMBER },
};

static void put_value(const struct metric *m, const char *text)
{
	int64_t value = m->kind == MS ? rows_ms(text) / 1000000 : 0;

	if (m->kind == TRUTH)
		puts(rows_truth(text) ? "1" : "0");
	else if (m->kind == MS)
		printf("%" PRId64 ".%03d\n", value / 1000,
		       (int)(value % 1000));
	else
		printf("%" PRIu64 "\n", rows_number(text));
}

/* @param labelled the column before the values names a host */
static void put_metric(const struct fleet *f, const struct metric *m,
		       const PGresult *r, int column, bool labelled)
{
	bool counts = strcmp(m->type, "counter") == 0;

	openmetrics_head(m->name, m->type, m->kind == MS ? "seconds" : NULL,
			 m->help);
	for (int i = 0; i < PQntuples(r); i++) {
		printf("procq_%s%s{queue=\"", m->name, counts ? "_total" : "");
		openmetrics_label(f->queue);
		if (labelled) {
			fputs("\",host=\"", stdout);
			openmetrics_label(PQgetvalue(r, i, 0));
		}
		fputs("\"} ", stdout);
		put_value(m, PQgetvalue(r, i, column));
	}
}

int fleet_metrics(struct fleet *f)
{
	const char *const values[] = { f->queue };
	PGresult *queue = fleet_ask(f, queue_sql, 1, values);
	PGresult *hosts = queue ? fleet_ask(f, hosts_sql, 1, values) : NULL;
	int status;

	for (int i = 0; hosts && i < PQnfields(queue); i++)
		put_metric(f, &queue_metrics[i], queue, i, false);
	for (int i = 1; hosts && i < PQnfields(hosts); i++)
		put_metric(f, &host_metrics[i - 1], hosts, i, true);
	if (hosts)
		puts("# EOF");
	status = hosts ? EXIT_DONE : EXIT_FAILED;
	PQclear(queue);
	PQclear(hosts);
	return status;
}
