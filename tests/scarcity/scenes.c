/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenes.c - the runs: what takes part, and what has to hold afterwards.
 * Must not know which calls a program makes.
 *
 * After each run: the program has said what and why, or has done its work;
 * the object is sound, and adds up; each process that was started has ended,
 * and was reported once; nobody and nothing is left over.
 */
#include <config.h>

#include "scarcity.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define SEQS 64

#ifndef PQ_USE_SHM_LOCKS
# define PQ_USE_SHM_LOCKS 0
#endif

/* A helper, by its program and its arguments. */
#define ARG(text) ((char *)(uintptr_t)(text))
#define START(program, ...) \
	helper_start((char *const []){ \
		ARG(programs[program]), __VA_ARGS__, NULL })

static struct helper *producer, *consumer;
/* What the programs of a scene say when nothing fails. */
static char learned[sizeof(((struct run *)0)->out)];

/* ---- what is said ---- */

static bool said(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

static unsigned count(const char *text, const char *word)
{
	unsigned n = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		n++;
	return n;
}

static bool is_call(const struct fault *fault, const char *name)
{
	return fault->call != NO_CALL &&
	       strncmp(calls[fault->call].name, name, strlen(name)) == 0;
}

static bool is_refusal(int error)
{
	return error == EPERM || error == EACCES;
}

/* A program that can't ask for a lock, for all its patience, takes all others
 * for living ones. */
static bool is_blind(const struct fault *fault)
{
	return fault->burst > 1 && is_call(fault, "fcntl(F_GETLK)");
}

/* What it would say is what was lost: the exit status has to do. */
static bool is_mute(const struct fault *fault)
{
	return is_call(fault, "write(stderr)");
}

static bool says_why(const struct run *run, const struct fault *fault)
{
	if (fault->error >= FAIL_LOST || is_blind(fault))
		return true;
	/* Without the call, it is as if it were refused. */
	if ((is_refusal(fault->error) || is_call(fault, "pidfd_send_signal")) &&
	    said(run->err, procq_strerror(-EACCES)))
		return true;
	/* A process that can't be proven to be the recorded one is not
	 * signalled: the proof is what is missing, for whatever reason. */
	if ((is_call(fault, "pidfd_open") || is_call(fault, "fstat")) &&
	    said(run->err, procq_strerror(-ENOTSUP)))
		return true;
	if (is_call(fault, "prctl") &&
	    said(run->err, "can't be made to die with their producer"))
		return true;
	return said(run->err, strerror(fault->error)) ||
	       said(run->err, procq_strerror(-fault->error));
}

/* Only the lines of our queue: others may have theirs. */
static void keep_ours(char *text)
{
	char *to = text;

	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *found = strstr(text, queue_name);

		len += text[len] == '\n';
		if (found && found < text + len) {
			memmove(to, text, len);
			to += len;
		}
		text += len;
	}
	*to = '\0';
}

/* What differs from run to run is made the same: numbers, signs, blanks, and
 * the owner's name, which may not be found out. */
static void level(const char *from, char *to, size_t size)
{
	size_t n = 0;

	while (*from && n + 1 < size) {
		char c = *from++;

		if (strncmp(from - 1, "root", 4) == 0) {
			c = '#';
			from += 3;
		}
		if (isdigit((unsigned char)c))
			c = '#';
		if (c == '-')
			c = '+';
		if ((c == '#' || c == ' ') && n > 0 && to[n - 1] == c)
			continue;
		to[n++] = c;
	}
	to[n] = '\0';
}

static void judge_same(const struct run *run, const struct fault *fault)
{
	char now[sizeof(run->out)];

	/* A queue of this state is not looked into. */
	if (is_refusal(fault->error) && said(run->out, " private\n"))
		return;
	/* Nor is anybody declared dead. */
	if (is_blind(fault))
		return;
	level(run->out, now, sizeof(now));
	if (strcmp(now, learned) != 0)
		complain("it succeeds, but says something else: %.250s",
			 run->out);
}

/* A name, and a reason. */
static void judge_failure(const struct scene *scene, const struct run *run,
			  const struct fault *fault)
{
	static const char *const names[] = { "producer: ", "consumer: ",
					     "procq: " };
	int status = WEXITSTATUS(run->status);

	if (status != 1 && status != 124 && status != 126 && status != 127)
		complain("it ends with %d, which means nothing", status);
	/* Nobody reads on, or could read it: no more is said. */
	if (fault->error == EPIPE || is_mute(fault))
		return;
	if (!said(run->err, names[scene->program]))
		complain("it ends with %d, and says nothing", status);
	else if (!says_why(run, fault))
		complain("it ends with %d, and does not say why: %.200s",
			 status, run->err);
}

static bool succeeds(const struct run *run)
{
	return WIFEXITED(run->status) && WEXITSTATUS(run->status) == 0;
}

static void judge_end(const struct scene *scene, const struct run *run,
		      const struct fault *fault)
{
	if (run->hung)
		complain("it hangs; it says: %.200s", run->err);
	else if (WIFSIGNALED(run->status) && fault->error == EPIPE &&
		 WTERMSIG(run->status) == SIGPIPE)
		return;
	else if (WIFSIGNALED(run->status))
		complain("it dies of signal %d; it says: %.200s",
			 WTERMSIG(run->status), run->err);
	else if (!succeeds(run))
		judge_failure(scene, run, fault);
	else if (scene->same && *learned)
		judge_same(run, fault);
}

/* ---- what was started, and what was reported ---- */

static void note_seqs(const char *text, const char *event, unsigned *seqs)
{
	for (; (text = strstr(text, event)); text += strlen(event)) {
		const char *seq = strstr(text, "seq=");
		unsigned long n = seq ? strtoul(seq + 4, NULL, 10) : 0;

		if (n > 0 && n < SEQS)
			seqs[n]++;
	}
}

/* @param lines_lost some lines of starts or ends were not written, and that
 * was said */
static void judge_lines(const char *born, const char *ended, const char *also,
			bool lines_lost)
{
	unsigned begun[SEQS] = { 0 }, reported[SEQS] = { 0 };

	note_seqs(born, " started ", begun);
	note_seqs(ended, " retired ", reported);
	note_seqs(also, " retired ", reported);
	for (unsigned i = 0; i < SEQS; i++) {
		if (begun[i] > 1)
			complain("the start of %u is reported twice", i);
		if (reported[i] > 1)
			complain("the end of %u is reported twice", i);
		if (begun[i] && !reported[i] && !lines_lost)
			complain("the end of %u is never reported", i);
		if (reported[i] && !begun[i] && !lines_lost)
			complain("%u ended, and its start is not reported", i);
	}
}

/* ---- the queue ---- */

static void judge_answer(const struct answer *a, unsigned present)
{
	if (a->rc < 0)
		complain("the check fails: %s", procq_strerror(a->rc));
	else if (a->report.faults)
		complain("the check finds: %s", a->report.first);
	else if (a->stat.present != present)
		complain("%u in the queue, not %u", (unsigned)a->stat.present,
			 present);
	else if (a->stat.states[PROCQ_STATE_RESERVED])
		complain("a record stays reserved");
	else if (a->stat.states[PROCQ_STATE_GONE])
		complain("a record stays gone");
}

/* By a keeper that is there already. What is still on the move settles. */
static void check_queue(unsigned present)
{
	int64_t end = procq_now() + RUN_SECONDS * INT64_C(500000000);
	char before[sizeof(trouble)];
	struct answer a;

	memcpy(before, trouble, sizeof(before));
	do {
		memcpy(trouble, before, sizeof(before));
		if (!keeper_check(&a))
			return;
		judge_answer(&a, present);
	} while (strcmp(trouble, before) != 0 && procq_now() < end);
}

/* If there is one. */
static void judge_queue(unsigned present)
{
	struct answer a;

	if (!keeper_start(&a, 0))
		return;
	check_queue(present);
	keeper_end(true);
}

/* An object that could not be unlinked stays; but the next can do it. */
static void judge_object(const struct fault *fault)
{
	bool known = is_call(fault, "unlink");

	/* Without the lock it can't be removed, either. */
	if (fault->burst > 1 && is_call(fault, "fcntl(F_SETLK)"))
		known = true;

	/* An object without its lock file is never finished nor removed: the
	 * next creator does. */
	if (!PQ_USE_SHM_LOCKS && is_call(fault, "open"))
		known = true;
	if (!object_exists())
		return;
	if (!known)
		complain("the object is left over");
	helper_ends(START(PROCQ, ARG("remove"), ARG("--force")), 0);
	if (object_exists())
		complain("the object can't be removed");
}

/* ---- helpers ---- */

/* Two in the queue, and their producer waits until they are ended. */
static bool start_producer(void)
{
	producer = START(PRODUCER, ARG("-n2"), ARG("-c2"), ARG("-d0"),
			 ARG("--no-summary"));
	return helper_lines(producer, 2);
}

static bool start_consumer(void)
{
	consumer = START(CONSUMER, ARG("-d0"), ARG("--no-summary"));
	return true;
}

/* Takes what is left, if there is a queue. */
static void drain(char *text, size_t size)
{
	struct helper *h;

	*text = '\0';
	if (!object_exists())
		return;
	h = START(CONSUMER, ARG("-d0"), ARG("--no-summary"), ARG("--drain"),
		  ARG("--wait=3"));
	/* The queue may go away before it comes. */
	for (int i = 0; i < RUN_SECONDS * 100 && !h->ended; i++)
		stage_pause(10);
	stage_read(h->out, text, size);
	if (!h->ended || WIFSIGNALED(h->status) ||
	    (WEXITSTATUS(h->status) != 0 && WEXITSTATUS(h->status) != 124))
		helper_ends(h, 0);
}

/* A producer that is stopped ends its own. */
static void stop(struct helper *h)
{
	helper_signal(h, SIGTERM);
	helper_ends(h, -SIGTERM);
}

/* ---- producers ---- */

static bool nobody(void)
{
	return true;
}

/* Lines that could not be written; a command that can't be executed ends, but
 * was never reported as started. */
static bool lost_lines(const struct fault *fault)
{
	return is_call(fault, "write") || is_call(fault, "execve");
}

static bool after_producer(const struct run *run, const struct fault *fault)
{
	char reported[16384];

	if (succeeds(run) && !fault->inner && !lost_lines(fault) &&
	    count(run->out, " started ") != 3)
		complain("it succeeds, and has not reported 3");
	judge_queue(0);
	stop(consumer);
	stage_read(consumer->out, reported, sizeof(reported));
	judge_lines(run->out, reported, run->out, lost_lines(fault));
	return !*trouble;
}

/* Its lines are elsewhere. */
static bool after_silent(const struct run *run, const struct fault *fault)
{
	char reported[16384];

	(void)fault;
	judge_queue(0);
	stop(consumer);
	stage_read(consumer->out, reported, sizeof(reported));
	if (succeeds(run) && count(reported, " retired ") != 3)
		complain("it succeeds, and has not started 3");
	return !*trouble;
}

/* A process that can't be signalled dies with its producer, and its record
 * stays for a consumer. */
static bool after_killer(const struct run *run, const struct fault *fault)
{
	unsigned refused = count(run->err, "cannot signal process");
	char reported[16384];

	if (succeeds(run) && refused)
		complain("it succeeds, and could not signal %u", refused);
	if (succeeds(run) && count(run->out, " retired ") != 2 &&
	    !lost_lines(fault))
		complain("it succeeds, and has not reported 2 ends");
	judge_queue(refused);
	drain(reported, sizeof(reported));
	if (count(reported, " stale ") != refused ||
	    count(reported, " retired "))
		complain("%u can't be signalled, and it reported: %.200s",
			 refused, reported);
	if (!lost_lines(fault) && count(run->out, " retired ") + refused !=
				  count(run->out, " started "))
		complain("%u can't be signalled, and the ends of others are "
			 "not reported", refused);
	judge_lines(run->out, run->out, "", refused || lost_lines(fault));
	return !*trouble;
}

/* Those that are left live on, in the queue, each of them. */
__attribute__((__unused__))
static bool after_leaver(const struct run *run, const struct fault *fault)
{
	char reported[16384];

	if (succeeds(run))
		judge_queue(2);
	drain(reported, sizeof(reported));
	judge_lines(run->out, reported, run->out, lost_lines(fault));
	return !*trouble;
}

/* ---- consumers ---- */

static bool three_to_take(void)
{
	producer = START(PRODUCER, ARG("-n3"), ARG("-c2"), ARG("-d0"),
			 ARG("--no-summary"));
	return helper_lines(producer, 2);
}

static bool commands_to_take(void)
{
	producer = START(PRODUCER, ARG("-n3"), ARG("-c2"), ARG("-d0"),
			 ARG("--no-summary"), ARG("sleep"), ARG("1000"));
	return helper_lines(producer, 2);
}

static bool kept_three_to_take(void)
{
	struct answer a;

	return keeper_start(&a, 2) && three_to_take();
}

static bool after_consumer(const struct run *run, const struct fault *fault)
{
	char born[16384], reported[16384];

	if (succeeds(run) && !lost_lines(fault) &&
	    count(run->out, " retired ") != 3)
		complain("it succeeds, and has not reported 3");
	*reported = '\0';
	if (!succeeds(run))
		drain(reported, sizeof(reported));
	helper_ends(producer, 0);
	stage_read(producer->out, born, sizeof(born));
	judge_lines(born, run->out, reported, lost_lines(fault));
	return !*trouble;
}

static bool after_kept_consumer(const struct run *run,
				const struct fault *fault)
{
	after_consumer(run, fault);
	check_queue(0);
	keeper_end(true);
	return !*trouble;
}

/* Processes whose producer has left. */
__attribute__((__unused__))
static bool orphans_to_take(void)
{
	producer = START(PRODUCER, ARG("-n2"), ARG("-c2"), ARG("-d0"),
			 ARG("--no-summary"), ARG("--on-exit=leave"));
	return helper_ends(producer, 0);
}

__attribute__((__unused__))
static bool after_orphans(const struct run *run, const struct fault *fault)
{
	char born[16384], reported[16384];

	drain(reported, sizeof(reported));
	stage_read(producer->out, born, sizeof(born));
	judge_lines(born, run->out, reported, lost_lines(fault));
	return !*trouble;
}

/* ---- procq ---- */

static bool after_look(const struct run *run, const struct fault *fault)
{
	(void)run, (void)fault;
	judge_queue(2);
	stop(producer);
	return !*trouble;
}

/* Closed, or open, if it says so; and the processes stay. */
static void judge_closed(const struct run *run, unsigned want)
{
	struct answer a;

	if (!succeeds(run) || !keeper_start(&a, 0))
		return;
	if (keeper_check(&a) && a.stat.closed != want)
		complain("it succeeds, and the queue is %s",
			 want ? "open" : "closed");
	keeper_end(true);
}

static bool after_close(const struct run *run, const struct fault *fault)
{
	judge_closed(run, 1);
	return after_look(run, fault);
}

static bool after_open(const struct run *run, const struct fault *fault)
{
	judge_closed(run, 0);
	return after_look(run, fault);
}

static bool a_closed_one(void)
{
	return start_producer() &&
	       helper_ends(START(PROCQ, ARG("close")), 0);
}

/* A queue that others are emptying. */
static bool one_to_wait_for(void)
{
	return three_to_take() && start_consumer();
}

static bool after_wait(const struct run *run, const struct fault *fault)
{
	(void)run, (void)fault;
	helper_ends(producer, 0);
	stop(consumer);
	return !*trouble;
}

/* A producer is killed, and with it its processes. */
static bool a_dead_one(void)
{
	if (!start_producer())
		return false;
	helper_signal(producer, SIGKILL);
	return helper_ends(producer, -SIGKILL) && stage_alone();
}

static bool after_dead_one(const struct run *run, const struct fault *fault)
{
	char reported[16384];

	(void)run, (void)fault;
	judge_queue(2);
	drain(reported, sizeof(reported));
	if (count(reported, " stale ") != 2)
		complain("2 are dead, and it reported: %.200s", reported);
	return !*trouble;
}

/* An empty queue, which somebody dead has left. */
static bool an_empty_one(void)
{
	struct answer a;

	if (!keeper_start(&a, 2))
		return false;
	keeper_end(false);
	return true;
}

static bool after_remove(const struct run *run, const struct fault *fault)
{
	(void)fault;
	if (succeeds(run) && object_exists())
		complain("it succeeds, and the object is there");
	if (!succeeds(run) && object_exists())
		helper_ends(START(PROCQ, ARG("remove")), 0);
	return !*trouble;
}

static bool after_remove_kill(const struct run *run, const struct fault *fault)
{
	(void)fault;
	if (succeeds(run)) {
		helper_ends(producer, 0);
		return !*trouble;
	}
	helper_signal(producer, SIGTERM);
	for (int i = 0; i < RUN_SECONDS * 100 && !producer->ended; i++)
		stage_pause(10);
	/* All of its processes may be ended already. */
	if (!producer->ended || !WIFEXITED(producer->status) ||
	    WEXITSTATUS(producer->status) != 0)
		helper_ends(producer, -SIGTERM);
	return !*trouble;
}

/* ---- all of them ---- */

#define THREE "-n3", "-c2", "-d0"
#define TWO "-n2", "-c2", "-d0"

/* Without this, the child of a dead producer is signalled by nobody. */
#define CAN_IDENTIFY (PQ_USE_PIDFD && (PQ_USE_PIDFS || PQ_USE_STARTTIME))

const struct scene scenes[] = {
	{ .name = "producer", .program = PRODUCER, .args = { THREE },
	  .before = start_consumer, .after = after_producer },
	{ .name = "producer, fork", .program = PRODUCER,
	  .args = { THREE, "--spawn=fork", "--verbose" },
	  .before = start_consumer, .after = after_producer },
	{ .name = "producer of a command", .program = PRODUCER,
	  .args = { THREE, "sleep", "1000" },
	  .before = start_consumer, .after = after_producer },
	{ .name = "producer of a command, fork", .program = PRODUCER,
	  .args = { THREE, "--spawn=fork", "sleep", "1000" },
	  .before = start_consumer, .after = after_producer },
	{ .name = "producer, to a file", .program = PRODUCER,
	  .args = { THREE, "--format=tsv", "-o/dev/null" },
	  .before = start_consumer, .after = after_silent },
	{ .name = "producer that kills", .program = PRODUCER,
	  .args = { TWO, "--on-exit=kill" },
	  .before = nobody, .after = after_killer },
#if CAN_IDENTIFY
	{ .name = "producer that leaves", .program = PRODUCER,
	  .args = { TWO, "--on-exit=leave" },
	  .before = nobody, .after = after_leaver },
#endif
	{ .name = "processes", .program = PRODUCER, .args = { THREE },
	  .before = start_consumer, .after = after_producer, .inner = true },
	/* The waiter sleeps meanwhile. */
	{ .name = "processes, slowly", .program = PRODUCER,
	  .args = { "-n3", "-c2", "-d0.03" },
	  .before = start_consumer, .after = after_producer, .inner = true },
	{ .name = "processes, fork", .program = PRODUCER,
	  .args = { THREE, "--spawn=fork" },
	  .before = start_consumer, .after = after_producer, .inner = true },
	{ .name = "commands", .program = PRODUCER,
	  .args = { THREE, "sleep", "1000" },
	  .before = start_consumer, .after = after_producer, .inner = true },
	{ .name = "commands, fork", .program = PRODUCER,
	  .args = { THREE, "--spawn=fork", "sleep", "1000" },
	  .before = start_consumer, .after = after_producer, .inner = true },
	{ .name = "consumer", .program = CONSUMER,
	  .args = { "-n3", "-d0", "--wait=1" },
	  .before = kept_three_to_take, .after = after_kept_consumer },
	{ .name = "consumer that leaves last", .program = CONSUMER,
	  .args = { "-d0", "--drain", "--verbose", "--wait=1" },
	  .before = three_to_take, .after = after_consumer },
	{ .name = "consumer of commands", .program = CONSUMER,
	  .args = { "-d0", "--drain", "--verbose", "--wait=1" },
	  .before = commands_to_take, .after = after_consumer },
#if CAN_IDENTIFY
	{ .name = "consumer of orphans", .program = CONSUMER,
	  .args = { "-d0", "--drain", "--wait=1" },
	  .before = orphans_to_take, .after = after_orphans },
#endif
	{ .name = "procq list", .program = PROCQ, .args = { "list" },
	  .before = start_producer, .after = after_look, .same = true,
	  .rows = true },
	{ .name = "procq show", .program = PROCQ, .args = { "show" },
	  .before = start_producer, .after = after_look, .same = true },
	{ .name = "procq stat", .program = PROCQ, .args = { "stat" },
	  .before = start_producer, .after = after_look, .same = true },
	{ .name = "procq check", .program = PROCQ, .args = { "check" },
	  .before = start_producer, .after = after_look, .same = true },
	{ .name = "procq check, after a dead one", .program = PROCQ,
	  .args = { "check" }, .before = a_dead_one,
	  .after = after_dead_one, .same = true },
	{ .name = "procq close", .program = PROCQ,
	  .args = { "close", "--verbose" },
	  .before = start_producer, .after = after_close, .same = true },
	{ .name = "procq open", .program = PROCQ,
	  .args = { "open", "--verbose" },
	  .before = a_closed_one, .after = after_open, .same = true },
	{ .name = "procq wait", .program = PROCQ,
	  .args = { "wait", "--empty", "--wait=5" },
	  .before = one_to_wait_for, .after = after_wait, .same = true },
	{ .name = "procq remove", .program = PROCQ, .args = { "remove" },
	  .before = an_empty_one, .after = after_remove, .same = true },
	{ .name = "procq remove --kill", .program = PROCQ,
	  .args = { "remove", "--kill" },
	  .before = start_producer, .after = after_remove_kill, .same = true },
	{ .name = NULL },
};

static bool play(const struct scene *scene, const struct fault *fault,
		 struct run *run)
{
	char *args[20] = { ARG(programs[scene->program]) };

	for (size_t i = 0; scene->args[i]; i++)
		args[i + 1] = ARG(scene->args[i]);
	if (!scene->before())
		return false;
	run_traced(run, args, fault);
	if (scene->rows)
		keep_ours(run->out);
	judge_end(scene, run, fault);
	scene->after(run, fault);
	if (stage_alone())
		judge_object(fault);
	return !*trouble;
}

bool scene_run(const struct scene *scene, const struct fault *fault,
	       struct run *run)
{
	bool good;

	*trouble = '\0';
	producer = consumer = NULL;
	memset(run, 0, sizeof(*run));
	good = play(scene, fault, run);
	stage_clear();
	return good;
}

bool scene_learn(const struct scene *scene, struct run *run)
{
	static const struct fault none = { .call = NO_CALL };
	struct fault fault = none;

	fault.inner = scene->inner;
	*learned = '\0';
	if (!scene_run(scene, &fault, run))
		return false;
	level(run->out, learned, sizeof(learned));
	if (!succeeds(run))
		complain("it ends with status %#x when nothing fails: %.200s",
			 (unsigned)run->status, run->err);
	return !*trouble;
}
