/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-common.c - what the commands of procq share: join the queue that the
 * command line names, say what went wrong, name what is in the queue.
 *
 * Must not decide what a command does.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "hint.h"
#include "i18n.h"
#include "line.h"
#include "procq-cmd.h"
#include "safe.h"
#include "signals.h"
#include "trouble.h"
#include "writer.h"

int request_join(const struct request *r, enum procq_role role,
		 struct procq_options *o, struct procq **q)
{
	const struct procq_options init = PROCQ_OPTIONS_INIT;

	*o = init;
	o->role = role;
	o->flags = PROCQ_OPEN_NOCREATE;
	o->deadline = time_after(procq_now(), time_min(SETUP_MAX, r->wait));
	return procq_open(q, r->queue, o);
}

int complain_request(const struct request *r, const struct procq_options *o,
		     int err)
{
	if (err == -ENOENT && o->found) {
		complain(_("queue '%s': its creator did not finish setting it "
			   "up; the next producer will, or 'procq remove "
			   "--force %s' removes it"), r->queue,
			 shell_word(r->queue).text);
		return EXIT_FAILED;
	}
	complain_open(r->queue, o, err);
	return EXIT_FAILED;
}

int request_open(const struct request *r, enum procq_role role,
		 struct procq **q)
{
	struct procq_options o;
	int err = request_join(r, role, &o, q);

	return err < 0 ? complain_request(r, &o, err) : EXIT_DONE;
}

bool request_waits(struct request *r, enum hint what)
{
	return hint_due(&r->hints, what, procq_now());
}

void request_awaits_deaths(struct request *r, uint64_t n)
{
	if (request_waits(r, n > 0 ? HINT_DEATHS : HINT_NONE))
		complain(P_("queue '%s': waiting for %ju process to die; "
			    "Ctrl-C gives it back",
			    "queue '%s': waiting for %ju processes to die; "
			    "Ctrl-C gives them back",
			    (unsigned long)n), r->queue, (uintmax_t)n);
}

int complain_unlisted(int err)
{
	if (err == -ENOENT && shm_is_missing())
		complain_shm_missing();
	else
		complain(_("cannot list the queues: %s"),
			 _(procq_strerror(err)));
	return EXIT_FAILED;
}

int complain_failed(const struct request *r, int err)
{
	complain(_("queue '%s': %s"), r->queue, _(procq_strerror(err)));
	return EXIT_FAILED;
}

/* From here on a closed pipe ends us quietly again. */
static void leave_signals(void)
{
	struct sigaction sa;

	if (sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler != SIG_IGN) {
		sa.sa_handler = SIG_DFL;
		sigaction(SIGPIPE, &sa, NULL);
	}
}

/* No ending waits behind a message. */
static void start_messages(void)
{
	static struct writer messages;

	if (!writer_is_needed(STDERR_FILENO))
		return;
	writer_init(&messages, signals_news, signals_stops_at());
	messages_through(&messages);
}

void command_signals_begin(struct procq *q)
{
	sigset_t mask;

	signals_wake(q);
	signals_start(&mask);
	start_messages();
}

void command_signals_end(void)
{
	signals_wake(NULL);
	messages_finish();
	leave_signals();
}

const char *short_name(const char *object)
{
	char mine[48];
	int n = snprintf(mine, sizeof(mine), "/procq.%lu.",
			 (unsigned long)geteuid());

	if (strncmp(object, mine, (size_t)n) == 0 && object[n])
		return object + n;
	return object;
}

uint64_t living(const struct procq_stat *s)
{
	return s->states[PROCQ_STATE_RESERVED] + s->states[PROCQ_STATE_QUEUED] +
	       s->states[PROCQ_STATE_TAKEN];
}

uint64_t inhabitants(const struct procq_stat *s)
{
	return living(s) + s->states[PROCQ_STATE_EXITED];
}

bool adds_up(const struct procq_stat *s)
{
	return s->started == s->retired + s->exited + s->lost + s->present;
}

int stat_settled(const struct procq *q, struct procq_stat *s)
{
	int err = procq_stat(q, s);

	for (int i = 0; i < 20 && err == 0 && !adds_up(s); i++) {
		time_sleep(2 * NS_PER_MS);
		err = procq_stat(q, s);
	}
	return err;
}

void table_set_time(struct table *t, size_t column, int64_t ns)
{
	struct line l = { .used = 0 };

	if (ns == 0)
		return;
	line_time(&l, ns);
	line_add(&l, "", 1);
	table_set_text(t, column, l.text);
}

void begin_json(struct json *j, struct line *l, const struct request *r)
{
	memset(l, 0, sizeof(*l));
	json_open(j, l);
	json_string(j, "queue", r->queue);
}

void print_json(struct json *j)
{
	json_close(j);
	line_end(j->line);
	fwrite(j->line->text, 1, j->line->used, stdout);
}
