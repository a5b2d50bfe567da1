/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.c - procq stat --openmetrics: one queue, or all, as Prometheus reads
 * them: OpenMetrics text, version 1.0.
 *
 * A metric comes once, with its samples of all queues. Nothing is translated:
 * this is compared between machines. Must only look.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "openmetrics.h"
#include "procq-cmd.h"
#include "tenure.h"

struct queue {
	char name[PROCQ_NAME_SIZE];
	struct procq_stat stat;
	struct procq_lease lease;
	struct procq_histogram histograms[PROCQ_HISTOGRAMS];
};

struct queues {
	struct queue *all;
	size_t count, room;
	uint64_t unreadable;
};

/* ---- reading ---- */

static int read_queue(const struct procq *q, struct queue *out)
{
	int err = stat_settled(q, &out->stat);

	if (err == 0)
		err = procq_lease(q, &out->lease);
	for (int i = 0; i < PROCQ_HISTOGRAMS && err == 0; i++)
		err = procq_histogram(q, i, &out->histograms[i]);
	return err;
}

/* Room for one more. */
static struct queue *next_queue(struct queues *list)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct queue *larger = realloc(list->all,
					       room * sizeof(*larger));

		if (!larger)
			return NULL;
		list->all = larger;
		list->room = room;
	}
	return &list->all[list->count];
}

/* One that can't be read, another user's or a damaged one, is counted only. */
static int add_found(const struct procq_found *found, void *arg)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct queues *list = arg;
	struct queue *next = next_queue(list);
	struct procq *q;
	int err;

	if (!next)
		return -ENOMEM;
	o.role = PROCQ_ROLE_ONLOOKER;
	o.deadline = procq_now() + 100 * NS_PER_MS;
	err = procq_open(&q, found->object, &o);
	if (err < 0) {
		list->unreadable += err != -ENOENT;
		return err == -EMFILE || err == -ENFILE || err == -ENOMEM
			       ? err : 0;
	}
	err = read_queue(q, next);
	procq_close(q);
	if (err < 0)
		return err;
	snprintf(next->name, sizeof(next->name), "%s",
		 short_name(found->object));
	list->count++;
	return 0;
}

/* Returns the exit status. */
static int add_all(struct queues *list)
{
	int err = procq_list(add_found, list);

	return err < 0 ? complain_unlisted(err) : EXIT_DONE;
}

static int add_one(const struct request *r, struct queues *list)
{
	struct queue *next = next_queue(list);
	struct procq *q;
	int status, err;

	if (!next)
		return complain_failed(r, -ENOMEM);
	status = request_open(r, PROCQ_ROLE_ONLOOKER, &q);
	if (status != EXIT_DONE)
		return status;
	err = read_queue(q, next);
	procq_close(q);
	if (err < 0)
		return complain_failed(r, err);
	snprintf(next->name, sizeof(next->name), "%s", r->queue);
	list->count++;
	return EXIT_DONE;
}

/* ---- writing ---- */

/* The name of a sample and its labels, up to the value.
 * @param more a second label and its value; NULL: none */
static void put_name(const char *name, const char *suffix,
		     const struct queue *q, const char *label, const char *more)
{
	printf("procq_%s%s{queue=\"", name, suffix);
	openmetrics_label(q->name);
	if (label)
		printf("\",%s=\"%s", label, more);
	printf("\"} ");
}

/* A metric with one sample for each queue: a number of struct procq_stat. */
struct metric {
	const char *name, *type, *unit, *help;
	uint64_t (*value)(const struct procq_stat *s);
};

#define VALUE(name, expression) \
	static uint64_t name(const struct procq_stat *s) \
	{ \
		return expression; \
	}

VALUE(started, s->started)
VALUE(retired, s->retired)
VALUE(exited, s->exited)
VALUE(lost, s->lost)
VALUE(returned, s->returned)
VALUE(swept, s->swept)
VALUE(present, s->present)
VALUE(capacity, s->limit)
VALUE(max, s->capacity)
VALUE(producers, s->producers)
VALUE(consumers, s->consumers)
VALUE(dead, s->dead)
VALUE(waiting_room, s->waiting_room)
VALUE(waiting_ready, s->waiting_ready)
VALUE(closed, s->closed != PROCQ_OPEN)
VALUE(stopped, s->closed == PROCQ_STOPPED)
VALUE(bytes, s->bytes)

static const struct metric metrics[] = {
	{ "started", "counter", NULL, "Processes that entered the queue.",
	  started },
	{ "retired", "counter", NULL, "Processes ended by a participant.",
	  retired },
	{ "exited", "counter", NULL, "Processes that exited on their own.",
	  exited },
	{ "lost", "counter", NULL, "Processes gone with their producer.",
	  lost },
	{ "returned", "counter", NULL,
	  "Processes put back after their consumer died.", returned },
	{ "swept", "counter", NULL, "Dead participants swept.", swept },
	{ "present", "gauge", NULL, "Processes in the queue.", present },
	{ "capacity", "gauge", NULL, "Processes that may exist at once.",
	  capacity },
	{ "max", "gauge", NULL, "Up to how many may be allowed.", max },
	{ "producers", "gauge", NULL, "Producers attached.", producers },
	{ "consumers", "gauge", NULL, "Consumers attached.", consumers },
	{ "dead_participants", "gauge", NULL,
	  "Dead participants not yet swept.", dead },
	{ "waiting_producers", "gauge", NULL,
	  "Participants waiting for room.", waiting_room },
	{ "waiting_consumers", "gauge", NULL,
	  "Participants waiting for a process.", waiting_ready },
	{ "closed", "gauge", NULL, "1 if producers get no room.", closed },
	{ "stopped", "gauge", NULL, "1 if producers are to end.", stopped },
	{ "size_bytes", "gauge", "bytes", "Size of the shared memory object.",
	  bytes },
};

static void put_metric(const struct metric *m, const struct queues *list)
{
	const char *suffix = strcmp(m->type, "counter") == 0 ? "_total" : "";

	openmetrics_head(m->name, m->type, m->unit, m->help);
	for (size_t i = 0; i < list->count; i++) {
		put_name(m->name, suffix, &list->all[i], NULL, NULL);
		printf("%" PRIu64 "\n", m->value(&list->all[i].stat));
	}
}

static void put_records(const struct queues *list)
{
	openmetrics_head("records", "gauge", NULL, "Records of the queue by state.");
	for (size_t i = 0; i < list->count; i++)
		for (uint32_t state = 0; state_word(state); state++) {
			put_name("records", "", &list->all[i], "state",
				 state_word(state));
			printf("%" PRIu64 "\n",
			       list->all[i].stat.states[state]);
		}
}

static void put_created(const struct queues *list)
{
	openmetrics_head("created_timestamp_seconds", "gauge", "seconds",
		 "When the queue was created, since the epoch.");
	for (size_t i = 0; i < list->count; i++) {
		char text[DURATION_SIZE];

		put_name("created_timestamp_seconds", "", &list->all[i], NULL,
			 NULL);
		puts(duration_seconds(list->all[i].stat.created, 3, text));
	}
}

/* Of queues that have a lease. */
static bool next_leased(const struct queues *list, size_t *i, const char *name)
{
	while (*i < list->count &&
	       list->all[*i].lease.policy == PROCQ_POLICY_NONE)
		++*i;
	if (*i == list->count)
		return false;
	if (name)
		put_name(name, "", &list->all[*i], NULL, NULL);
	return true;
}

/* The deadline by the clock of people, which may be set. */
static void put_deadlines(const struct queues *list)
{
	int64_t ahead = line_now() - procq_life();
	char text[DURATION_SIZE];

	openmetrics_head("lease_deadline_timestamp_seconds", "gauge",
			 "seconds", "When the lease is over, since the epoch.");
	for (size_t i = 0; next_leased(list, &i, NULL); i++) {
		const struct procq_lease *l = &list->all[i].lease;

		if (l->deadline == PROCQ_FOREVER)
			continue;
		put_name("lease_deadline_timestamp_seconds", "",
			 &list->all[i], NULL, NULL);
		puts(duration_seconds(l->deadline + ahead, 3, text));
	}
}

static void put_leases(const struct queues *list)
{
	openmetrics_head("lease_over", "gauge", NULL,
			 "1 if the lease is over.");
	for (size_t i = 0; next_leased(list, &i, "lease_over"); i++)
		printf("%" PRIu32 "\n", list->all[i].lease.over);
	openmetrics_head("lease_granted", "gauge", NULL,
			 "Slots that are granted.");
	for (size_t i = 0; next_leased(list, &i, "lease_granted"); i++)
		printf("%" PRIu32 "\n", list->all[i].stat.granted);
	openmetrics_head("lease_epoch", "gauge", NULL,
			 "The number of its holder.");
	for (size_t i = 0; next_leased(list, &i, "lease_epoch"); i++)
		printf("%" PRIu64 "\n", list->all[i].lease.epoch);
	openmetrics_head("lease_policy", "gauge", NULL,
			 "1 for what becomes of processes when it is over.");
	for (size_t i = 0; next_leased(list, &i, NULL); i++) {
		put_name("lease_policy", "", &list->all[i], "policy",
			 tenure_policy(list->all[i].lease.policy));
		puts("1");
	}
	put_deadlines(list);
}

/* A bound that is 1, 2 or 5 times a power of ten, in seconds, as OpenMetrics
 * has it: 1e-06, 0.002, 0.5, 1.0, 2e+06. */
static void bound_text(int64_t ns, char *text, size_t size)
{
	int exponent = -9;

	if (ns == PROCQ_FOREVER) {
		snprintf(text, size, "+Inf");
		return;
	}
	for (; ns % 10 == 0; ns /= 10)
		exponent++;
	if (exponent < -4 || exponent > 5)
		snprintf(text, size, "%de%c%02d", (int)ns,
			 exponent < 0 ? '-' : '+', abs(exponent));
	else if (exponent < 0)
		snprintf(text, size, "0.%0*d", -exponent, (int)ns);
	else
		snprintf(text, size, "%d%.*s.0", (int)ns, exponent, "00000");
}

static void put_histogram(int which, const char *name, const char *help,
			  const struct queues *list)
{
	openmetrics_head(name, "histogram", "seconds", help);
	for (size_t i = 0; i < list->count; i++) {
		const struct queue *q = &list->all[i];
		const struct procq_histogram *h = &q->histograms[which];
		uint64_t sum = 0;
		char bound[24];

		for (unsigned b = 0; b < PROCQ_BUCKETS; b++) {
			sum += h->counts[b];
			bound_text(procq_bucket(b), bound, sizeof(bound));
			put_name(name, "_bucket", q, "le", bound);
			printf("%" PRIu64 "\n", sum);
		}
		put_name(name, "_sum", q, NULL, NULL);
		printf("%" PRIu64 ".%06" PRIu64 "\n", h->sum_us / 1000000,
		       h->sum_us % 1000000);
		put_name(name, "_count", q, NULL, NULL);
		printf("%" PRIu64 "\n", h->count);
	}
}

static void print_all(const struct request *r, const struct queues *list)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
		put_metric(&metrics[i], list);
	put_records(list);
	put_created(list);
	put_leases(list);
	put_histogram(PROCQ_HISTOGRAM_LIFETIME, "lifetime_seconds",
		      "From the start of a process to its death.", list);
	put_histogram(PROCQ_HISTOGRAM_LATENCY, "latency_seconds",
		      "From the first signal to the confirmed death.", list);
	if (r->all) {
		openmetrics_head("unreadable_queues", "gauge", NULL,
			 "Queues that can't be read: private, damaged.");
		printf("procq_unreadable_queues %" PRIu64 "\n",
		       list->unreadable);
	}
	puts("# EOF");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct queue *)a)->name,
		      ((const struct queue *)b)->name);
}

int metrics_run(const struct request *r)
{
	struct queues list = { .count = 0 };
	int status = r->all ? add_all(&list) : add_one(r, &list);

	if (status == EXIT_DONE) {
		if (list.count > 0)
			qsort(list.all, list.count, sizeof(*list.all),
			      by_name);
		print_all(r, &list);
	}
	free(list.all);
	return status;
}
