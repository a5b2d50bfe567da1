/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * idle.c - what hosts cost a server that have what they want: calls, processor
 * time, WAL and memory, with so many seats; and what follows for more of them.
 *
 *	idle [-p] [-t SECONDS] [-l LEASE_MS] POSTMASTER SEATS...
 *
 * Each seat has a connection, and calls as often as a helper does. A lease is
 * shorter than usual, so that there is something to measure; the figures are
 * for one of a minute. The calls are made one after the other, so not too many
 * at once can be asked for. -p: on paper, too, for more.
 */
#include <config.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peers.h"
#include "rounds.h"

#define SEATS_MAX 4096
#define HELD 4
#define WARM 8
#define MINUTE_MS 60000

struct seat {
	struct peer_link l;
	double next;
};

struct load {
	double seconds, cpu;	/* s */
	long calls, wal;	/* bytes */
	double memory;		/* bytes, of all of the server */
};

static struct seat seats[SEATS_MAX];
static int seconds = 10, lease_ms = 6000;
static long postmaster;

/* ---- the server's processes ---- */

static long parent_of(const char *pid)
{
	char path[300], line[512] = "";
	const char *at;
	long parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	at = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (at)
		sscanf(at + 1, " %*c %ld", &parent);
	fclose(f);
	return parent;
}

/* The first number in a file of a process, behind a word if one is given. */
static double number_in(const char *pid, const char *name, const char *word)
{
	char path[300], line[512];
	double value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, word, strlen(word)) != 0)
			continue;
		value = strtod(line + strlen(word), NULL);
		break;
	}
	if (f)
		fclose(f);
	return value;
}

/* Over all of the server's processes. */
static double sum_of(const char *name, const char *word)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	double sum = 0;

	while (d && (e = readdir(d))) {
		if (*e->d_name < '1' || *e->d_name > '9')
			continue;
		if (strtol(e->d_name, NULL, 10) == postmaster ||
		    parent_of(e->d_name) == postmaster)
			sum += number_in(e->d_name, name, word);
	}
	if (d)
		closedir(d);
	return sum;
}

static long wal_position(void)
{
	return peer_sql(seats[0].l.pg, "SELECT pg_wal_lsn_diff("
			"pg_current_wal_insert_lsn(), '0/0')", 0, NULL);
}

/* ---- the seats ---- */

/* When a helper would call again: between a half and the whole of it. */
static double later(int wait_ms)
{
	return bench_now() +
	       wait_ms * (0.5 + 0.5 * rand() / (double)RAND_MAX) / 1e3;
}

static void open_seats(int n)
{
	int wait_ms;

	for (int i = 0; i < n; i++) {
		struct seat *s = &seats[i];

		memset(s, 0, sizeof(*s));
		s->l.number = i;
		snprintf(s->l.seat, sizeof(s->l.seat), "idle-%d", i);
		if (peer_find("lease")->open(&s->l) < 0)
			exit(1);
		if (peer_lease(&s->l, 0, HELD, &wait_ms) != HELD) {
			fputs("bench: no slots are granted\n", stderr);
			exit(1);
		}
		/* Until its plans are made. */
		for (int k = 0; k < WARM; k++)
			peer_lease(&s->l, HELD, HELD, &wait_ms);
		/* Not all at once. */
		s->next = bench_now() + rand() / (double)RAND_MAX * lease_ms /
						3e3;
	}
}

static struct seat *first_due(int n)
{
	struct seat *first = &seats[0];

	for (int i = 1; i < n; i++)
		if (seats[i].next < first->next)
			first = &seats[i];
	return first;
}

static void run_until(int n, double end, long *calls)
{
	int wait_ms;

	for (;;) {
		struct seat *s = first_due(n);
		double left = (s->next < end ? s->next : end) - bench_now();

		if (left > 0)
			usleep((useconds_t)(left * 1e6));
		if (s->next >= end)
			return;
		peer_lease(&s->l, HELD, HELD, &wait_ms);
		s->next = later(wait_ms);
		++*calls;
	}
}

static void close_seats(int n)
{
	int wait_ms;

	for (int i = 0; i < n; i++) {
		peer_lease(&seats[i].l, 0, 0, &wait_ms);
		peer_close(&seats[i].l);
	}
}

static struct load measure(int n)
{
	struct load m = { 0 };
	long warm = 0;

	open_seats(n);
	/* Until each has called as one does that has what it wants. */
	run_until(n, bench_now() + lease_ms / 2e3, &warm);
	m.cpu = sum_of("schedstat", "");
	m.wal = wal_position();
	m.seconds = bench_now();
	run_until(n, bench_now() + seconds, &m.calls);
	m.seconds = bench_now() - m.seconds;
	m.cpu = (sum_of("schedstat", "") - m.cpu) / 1e9;
	m.wal = wal_position() - m.wal;
	m.memory = sum_of("smaps_rollup", "Pss:") * 1024;
	close_seats(n);
	return m;
}

/* ---- what is said of it ---- */

static void row(const char *name, double calls, double cpu, double wal)
{
	const char *file = getenv("BENCH_REPORT");
	FILE *f = file && *file ? fopen(file, "a") : NULL;

	printf("%-30s %12.4g %12.4g %16.4g", name, calls, cpu * 1e3,
	       wal * 3600 / 1e6);
	if (!f)
		return;
	fprintf(f, "fleet: hosts that have what they want\t%s: calls\t"
		"a second\t%.4g\t\t\t0\n", name, calls);
	fprintf(f, "fleet: hosts that have what they want\t%s: processor time"
		"\tms a second\t%.4g\t\t\t0\n", name, cpu * 1e3);
	fprintf(f, "fleet: hosts that have what they want\t%s: WAL\t"
		"MB an hour\t%.4g\t\t\t0\n", name, wal * 3600 / 1e6);
	fclose(f);
}

static void print(int n, const struct load *m)
{
	double share = (double)lease_ms / MINUTE_MS / m->seconds;
	char name[32];

	snprintf(name, sizeof(name), "%d hosts", n);
	row(name, (double)m->calls * share, m->cpu * share,
	    (double)m->wal * share);
	printf(" %14.3g\n", m->memory / 1e6);
}

/* On paper. */
static void print_more(int n, const struct load *m)
{
	double calls = n * (double)m->calls / m->seconds * lease_ms / MINUTE_MS;
	double base = calls / (double)m->calls;
	char name[48];

	snprintf(name, sizeof(name), "%d hosts, on paper", n);
	row(name, calls, m->cpu * base, (double)m->wal * base);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct load m = { 0 };
	bool paper = false;
	int option, n = 0;

	bench_begin();
	while ((option = getopt(argc, argv, "pt:l:")) != -1) {
		if (option == 'p')
			paper = true;
		else if (option == 't')
			seconds = bench_number(optarg, 3600);
		else if (option == 'l')
			lease_ms = bench_number(optarg, 86400000);
		else
			return 2;
	}
	if (argc - optind < 2) {
		fputs("usage: idle [-p] [-t SECONDS] [-l LEASE_MS]"
		      " POSTMASTER SEATS...\n", stderr);
		return 2;
	}
	postmaster = bench_number(argv[optind++], 1 << 30);
	printf("\n%-30s %12s %12s %16s %14s\n",
	       "fleet: hosts that have what they want", "calls/s", "CPU, ms/s",
	       "WAL, MB an hour", "server, MB");
	printf("a lease of 60 s; measured in %d s with one of %d ms\n",
	       seconds, lease_ms);
	for (; optind < argc; optind++) {
		n = bench_number(argv[optind], SEATS_MAX);
		m = measure(n);
		print(n, &m);
		fflush(stdout);
	}
	printf("a call: %.0f us of processor time, %.0f bytes of WAL\n",
	       m.cpu / (double)m.calls * 1e6,
	       (double)m.wal / (double)m.calls);
	if (!paper)
		return 0;
	/* By the most that were measured. */
	m.calls = m.calls ? m.calls : 1;
	m.seconds *= n;
	print_more(1000, &m);
	print_more(100000, &m);
	return 0;
}
