/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * party.c - see party.h. Must signal nothing but what runs on its own host,
 * where it is process 1.
 */
#include <config.h>

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "procq.h"

#include "../storm/chance.h"

#include "host.h"
#include "mix.h"
#include "party.h"

enum { PRODUCERS = 2, CONSUMER = PRODUCERS, PARTIES };
#define FAREWELL (60 * S)

struct party {
	pid_t pid;		/* 0: none */
	int64_t since, again;	/* it runs since; is started anew at */
	int64_t stopped;	/* until; 0: it is not */
};

static unsigned self;
static char queue[64], socket_path[200], life_text[16], host_text[16];
static struct party parties[PARTIES];
static struct party helper;	/* only its pause */
static bool policy_end;
static pid_t limiting;		/* procq limit, while it runs; 0: it does not */

/* ---- what runs here ---- */

static void execute(const char *const *argv)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/host%u.err", course.shared, self);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
	dup2(fd, STDERR_FILENO);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	snprintf(path, sizeof(path), "%s/%s", course.folder, argv[0]);
	/* NOLINTNEXTLINE: execv() changes no argument */
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(126);
}

static void execute_party(size_t which)
{
	char url[256];
	const char *produce[] = {
		"producer", "-c", "12", "-d", "0-0.1", url, "--fleet-insecure",
		"--quiet", "--no-summary", "--", course.worker, socket_path,
		host_text, life_text, course.red ? "20000" : "3000", NULL };
	const char *consume[] = {
		"consumer", "-d", "0-0.2", "-k", "1", url, "--fleet-insecure",
		"--quiet", "--no-summary", NULL };

	snprintf(url, sizeof(url), "--fleet=%s", course.url);
	execute(which == CONSUMER ? consume : produce);
}

static void start(size_t which)
{
	struct party *p = &parties[which];
	pid_t pid = fork();

	if (pid == 0)
		execute_party(which);
	p->pid = pid > 0 ? pid : 0;
	p->since = procq_now();
	p->again = pid > 0 ? 0 : p->since + 100 * MS;
	p->stopped = 0;
}

static void reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		if (pid == limiting)
			limiting = 0;
		for (size_t i = 0; i < PARTIES; i++) {
			if (parties[i].pid != pid)
				continue;
			parties[i].pid = 0;
			parties[i].again = procq_now() +
					   (int64_t)draw(600) * MS;
		}
	}
}

/* The helper: whoever is called that, and is not only a check. */
static pid_t find_helper(void)
{
	DIR *dir = opendir("/proc");
	const struct dirent *d;
	pid_t found = 0;

	while (dir && !found && (d = readdir(dir))) {
		char path[300], text[600] = "";
		FILE *f;
		size_t n;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", d->d_name);
		if (!isdigit((unsigned char)d->d_name[0]) ||
		    !(f = fopen(path, "r")))
			continue;
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		if (strcmp(text, "helper") != 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (text[i] == '\0')
				text[i] = ' ';
		if (!strstr(text, "--check"))
			found = (pid_t)atoi(d->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool send_to(pid_t pid, int sig)
{
	return pid > 1 && kill(pid, sig) == 0;
}

/* ---- faults ---- */

/* With 'end', somebody must be there to end what has run out: so much is
 * asked of a site, too. Is somebody, without this one? */
static bool is_guarded(size_t but)
{
	bool stopped = false, guard = false;

	if (!policy_end)
		return true;
	for (size_t i = 0; i < PARTIES; i++) {
		const struct party *p = &parties[i];

		if (i == but)
			continue;
		stopped = stopped || p->stopped > 0;
		guard = guard || (p->pid > 0 && p->stopped == 0 &&
				  procq_now() - p->since > S);
	}
	return guard;
}

static bool none_stopped(void)
{
	for (size_t i = 0; i < PARTIES; i++)
		if (parties[i].stopped > 0)
			return false;
	return true;
}

static bool kill_party(size_t which)
{
	struct party *p = &parties[which];

	return p->pid > 0 && (none_stopped() || is_guarded(which)) &&
	       send_to(p->pid, SIGKILL);
}

static bool kill_all(void)
{
	size_t n = 0;

	if (policy_end && !none_stopped())
		return false;
	for (size_t i = 0; i < PARTIES; i++)
		n += send_to(parties[i].pid, SIGKILL);
	n += send_to(find_helper(), SIGKILL);
	return n > 0;
}

static bool stop(struct party *p, pid_t pid, int64_t duration)
{
	if (p->stopped > 0 || !send_to(pid, SIGSTOP))
		return false;
	p->pid = pid;
	p->stopped = procq_now() + duration;
	return true;
}

static bool stop_one(void)
{
	size_t which = (size_t)draw(PARTIES + 2);
	int64_t duration = (int64_t)(200 + draw(5800)) * MS;

	if (which >= PARTIES)
		return stop(&helper, find_helper(), duration);
	return parties[which].pid > 0 && is_guarded(which) &&
	       stop(&parties[which], parties[which].pid, duration);
}

/* A control: nobody is left to end anything. */
static bool freeze(void)
{
	int64_t duration = (int64_t)course.lease * 2 * S;
	bool good = none_stopped();

	for (size_t i = 0; i < PARTIES; i++)
		good = good && parties[i].pid > 0;
	if (!good)
		return false;
	stop(&helper, find_helper(), duration);
	for (size_t i = 0; i < PARTIES; i++)
		stop(&parties[i], parties[i].pid, duration);
	return true;
}

static void go_on(struct party *p, bool at_once)
{
	if (p->stopped == 0 || (!at_once && p->stopped > procq_now()))
		return;
	send_to(p->pid, SIGCONT);
	p->stopped = 0;
}

static void go_on_all(bool at_once)
{
	go_on(&helper, at_once);
	for (size_t i = 0; i < PARTIES; i++)
		go_on(&parties[i], at_once);
}

static bool disturb(enum kind kind)
{
	switch (kind) {
	case KIND_HELPER:
		return send_to(find_helper(), SIGKILL);
	case KIND_PRODUCER:
		return kill_party((size_t)draw(PRODUCERS));
	case KIND_CONSUMER:
		return kill_party(CONSUMER);
	case KIND_PARTIES:
		return kill_all();
	case KIND_STOP:
		return stop_one();
	default:
		return freeze();
	}
}

static void fault(void)
{
	static const struct chance mix[] = {
		{ KIND_HELPER, 35 }, { KIND_PRODUCER, 55 },
		{ KIND_CONSUMER, 75 }, { KIND_PARTIES, 80 },
		{ KIND_STOP, 100 },
	};
	size_t i = pick(mix, sizeof(mix) / sizeof(*mix));

	/* A control disturbs one host, and only that. And a queue that is empty
	 * must have a participant, or procq limit removes it as it leaves: all
	 * is well, but what had been counted there is gone. */
	if (limiting > 0 || (course.red && self > 0))
		return;
	if (is_wanted(mix[i].kind) && disturb(mix[i].kind))
		sky->faults[mix[i].kind]++;
	if (is_wanted(KIND_FREEZE) && freeze())
		sky->faults[KIND_FREEZE]++;
}

/* What is wanted here changes: so requests that are late say something else
 * than those of now. */
static void demand(unsigned limit)
{
	char number[16];
	const char *const argv[] = { "procq", "limit", queue, number, NULL };

	snprintf(number, sizeof(number), "%u", limit);
	limiting = fork();
	if (limiting == 0)
		execute(argv);
}

/* What the driver asks of the host that a control disturbs. */
static void obey(void)
{
	static unsigned last;

	if (self > 0)
		return;
	if (sky->demand != last) {
		last = sky->demand;
		demand(last);
	}
	if (sky->slay && send_to(find_helper(), SIGKILL)) {
		sky->faults[KIND_HELPER]++;
		sky->slay = false;
	}
}

/* ---- the end ---- */

/* The beginning of what a command says. @return its exit status */
static int ask(char *text, int size, const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4)));
static int ask(char *text, int size, const char *format, ...)
{
	char command[1200];
	va_list args;
	FILE *f;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	f = popen(command, "r");
	*text = '\0';
	if (!f)
		return -1;
	text[fread(text, 1, (size_t)size - 1, f)] = '\0';
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	return pclose(f);
}

static bool await_end(size_t from, size_t to)
{
	int64_t end = procq_now() + FAREWELL;
	bool some = true;

	while (some && procq_now() < end) {
		reap();
		some = false;
		for (size_t i = from; i < to; i++)
			some = some || parties[i].pid > 0;
		nap(5 * MS);
	}
	return !some;
}

static void inspect(struct farewell *w)
{
	unsigned long long started = 0, present = 1, good = 0;
	int64_t end = procq_now() + FAREWELL;
	char text[120];

	signal(SIGCHLD, SIG_DFL);
	if (ask(text, sizeof(text), "%s/procq check %s 2>&1", course.folder,
		queue) != 0)
		snprintf(w->trouble, sizeof(w->trouble), "check: %s", text);
	/* What has exited, the consumer has yet to collect. */
	do
		ask(text, sizeof(text), "%s/procq stat --raw --noheadings "
		    "--output STARTED,PRESENT,ADDS_UP,RECORDS_QUEUED,"
		    "RECORDS_TAKEN,RECORDS_EXITED %s 2>&1", course.folder,
		    queue);
	while ((sscanf(text, "%llu %llu %llu", &started, &present, &good) !=
			3 || present != 0) && procq_now() < end);
	if (present != 0 || good != 1)
		snprintf(w->trouble, sizeof(w->trouble), "stat: %s", text);
	w->started = started;
}

static _Noreturn void say_farewell(void)
{
	struct farewell *w = &sky->farewell[self];
	char text[120] = "";
	int64_t end;

	go_on_all(true);
	end = procq_now() + FAREWELL;
	while (procq_now() < end && strncmp(text, "1", 1) != 0)
		ask(text, sizeof(text), "%s/procq stat --raw --noheadings "
		    "--output CONSUMERS %s 2>&1", course.folder, queue);
	/* Without a helper at the end, what is granted stays charged until the
	 * queue is used again; and producers start one not at once, if others
	 * have ended soon. */
	while (procq_now() < end && find_helper() <= 0)
		nap(20 * MS);
	for (size_t i = 0; i < PRODUCERS; i++)
		send_to(parties[i].pid, SIGTERM);
	if (!await_end(0, PRODUCERS))
		snprintf(w->trouble, sizeof(w->trouble),
			 "a producer does not end");
	/* The consumer keeps the queue until it is looked at. */
	inspect(w);
	send_to(parties[CONSUMER].pid, SIGTERM);
	if (!await_end(CONSUMER, PARTIES))
		snprintf(w->trouble, sizeof(w->trouble),
			 "the consumer does not end");
	end = procq_now() + FAREWELL;
	while (find_helper() > 0 && procq_now() < end) {
		reap();
		nap(20 * MS);
	}
	if (find_helper() > 0 && !w->trouble[0]) {
		ask(text, sizeof(text), "%s/procq stat --raw --noheadings "
		    "--output PRESENT,PRODUCERS,CONSUMERS,KEEPERS,DEAD,"
		    "RECORDS_RESERVED,RECORDS_GONE,GRANTED %s 2>&1",
		    course.folder, queue);
		snprintf(w->trouble, sizeof(w->trouble),
			 "the helper does not end: %s", text);
	}
	w->said = true;
	_exit(0);
}

/* ---- the first process ---- */

/* Is the consumer surely a participant? */
static bool is_joined(void)
{
	const struct party *p = &parties[CONSUMER];

	return p->pid > 0 && procq_now() - p->since > 3 * S;
}

static void weather(int64_t now)
{
	static int64_t next, changes;

	if (now >= next) {
		if (next > 0)
			fault();
		next = now + (int64_t)(1 + draw(2 * course.pause)) * MS;
	}
	if (now >= changes && !course.red) {
		if (changes > 0 && limiting <= 0 && is_joined())
			demand((unsigned)(1 + draw(12)));
		changes = now + (int64_t)(500 + draw(4000)) * MS;
	}
}

static _Noreturn void live(void)
{
	int64_t now;

	for (;;) {
		now = procq_now();
		reap();
		if (sky->phase == PHASE_END)
			break;
		go_on_all(sky->phase != PHASE_STORM);
		for (size_t i = 0; i < PARTIES; i++)
			if (parties[i].pid == 0 && parties[i].again <= now)
				start(i);
		obey();
		if (sky->phase == PHASE_STORM)
			weather(now);
		nap(8 * MS);
	}
	/* Somebody has to keep the queue. */
	if (parties[CONSUMER].pid == 0)
		start(CONSUMER);
	say_farewell();
}

void party_life(unsigned host)
{
	self = host;
	chance_begin(course.seed * 1000 + self * 100 + sky->life[self]);
	policy_end = strcmp(course.policy, "end") == 0 &&
		     !is_wanted(KIND_FREEZE);
	host_queue(self, queue);
	snprintf(socket_path, sizeof(socket_path), "%s/oracle", course.shared);
	snprintf(host_text, sizeof(host_text), "%u", self);
	snprintf(life_text, sizeof(life_text), "%u", sky->life[self]);
	setenv("PROCQ_QUEUE", queue, 1);
	setenv("PROCQ_BINDIR", course.folder, 1);
	live();
}
