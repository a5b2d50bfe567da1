/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chaos.c - producers, consumers and queued processes killed and stopped at
 * random, in one object, with an oracle outside of it.
 *
 * Afterwards the books of the object balance, and agree with the oracle's;
 * nothing in it needs repair; and neither a lock, a descriptor nor a
 * process is left.
 *
 * The choices follow from the seed; what the machine makes of them does not.
 * With hosts, each second producer is in a program that knows nothing of the
 * library: it forks, and closes whatever descriptors are open, so that others
 * take it for dead; it notices, and joins again beside the processes that it
 * still has. With users, each second consumer is another user, whose signals are
 * the parents' to send.
 *
 * To be run as the first process of a PID namespace: it waits for whatever is
 * orphaned, and at the end nobody else may be there. With bystanders, pids
 * should come round fast (kernel.pid_max): strangers are born and die all the
 * time, and none of them may get a signal.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "identity.h"
#include "procq.h"

#include "../kit/harness.h"
#include "../kit/tap.h"
#include "chance.h"
#include "alone.h"

/* Where nothing proves that an orphan is still the same process, nobody ends
 * the one that may outlive its producer. A start time does, but for those that
 * were started right before it was killed. */
static bool provable;

#ifndef PQ_USE_SHM_LOCKS
# define PQ_USE_SHM_LOCKS 0
#endif

#define WORKERS_MAX 64
#define TOLD_MAX (1u << 24)
/* Lock bytes begin here, with that of the creator. */
#define LOCK_BASE (INT64_C(1) << 40)
#define LOCK_END (LOCK_BASE + (INT64_C(1) << 48))
#define NOBODY 65534

/* Shared by all, and by nothing that is tested. */
static struct gate {
	atomic_bool stop;		/* workers leave */
	atomic_bool no_more;		/* no bystander is born any more */
	_Atomic uint64_t begun;		/* processes that producers started */
	_Atomic uint64_t lost;		/* hosts lost their lock bytes */
	_Atomic uint64_t adrift;	/* … and were about to start so many */
	_Atomic uint64_t forks;		/* of hosts */
	_Atomic uint64_t refused;	/* signals to processes of others */
	_Atomic uint64_t errors;	/* answers that no worker expects */
	_Atomic int first_error;
	_Atomic uint64_t touched;	/* bystanders that got a signal */
	_Atomic uint64_t passed;	/* bystanders that lived and died */
	_Atomic uint64_t born;
	_Atomic uint8_t reported[TOLD_MAX];	/* by seq: how often */
} *gate;

struct worker {
	pid_t pid;			/* 0: none */
	bool producer;
	bool odd;			/* in a host; or another user */
	int64_t stopped_until;		/* 0: it runs */
};

static struct worker workers[WORKERS_MAX];
static struct {
	size_t kills, processes, workers, capacity, bystanders, seed, seconds;
	bool hosts, users;
} options = { .kills = 300, .processes = 10000, .capacity = 64, .seed = 1,
	      .seconds = 900 };
/* From these. */
static uint64_t limit_kills, limit_processes;
static int worker_count, bystander_count;
static uint32_t capacity;
static char queue[64];

static uint64_t kills, stops, child_kills, child_stops, orphans;
/* Of the killed: producers; and how many of their processes may not yet have
 * entered themselves then. */
static uint64_t producer_kills, unentered;
static int64_t quiet_until;		/* no consumer runs until then */
static struct procq_process *seen;	/* room for all */

static void unexpected(int rc)
{
	int none = 0;

	atomic_fetch_add(&gate->errors, 1);
	atomic_compare_exchange_strong(&gate->first_error, &none, rc);
}

/* ---- workers ---- */

static struct procq *volatile to_wake;
static bool astray;		/* its lock byte is gone */

static void on_child(int signo)
{
	(void)signo;
	if (to_wake)
		procq_wake(to_wake);
}

static struct procq *join(uint32_t role)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	int rc;

	o.role = role;
	o.capacity = capacity;
	o.flags = PROCQ_OPEN_REAP_ALL;
	o.mode = options.users ? 0666 : 0600;
	rc = procq_open(&q, queue, &o);
	if (rc < 0) {
		unexpected(rc);
		return NULL;
	}
	return q;
}

/* How many have been started, and not yet entered themselves? */
static uint64_t not_entered(const struct procq *look)
{
	struct procq_stat s;

	procq_stat(look, &s);
	return s.states[PROCQ_STATE_RESERVED];
}

static void start_some(struct procq *q)
{
	static const char *const brief[] = { "true", NULL };
	struct procq_command command = PROCQ_COMMAND_INIT;
	int rc;

	for (int i = 0; i < 16; i++) {
		/* Now and then one that exits on its own. */
		command.argv = draw(32) ? NULL : brief;
		command.method =
			draw(4) ? PROCQ_METHOD_AUTO : PROCQ_METHOD_FORK;
		command.flags = !provable || draw(8) ? 0 : PROCQ_SPAWN_KEEP;
		rc = procq_spawn(q, &command, NULL);
		if (rc == 0) {
			atomic_fetch_add(&gate->begun, 1);
			/* Others may have swept it already. */
			if (astray)
				atomic_fetch_add(&gate->adrift, 1);
			continue;
		}
		/* A namespace with few pids may run out of them. */
		if (rc != -EAGAIN && rc != -EUSERS && !astray)
			unexpected(rc);
		procq_wait(q, PROCQ_WAIT_ROOM | PROCQ_WAIT_CHILD,
			   procq_now() + 20 * MS);
		return;
	}
}

/* What a program does that does not know what it has in it. */
static void meddle(struct procq *q)
{
	if (draw(8) == 0) {
		pid_t pid = fork();

		if (pid == 0) {
			to_wake = NULL;
			nap((int64_t)draw(3) * MS);
			procq_close(q);
			_exit(0);
		}
		atomic_fetch_add(&gate->forks, pid > 0);
	}
	if (!astray && draw(100) == 0) {
		/* Until it notices, each one that it starts may find its
		 * reservation gone. Noted first: it may be killed. */
		atomic_fetch_add(&gate->adrift, not_entered(q));
		atomic_fetch_add(&gate->lost, 1);
		for (int fd = 3; fd < 256; fd++)
			close(fd);
		astray = true;
	}
}

/* Has others' word of its death come to it? Then it joins again. */
static struct procq *come_back(struct procq *q)
{
	if (procq_wait(q, PROCQ_WAIT_EXITS, procq_now() + MS) != -ESTALE)
		return q;
	to_wake = NULL;
	procq_close(q);
	astray = false;
	q = join(PROCQ_ROLE_PRODUCER);
	to_wake = q;
	return q;
}

static void produce(bool in_host)
{
	struct procq *q = join(PROCQ_ROLE_PRODUCER);

	to_wake = q;
	if (!q)
		return;
	signal(SIGCHLD, on_child);
	while (q && !atomic_load(&gate->stop)) {
		start_some(q);
		procq_reap(q);
		if (in_host)
			meddle(q);
		if (astray)
			q = come_back(q);
	}
	procq_close(q);
}

static void note_death(const struct procq_event *e)
{
	if (e->process.seq >= TOLD_MAX || e->process.seq == 0)
		unexpected(-ERANGE);
	else
		atomic_fetch_add(&gate->reported[e->process.seq], 1);
}

static void consume_some(struct procq *q)
{
	struct procq_process p;
	struct procq_event e;
	int rc = 0;

	for (int i = 0; i < 16 && rc == 0; i++) {
		rc = procq_take(q, NULL, &p);
		if (rc == 0) {
			int signo = draw(2) ? SIGTERM : SIGKILL;
			int sent = procq_signal(q, p.slot, signo, 0);

			/* It may be stopped. */
			if (sent >= 0 && signo == SIGTERM)
				procq_signal(q, p.slot, SIGCONT, 0);
			if (sent == -EACCES && options.users) {
				atomic_fetch_add(&gate->refused, 1);
				procq_give_back(q, p.slot);
				break;
			}
			/* Without pins nobody can prove an orphan. */
			if (sent < 0 && sent != -ESRCH && sent != -ENOTSUP)
				unexpected(sent);
		} else if (rc != -EAGAIN) {
			unexpected(rc);
		}
	}
	while (procq_collect(q, &e) > 0)
		note_death(&e);
	if (rc != 0)
		procq_wait(q, PROCQ_WAIT_READY | PROCQ_WAIT_DEATH,
			   procq_now() + 20 * MS);
}

static void consume(bool as_other)
{
	struct procq *q;

	if (as_other && (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			 setresuid(NOBODY, NOBODY, NOBODY) < 0))
		unexpected(-errno);
	q = join(PROCQ_ROLE_CONSUMER);

	if (!q)
		return;
	while (!atomic_load(&gate->stop))
		consume_some(q);
	procq_close(q);
}

static void start_worker(struct worker *w)
{
	uint64_t chance = draw(UINT32_MAX) + 1;
	pid_t pid = fork();

	if (pid < 0)
		return;		/* no pid to spare: the next round */
	if (pid > 0) {
		w->pid = pid;
		w->stopped_until = 0;
		return;
	}
	state = chance;
	if (w->producer)
		produce(w->odd);
	else
		consume(w->odd);
	_exit(0);
}

/* ---- bystanders ---- */

static void on_touch(int signo)
{
	(void)signo;
	atomic_fetch_add(&gate->touched, 1);
}

static _Noreturn void stand_by(void)
{
	static const int signals[] = {
		SIGHUP, SIGINT, SIGTERM, SIGCONT, SIGUSR1, SIGUSR2,
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], on_touch);
	nap((int64_t)draw(5) * MS);
	_exit(0);
}

/* Bears bystanders as long as it may, so many at a time. */
static _Noreturn void nursery(void)
{
	int alive = 0, status;

	for (;;) {
		if (atomic_load(&gate->no_more) && alive == 0)
			_exit(0);
		if (alive < bystander_count && !atomic_load(&gate->no_more)) {
			uint64_t chance = draw(UINT32_MAX) + 1;
			pid_t pid = fork();

			if (pid == 0) {
				state = chance;
				stand_by();
			}
			alive += pid > 0;
			if (pid > 0) {
				atomic_fetch_add(&gate->born, 1);
				continue;
			}
		}
		if (waitpid(-1, &status, 0) <= 0) {
			nap(MS);
			continue;
		}
		alive--;
		atomic_fetch_add(&gate->passed, 1);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			atomic_fetch_add(&gate->touched, 1);
	}
}

/* ---- the driver ---- */

/* A worker that nobody killed has ended. */
static void fallen(const struct worker *w, int status)
{
	unexpected(-ECHILD);
	note("%s %ld ended with status %#x",
	     w->producer ? "producer" : "consumer", (long)w->pid,
	     (unsigned)status);
}

/* Wait for all that died. A worker that was not killed has failed. */
static void reap(const struct worker *killed)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		bool known = false;

		for (int i = 0; i < worker_count; i++) {
			struct worker *w = &workers[i];

			if (w->pid != pid)
				continue;
			known = true;
			if (w != killed && !(WIFSIGNALED(status) &&
					     WTERMSIG(status) == SIGKILL))
				fallen(w, status);
			w->pid = 0;
		}
		orphans += !known;
	}
}

/* A producer is stopped first, wherever it is, so that what it had begun can
 * be counted. */
static void kill_worker(struct worker *w, const struct procq *look)
{
	int status;

	if (w->pid <= 1)
		return;
	if (w->producer) {
		kill(w->pid, SIGSTOP);
		if (waitpid(w->pid, &status, WUNTRACED) == w->pid &&
		    !WIFSTOPPED(status)) {
			fallen(w, status);
			w->pid = 0;
			return;
		}
		unentered += not_entered(look);
		producer_kills++;
	}
	kill(w->pid, SIGKILL);
	if (waitpid(w->pid, &status, 0) == w->pid)
		w->pid = 0;
	kills++;
}

static void stop_worker(struct worker *w, int64_t now)
{
	if (w->pid <= 1 || w->stopped_until)
		return;
	kill(w->pid, SIGSTOP);
	w->stopped_until = now + (int64_t)(1 + draw(40)) * MS;
	stops++;
}

/* For a while nobody takes anything: what is queued gets old, and can die
 * before it is taken. */
static void be_quiet(int64_t now)
{
	quiet_until = now + (int64_t)(20 + draw(40)) * MS;
	for (int i = 0; i < worker_count; i++) {
		if (workers[i].producer || workers[i].pid <= 1)
			continue;
		if (!workers[i].stopped_until)
			kill(workers[i].pid, SIGSTOP);
		workers[i].stopped_until = quiet_until;
		stops++;
	}
}

static bool is_idle_process(pid_t pid)
{
	char path[64], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	fclose(f);
	return strcmp(comm, "procq-idle\n") == 0;
}

/* A signal to a queued process, any of them, through a pin: the driver is no
 * better than procq. */
static bool hit_queued(const struct procq *look, int signo)
{
	bool hit = false;
#if defined SYS_pidfd_open && defined SYS_pidfd_send_signal
	int n = procq_snapshot(look, seen, capacity), pin;
	pid_t pid;

	if (n <= 0)
		return false;
	pid = seen[draw((uint64_t)(n < (int)capacity ? n
						     : (int)capacity))].pid;
	if (pid <= 1)
		return false;
	pin = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pin < 0)
		return false;
	hit = is_idle_process(pid) &&
	      syscall(SYS_pidfd_send_signal, pin, signo, NULL, 0) == 0;
	close(pin);
#else
	(void)look;
	(void)signo;
#endif
	return hit;
}

static void harm_worker(const struct procq *look, int64_t now)
{
	struct worker *w = &workers[draw((uint64_t)worker_count)];
	/* In step with the processes: the kills are to last as long. */
	bool due = kills < limit_kills && kills * limit_processes <=
		   atomic_load(&gate->begun) * limit_kills;

	if (draw(3) == 0)
		stop_worker(w, now);
	else if (due)
		kill_worker(w, look);
}

static void do_harm(const struct procq *look, int64_t now)
{
	if (draw(4))
		harm_worker(look, now);
	else if (draw(4))
		child_kills += hit_queued(look, SIGKILL);
	else
		child_stops += hit_queued(look, SIGSTOP);
	if (now >= quiet_until && draw(40) == 0)
		be_quiet(now);
	if (now < quiet_until)
		for (int i = 0; i < 4; i++)
			child_kills += hit_queued(look, SIGKILL);
}

static void tend(int64_t now)
{
	for (int i = 0; i < worker_count; i++) {
		struct worker *w = &workers[i];

		if (w->pid && w->stopped_until && now >= w->stopped_until) {
			kill(w->pid, SIGCONT);
			w->stopped_until = 0;
		}
		if (!w->pid && (w->producer || now >= quiet_until))
			start_worker(w);
	}
}

static void storm(const struct procq *look)
{
	int64_t now = procq_now(), end = now + (int64_t)options.seconds * S;

	while ((kills < limit_kills ||
		atomic_load(&gate->begun) < limit_processes) && now < end) {
		tend(now);
		do_harm(look, now);
		reap(NULL);
		nap((int64_t)draw(4) * MS);
		now = procq_now();
	}
	for (int i = 0; i < worker_count; i++)
		kill_worker(&workers[i], look);
	reap(NULL);
}

/* ---- afterwards ---- */

static void reap_orphans(void)
{
	reap(NULL);
}

static int others_alive(pid_t but)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int n = 0;

	while (dir && (d = readdir(dir))) {
		long pid = atol(d->d_name);

		n += pid > 1 && pid != but;
	}
	if (dir)
		closedir(dir);
	return n;
}

static void object_names(char *object, char *lock, size_t size)
{
	if (procq_object_name(queue, object) < 0)
		exit(99);
	snprintf(lock, size, "/tmp/procq-lock.%s", object + 1);
}

/* All lock bytes that are held. Asked by a child: one doesn't see one's own,
 * and would lose them with the descriptor. */
static int locks_held(void)
{
	char object[PROCQ_NAME_SIZE], lock[PROCQ_NAME_SIZE + 32];
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
		int64_t n;

		object_names(object, lock, sizeof(lock));
		fd = PQ_USE_SHM_LOCKS ? shm_open(object, O_RDONLY, 0)
				      : open(lock, O_RDWR);
		n = fd < 0 ? 99 : bytes_held(fd, LOCK_BASE, LOCK_END);
		_exit(n >= 0 && n < 99 ? (int)n : 99);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* @param mended something may be amiss: somebody was killed */
static void check_books(struct procq *q, const char *when, bool mended)
{
	struct procq_report report;
	struct procq_stat s;

	ok(procq_check(q, &report) == 0, "%s: it can be checked", when);
	if (!ok(report.faults == 0, "%s: no fault", when))
		note("%s", report.first);
	if (!mended && !ok(report.swept + report.returned + report.freed +
			   report.hints == 0, "%s: nothing needs repair",
			   when))
		note("%" PRIu64 " hints, %" PRIu64 " records, %" PRIu64
		     " participants", report.hints,
		     report.returned + report.freed, report.swept);
	procq_stat(q, &s);
	is_int(locks_held(), s.producers + s.consumers + s.keepers,
	       "a lock byte for each participant, and no other");
	ok(s.dead == 0, "%s: nobody dead is left in it", when);
	if (!ok(s.started == s.retired + s.exited + s.lost + s.present,
		"%s: the books balance", when))
		note("started %" PRIu64 ", retired %" PRIu64 ", exited %"
		     PRIu64 ", lost %" PRIu64 ", present %" PRIu64, s.started,
		     s.retired, s.exited, s.lost, s.present);
}

static void check_empty(struct procq *q)
{
	struct procq_stat s;
	uint64_t reported = 0, twice = 0, begun = atomic_load(&gate->begun);

	procq_stat(q, &s);
	is_int((int64_t)s.states[PROCQ_STATE_FREE], capacity,
	       "every record is free");
	for (uint32_t i = 0; i < TOLD_MAX; i++) {
		uint8_t n = atomic_load(&gate->reported[i]);

		reported += n > 0;
		twice += n > 1;
	}
	is_int((int64_t)twice, 0, "no process was reported twice");
	ok(reported <= s.started, "no more were reported than there were");
	/* A consumer killed between its look at a death and the report
	 * takes one along. */
	ok(s.started - reported <= kills,
	   "each death is reported, but for one a kill");
	ok(s.exited > 0, "some exited on their own");
	ok(s.started <= begun + producer_kills,
	   "each process was begun, but for one a killed producer");
	ok(begun <= s.started + unentered + atomic_load(&gate->adrift),
	   "all that were begun are there, but for those of killed producers");
	note("started %" PRIu64 ": retired %" PRIu64 ", exited %" PRIu64
	     ", lost %" PRIu64 "; reported %" PRIu64 "; handed back %" PRIu64,
	     s.started, s.retired, s.exited, s.lost, reported, s.returned);
	note("begun %" PRIu64 "; of killed producers, not yet entered: up to %"
	     PRIu64, begun, unentered);
	if (options.hosts)
		note("hosts: %" PRIu64 " lost their locks, with up to %" PRIu64
		     " processes not yet entered; forks: %" PRIu64,
		     atomic_load(&gate->lost), atomic_load(&gate->adrift),
		     atomic_load(&gate->forks));
	if (options.users)
		note("refused signals: %" PRIu64, atomic_load(&gate->refused));
	note("killed: %" PRIu64 " participants, %" PRIu64
	     " queued processes; stopped: %" PRIu64 ", %" PRIu64
	     "; orphans reaped: %" PRIu64, kills, child_kills, stops,
	     child_stops, orphans);
}

/* Is it as good as new? */
static void check_use(struct procq *consumer)
{
	struct procq *producer = join(PROCQ_ROLE_PRODUCER);
	struct procq_command command = PROCQ_COMMAND_INIT;
	struct procq_process p;
	struct procq_event e;
	uint64_t last = 0;
	uint32_t n = 0;
	bool ordered = true;
	int64_t end = procq_now() + 30 * S;

	command.flags = PROCQ_SPAWN_ENTERED;
	while (procq_spawn(producer, &command, NULL) == 0)
		n++;
	is_int(n, capacity, "it takes as many as it has room for");
	for (n = 0; procq_take(consumer, NULL, &p) == 0; n++) {
		ordered = ordered && p.seq > last;
		last = p.seq;
		procq_signal(consumer, p.slot, SIGKILL, 0);
	}
	is_int(n, capacity, "all of them come out");
	ok(ordered, "in order");
	for (n = 0; n < capacity && procq_now() < end; ) {
		procq_reap(producer);
		while (procq_collect(consumer, &e) > 0)
			n++;
		if (n < capacity)
			procq_wait(consumer, PROCQ_WAIT_DEATH,
				   procq_now() + 5 * MS);
	}
	is_int(n, capacity, "and die");
	procq_close(producer);
}

/* SIGSTOP can't be caught, but a process that got one does not come to its
 * end. */
static void end_nursery(pid_t nurse)
{
	int64_t end = procq_now() + 10 * S;
	pid_t pid;

	atomic_store(&gate->no_more, true);
	while ((pid = waitpid(nurse, NULL, WNOHANG)) == 0 && procq_now() < end)
		nap(MS);
	if (!ok(pid == nurse, "none of them is stopped"))
		note("%" PRIu64 " of %" PRIu64 " came to their end",
		     atomic_load(&gate->passed), atomic_load(&gate->born));
	if (pid == 0) {
		kill(nurse, SIGKILL);
		waitpid(nurse, NULL, 0);
	}
}

static void check_all(struct procq *first, pid_t nurse)
{
	struct procq *q = join(PROCQ_ROLE_CONSUMER);
	int64_t end = procq_now() + 10 * S;

	procq_close(first);

	if (!ok(q != NULL, "after the storm it can be joined"))
		return;
	check_books(q, "after the storm", true);
	alone_drain(q, 30 * S, note_death, reap_orphans);
	check_books(q, "drained", false);
	check_empty(q);
	check_use(q);
	check_books(q, "used again", false);
	is_int(procq_close(q), 1, "the last one out removes it");
	if (nurse > 1) {
		ok(atomic_load(&gate->passed) > 0, "%" PRIu64
		   " bystanders came and went", atomic_load(&gate->passed));
		is_int((int64_t)atomic_load(&gate->touched), 0,
		       "none of them got a signal");
		end_nursery(nurse);
	}
	while (others_alive(0) > 0 && procq_now() < end) {
		reap(NULL);
		nap(MS);
	}
	is_int(others_alive(0), 0, "no process is left");
	if (!ok(atomic_load(&gate->errors) == 0, "no worker was surprised"))
		note("%" PRIu64 " times, first by: %s",
		     atomic_load(&gate->errors),
		     procq_strerror(atomic_load(&gate->first_error)));
}

/* Whatever came of it, nothing is left behind. */
static void remove_object(void)
{
	char object[PROCQ_NAME_SIZE], lock[PROCQ_NAME_SIZE + 32];

	object_names(object, lock, sizeof(lock));
	shm_unlink(object);
	unlink(lock);
}

/* ---- options ---- */

static const struct harness_option all_options[] = {
	{ "kills", "N", "so many participants at least are killed",
	  .count = &options.kills },
	{ "processes", "N", "so many processes at least are started",
	  .count = &options.processes },
	{ "workers", "N", "so many participants at a time",
	  .count = &options.workers },
	{ "capacity", "N", "of the queue", .count = &options.capacity },
	{ "bystanders", "N", "so many strangers at a time",
	  .count = &options.bystanders },
	{ "hosts", NULL, "half of the producers are in programs that meddle",
	  .flag = &options.hosts },
	{ "users", NULL, "half of the consumers are another user",
	  .flag = &options.users },
	{ "seed", "N", "the choices follow from it", .count = &options.seed },
	{ "seconds", "N", "give up after them", .count = &options.seconds },
	{ .name = NULL },
};

static const struct harness this_harness = { "chaos", all_options, NULL };

static bool may_be_another(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		      setresuid(NOBODY, NOBODY, NOBODY) < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Workers: four for each processor, so that each is always interrupted by
 * others. */
static void apply_options(void)
{
	long n = 4 * sysconf(_SC_NPROCESSORS_ONLN);

	if (options.workers)
		n = (long)options.workers;
	else if (n < 8)
		n = 8;
	worker_count = n < WORKERS_MAX ? (int)n : WORKERS_MAX;
	limit_kills = options.kills;
	limit_processes = options.processes;
	bystander_count = (int)options.bystanders;
	capacity = (uint32_t)options.capacity;
	if (options.users && !may_be_another()) {
		note("no other user to be had: all are this one");
		options.users = false;
	}
}

int main(int argc, char **argv)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *first, *look;
	int descriptors;
	pid_t nurse = 0;

	read_options(&this_harness, argc, argv);
	apply_options();
	provable = pq_ident_kind() == PQ_IDENT_INODE;
	alone_begin(options.seed, queue, sizeof(queue),
		    options.users ? "/" : "", "chaos");
	gate = mmap(NULL, sizeof(*gate), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	seen = calloc(capacity, sizeof(*seen));
	if (gate == MAP_FAILED || !seen)
		return 1;
	descriptors = open_descriptors();
	note("seed %zu, %d workers, capacity %" PRIu32, options.seed,
	     worker_count, capacity);
	/* Keeps the object in being while all workers are dead at once. */
	first = join(PROCQ_ROLE_KEEPER);
	o.role = PROCQ_ROLE_ONLOOKER;
	if (!first || procq_open(&look, queue, &o) < 0)
		return 1;
	if (bystander_count > 0) {
		nurse = fork();
		if (nurse == 0)
			nursery();
	}
	for (int i = 0; i < worker_count; i++) {
		workers[i].producer = i % 2 == 0;
		workers[i].odd = i % 4 < 2 && (workers[i].producer
				? options.hosts && provable : options.users);
	}
	storm(look);
	ok(kills >= limit_kills, "%" PRIu64 " participants were killed", kills);
	ok(atomic_load(&gate->begun) >= limit_processes,
	   "%" PRIu64 " processes were started", atomic_load(&gate->begun));
	procq_close(look);
	check_all(first, nurse);
	is_int(open_descriptors(), descriptors, "no descriptor is left open");
	remove_object();
	free(seen);
	return done();
}
