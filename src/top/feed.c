/* SPDX-License-Identifier: GPL-3.0-or-later */
/* feed.c - see feed.h; what is read is in src/fleet/watch.c. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "folder.h"
#include "i18n.h"

#include "feed.h"

#define WORDS 17
#define HALF_MINUTE (30 * NS_PER_S)

static _Noreturn void become(const char *path, char **argv, int out)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execv(path, argv);
	_exit(EXIT_CANNOT_RUN);
}

void feed_begin(struct feed *f, const char *url, const char *queue,
		bool insecure)
{
	char path[4096], where[4096], name[PROCQ_NAME_SIZE + 16];
	char command[] = "watch", loose[] = "--fleet-insecure";
	char *argv[5] = { command };
	int ends[2], n = 1;

	snprintf(path, sizeof(path), "%s/procq-fleet", programs_folder());
	if (access(path, X_OK) < 0) {
		complain(_("--fleet needs the package procq-fleet: '%s': %s"),
			 path, strerror(errno));
		exit(EXIT_NOT_FOUND);
	}
	if (url) {
		snprintf(where, sizeof(where), "--fleet=%s", url);
		argv[n++] = where;
	}
	if (queue) {
		snprintf(name, sizeof(name), "--queue=%s", queue);
		argv[n++] = name;
	}
	if (insecure)
		argv[n] = loose;
	if (pipe(ends) < 0) {
		complain("%s: %s", path, strerror(errno));
		exit(EXIT_FAILED);
	}
	/* Its own end of it would keep the pipe alive for the child. */
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	f->pid = fork();
	if (f->pid < 0) {
		complain("%s: %s", path, strerror(errno));
		exit(EXIT_FAILED);
	}
	if (f->pid == 0)
		become(path, argv, ends[1]);
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	f->fd = ends[0];
}

/* ---- one answer ---- */

static size_t split(char *line, char *words[WORDS])
{
	size_t n = 0;

	while (n < WORDS) {
		char *tab = strchr(line, '\t');

		words[n++] = line;
		if (!tab)
			break;
		*tab = '\0';
		line = tab + 1;
	}
	for (size_t i = n; i < WORDS; i++)
		words[i] = line + strlen(line);
	return n;
}

static uint64_t number(const char *word)
{
	return strtoull(word, NULL, 10);
}

static int64_t ms(const char *word)
{
	return strtoll(word, NULL, 10) * NS_PER_MS;
}

#define COPY(to, word) snprintf(to, sizeof(to), "%s", word)

static void read_queue(struct feed_queue *q, char *w[WORDS])
{
	q->capacity = number(w[1]);
	q->used = number(w[2]);
	q->hosts = number(w[3]);
	q->cut_off = number(w[4]);
	q->waiting = number(w[5]);
	COPY(q->policy, w[6]);
	q->closed = *w[7] == 't';
	q->learning = *w[8] == 't';
	q->started = number(w[9]);
	q->retired = number(w[10]);
	q->exited = number(w[11]);
	q->lost = number(w[12]);
	q->vanished = number(w[13]);
	q->present = number(w[14]);
	COPY(q->as_of, w[15]);
	COPY(q->durable, w[16]);
}

static void read_host(struct feed_host *h, char *w[WORDS])
{
	COPY(h->seat, w[1]);
	h->held = number(w[2]);
	h->present = number(w[3]);
	h->wants = number(w[4]);
	COPY(h->state, w[5]);
	h->lease = ms(w[6]);
	h->oldest = ms(w[7]);
	h->seen = ms(w[8]);
	h->started = number(w[9]);
	h->ended = number(w[10]);
	COPY(h->note, w[11]);
}

/* The counters go back if the server has forgotten something: then it begins
 * anew. */
static void beat(struct pulse *p, int64_t now, uint64_t started, uint64_t ended)
{
	struct mark m = { now, started, ended };
	double minutes;

	if (p->old.at == 0 || started < p->old.started || ended < p->old.ended)
		*p = (struct pulse){ .old = m, .newer = m };
	if (now - p->newer.at >= HALF_MINUTE) {
		p->old = p->newer;
		p->newer = m;
	}
	minutes = (double)(now - p->old.at) / (60.0 * (double)NS_PER_S);
	p->known = now - p->old.at >= 2 * NS_PER_S;
	if (!p->known)
		return;
	p->started = (double)(started - p->old.started) / minutes;
	p->ended = (double)(ended - p->old.ended) / minutes;
}

static int by_seat(const void *a, const void *b)
{
	return strcmp(((const struct feed_host *)a)->seat,
		      ((const struct feed_host *)b)->seat);
}

/* What was known of the hosts goes on. */
static void take_hosts(struct feed *f, struct feed_host *hosts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct feed_host *before =
			f->count > 0 ? bsearch(&hosts[i], f->hosts, f->count,
					       sizeof(*hosts), by_seat)
				     : NULL;

		if (before)
			hosts[i].pulse = before->pulse;
		beat(&hosts[i].pulse, f->answered, hosts[i].started,
		     hosts[i].ended);
	}
	free(f->hosts);
	f->hosts = hosts;
	f->count = n;
}

/* A whole answer, from text to end. */
static void take_answer(struct feed *f, char *text, char *end)
{
	struct feed_host *hosts;
	size_t lines = 1, n = 0;

	for (const char *c = text; c < end; c++)
		lines += *c == '\n';
	hosts = calloc(lines, sizeof(*hosts));
	if (!hosts)
		return;
	f->answered = procq_now();
	f->why[0] = '\0';
	while (text < end) {
		char *line = text, *words[WORDS];

		text = memchr(text, '\n', (size_t)(end - text));
		text = text ? text : end;
		*text++ = '\0';
		split(line, words);
		if (*line == 'Q')
			read_queue(&f->queue, words);
		else if (*line == 'H')
			read_host(&hosts[n++], words);
	}
	if (n > 1)
		qsort(hosts, n, sizeof(*hosts), by_seat);
	take_hosts(f, hosts, n);
	beat(&f->queue.pulse, f->answered, f->queue.started,
	     f->queue.retired + f->queue.exited + f->queue.lost);
}

/* Answers and failures that are complete; what is left is the begin of the
 * next one. */
static void take_all(struct feed *f)
{
	char *begin = f->text, *line = f->text, *stop = f->text + f->used;
	char *end;

	while ((end = memchr(line, '\n', (size_t)(stop - line)))) {
		if (*line == 'X') {
			*end = '\0';
			COPY(f->why, line + (end - line > 1 ? 2 : 1));
			begin = end + 1;
		} else if (*line == 'E') {
			take_answer(f, begin, line);
			begin = end + 1;
		}
		line = end + 1;
	}
	f->used = (size_t)(stop - begin);
	memmove(f->text, begin, f->used);
}

/* @retval false nothing more is there now */
static bool read_some(struct feed *f)
{
	ssize_t n;

	if (f->room - f->used < 4096) {
		char *larger = realloc(f->text, f->room + 65536);

		if (!larger)
			return false;
		f->text = larger;
		f->room += 65536;
	}
	n = read(f->fd, f->text + f->used, f->room - f->used);
	if (n > 0)
		f->used += (size_t)n;
	if (n == 0)
		f->over = true;
	return n > 0;
}

void feed_look(struct feed *f, int64_t ns)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };

	if (f->over)
		return;
	if (poll(&p, 1, (int)(ns / NS_PER_MS)) <= 0)
		return;
	while (read_some(f))
		continue;
	if (f->text)
		take_all(f);
}

void feed_end(struct feed *f)
{
	if (f->pid > 0) {
		kill(f->pid, SIGTERM);
		waitpid(f->pid, NULL, 0);
	}
	f->pid = 0;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	free(f->hosts);
	free(f->text);
	f->hosts = NULL;
	f->text = NULL;
	f->count = 0;
}
