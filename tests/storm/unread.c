/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unread.c - a storm over the programs: the lines of each consumer go into a
 * small pipe, which for seconds nobody reads. Consumers and producers are
 * killed meanwhile.
 *
 * What was read is the oracle: no process is in two lines, a kill loses no more
 * lines than a consumer may keep back, and the books of the queue balance.
 *
 * To be run as the first process of a PID namespace: it waits for whatever is
 * orphaned, and at the end nobody else may be there.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "procq.h"

#include "../kit/harness.h"
#include "../kit/tap.h"

#include "chance.h"
#include "alone.h"

#define PRODUCERS 2
#define CONSUMERS 4
#define CAPACITY 32
#define IN_FLIGHT 8
/* What a consumer keeps of lines that can't be written, before it takes no
 * more; what it is ending then; and one that is half written. */
#define KEPT_MAX (64 + IN_FLIGHT + 1)
#define SEQ_MAX (1u << 24)

struct worker {
	pid_t pid;		/* 0: none */
	int lines;		/* of a consumer: its pipe; -1: none */
	bool producer;
	int64_t read_from;	/* nobody reads before that */
	char rest[512];		/* of a line that is not yet whole */
	size_t used;
};

static struct worker workers[PRODUCERS + CONSUMERS];
static struct {
	size_t kills, seed, seconds;
	const char *folder;
} options = { .kills = 60, .seed = 1, .seconds = 600, .folder = "src" };
static char queue[64];
static uint8_t *reported;	/* by seq: how often */
static uint64_t kills, consumer_kills, lines, odd, filled;

/* ---- workers ---- */

static void execute(const struct worker *w, int out)
{
	static const char *const produce[] = {
		"producer", "-q", queue, "-d", "0", "--quiet", "--no-summary",
		NULL };
	static const char *const consume[] = {
		"consumer", "-q", queue, "-d", "0", "-k", "0.5",
		"--in-flight=8", "--no-summary", NULL };
	const char *const *argv = w->producer ? produce : consume;
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", options.folder, argv[0]);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	/* NOLINTNEXTLINE: execv() changes no argument */
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(126);
}

static void start(struct worker *w)
{
	int ends[2] = { -1, -1 };

	if (!w->producer && pipe(ends) < 0)
		return;
#ifdef F_SETPIPE_SZ
	if (!w->producer)
		fcntl(ends[1], F_SETPIPE_SZ, 4096);
#endif
	w->pid = fork();
	if (w->pid == 0) {
		for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
			if (workers[i].lines >= 0)
				close(workers[i].lines);
		if (!w->producer)
			close(ends[0]);
		execute(w, ends[1]);
	}
	if (w->pid < 0)
		w->pid = 0;	/* no process to spare: the next round */
	if (w->producer)
		return;
	close(ends[1]);
	w->lines = ends[0];
	fcntl(w->lines, F_SETFL, O_NONBLOCK);
	w->used = 0;
	w->read_from = procq_now() + (int64_t)draw(3000) * MS;
}

/* ---- lines ---- */

static void note_seq(uint64_t seq)
{
	if (seq == 0 || seq >= SEQ_MAX)
		odd++;
	else if (reported[seq] < UINT8_MAX)
		reported[seq]++;
}

static void note_line(const char *line)
{
	char what[16] = "";
	const char *seq = strstr(line, " seq=");
	unsigned long n = seq ? strtoul(seq + 5, NULL, 10) : 0;

	lines++;
	if (sscanf(line, "%*s %15s", what) != 1)
		odd++;
	else if (strcmp(what, "retired") == 0 || strcmp(what, "stale") == 0)
		note_seq(n);
	else if (strcmp(what, "unconfirmed") != 0)
		odd++;
}

/* All that is in the pipe. */
static void read_lines(struct worker *w)
{
	size_t all = 0;
	ssize_t n;

	while ((n = read(w->lines, w->rest + w->used,
			 sizeof(w->rest) - w->used - 1)) > 0) {
		char *line = w->rest, *end;

		all += (size_t)n;
		w->used += (size_t)n;
		w->rest[w->used] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			note_line(line);
		}
		w->used -= (size_t)(line - w->rest);
		memmove(w->rest, line, w->used);
		if (w->used == sizeof(w->rest) - 1) {
			odd++;
			w->used = 0;
		}
	}
	filled += all > 3800;
}

/* ---- the storm ---- */

static void over(struct worker *w, int status)
{
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		odd++;
		note("%s %ld ended with status %#x",
		     w->producer ? "producer" : "consumer", (long)w->pid,
		     (unsigned)status);
	}
	w->pid = 0;
	if (w->lines < 0)
		return;
	read_lines(w);
	close(w->lines);
	w->lines = -1;
}

/* Whatever has died. */
static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
			if (workers[i].pid == pid)
				over(&workers[i], status);
}

static void kill_worker(struct worker *w)
{
	int status;

	if (w->pid <= 1)
		return;
	kill(w->pid, SIGKILL);
	if (waitpid(w->pid, &status, 0) != w->pid)
		return;
	kills++;
	consumer_kills += !w->producer;
	over(w, status);
}

static void tend(int64_t now)
{
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
		struct worker *w = &workers[i];

		if (!w->pid)
			start(w);
		/* Now nobody reads for up to four seconds; or now and then
		 * somebody does all the time. */
		if (w->lines >= 0 && now >= w->read_from) {
			read_lines(w);
			w->read_from = now + (draw(3) ? (int64_t)draw(4000) * MS : 0);
		}
	}
}

static void storm(void)
{
	int64_t now = procq_now(), end = now + (int64_t)options.seconds * S;

	while (kills < options.kills && now < end) {
		tend(now);
		if (draw(40) == 0)
			kill_worker(&workers[draw(PRODUCERS + CONSUMERS)]);
		reap();
		nap(5 * MS);
		now = procq_now();
	}
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		kill_worker(&workers[i]);
}

/* ---- afterwards ---- */

static void note_death(const struct procq_event *e)
{
	note_seq(e->process.seq);
}

static void check_books(struct procq *q)
{
	uint64_t told = 0, twice = 0;
	struct procq_report report;
	struct procq_stat s;

	is_int(procq_check(q, &report), 0, "the queue can be checked");
	ok(report.faults == 0, "and has no fault");
	procq_stat(q, &s);
	is_int((int64_t)s.states[PROCQ_STATE_FREE], CAPACITY,
	       "every record is free");
	ok(s.started == s.retired + s.exited + s.lost, "the books balance");
	for (uint32_t i = 0; i < SEQ_MAX; i++) {
		told += reported[i] > 0;
		twice += reported[i] > 1;
	}
	is_int((int64_t)twice, 0, "no process is in two lines");
	ok(told <= s.started, "none is told that there was not");
	if (!ok(s.started - told <= consumer_kills * KEPT_MAX,
		"a kill loses no more lines than a consumer keeps back"))
		note("%" PRIu64 " are missing", s.started - told);
	ok(lines > 0 && filled > 0, "lines were read, and pipes were full");
	is_int((int64_t)odd, 0, "no line, and no end, was a surprise");
	note("started %" PRIu64 ", lines %" PRIu64 ", told %" PRIu64
	     "; killed %" PRIu64 ", consumers %" PRIu64 "; full pipes %" PRIu64,
	     s.started, lines, told, kills, consumer_kills, filled);
}

static const struct harness_option all_options[] = {
	{ "kills", "N", "so many participants are killed",
	  .count = &options.kills },
	{ "seed", "N", "the choices follow from it", .count = &options.seed },
	{ "seconds", "N", "give up after them", .count = &options.seconds },
	{ "programs", "FOLDER", "where the programs are",
	  .text = &options.folder },
	{ .name = NULL },
};

static const struct harness this_harness = { "unread", all_options, NULL };

int main(int argc, char **argv)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	int64_t end;
	struct procq *q;
	bool alone;

	read_options(&this_harness, argc, argv);
	alone_begin(options.seed, queue, sizeof(queue), "", "unread");
	reported = calloc(SEQ_MAX, 1);
	o.role = PROCQ_ROLE_CONSUMER;
	o.capacity = CAPACITY;
	if (!reported || procq_open(&q, queue, &o) < 0)
		return 1;
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		workers[i] = (struct worker){ .producer = i < PRODUCERS,
					      .lines = -1 };
	note("seed %zu", options.seed);
	storm();
	ok(kills >= options.kills, "%" PRIu64 " participants were killed",
	   kills);
	alone_drain(q, 60 * S, note_death, reap);
	check_books(q);
	is_int(procq_close(q), 1, "the last one out removes it");
	end = procq_now() + 10 * S;
	do {
		reap();
		alone = kill(-1, 0) < 0 && errno == ESRCH;
		nap(MS);
	} while (!alone && procq_now() < end);
	ok(alone, "no process is left");
	free(reported);
	return done();
}
