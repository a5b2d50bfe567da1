/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/shortage.c - the n-th call of a function of the C library fails,
 * alone or with all that follow, for each n and each function: memory,
 * semaphores, a name that another process makes at the same moment. Then the
 * library reports it and has lost nothing: the next caller finds the queue, or
 * a place for it, as if nothing had been. What the kernel refuses is
 * scarcity/'s.
 *
 * The linker puts a wrapper around each of these functions (--wrap; see
 * local.mk). Each round is a process of its own, which must not use TAP.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#include <semaphore.h>

#include "spawn.h"

#define CAPACITY 3
/* More rounds than any operation has calls. */
#define ROUNDS_MAX 4000

/* ---- the wrappers ---- */

enum call {
	NONE, MALLOC, CALLOC, REALLOC, STRDUP, SHM_OPEN, SEM_INIT
};

/* Which call is to fail, the how-manieth, and how. */
static struct {
	enum call call;
	int left;
	int error;
	bool stays;		/* so do all that follow */
	bool hit;
} fault;

static bool fails(enum call call)
{
	if (fault.call != call || --fault.left > 0)
		return false;
	if (!fault.stays)
		fault.call = NONE;
	fault.hit = true;
	errno = fault.error;
	return true;
}

#define WRAP(type, name, call, failure, params, args) \
	type __real_##name params; \
	type __wrap_##name params; \
	type __wrap_##name params \
	{ \
		return fails(call) ? failure : __real_##name args; \
	}

WRAP(void *, malloc, MALLOC, NULL, (size_t n), (n))
WRAP(void *, calloc, CALLOC, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, REALLOC, NULL, (void *p, size_t n), (p, n))
WRAP(char *, strdup, STRDUP, NULL, (const char *s), (s))
WRAP(int, shm_open, SHM_OPEN, -1, (const char *name, int flags, mode_t mode),
     (name, flags, mode))
WRAP(int, sem_init, SEM_INIT, -1, (sem_t *sem, int shared, unsigned n),
     (sem, shared, n))

/* What can fail, and what an operation may then say instead of 0. */
static const struct scarcity {
	enum call call;
	int error;
	int says[4];
	const char *what;
} scarcities[] = {
	{ MALLOC, ENOMEM, { ENOMEM }, "malloc" },
	{ CALLOC, ENOMEM, { ENOMEM }, "calloc" },
	{ REALLOC, ENOMEM, { ENOMEM }, "realloc" },
	{ STRDUP, ENOMEM, { ENOMEM }, "strdup" },
	{ SHM_OPEN, EEXIST, { 0, EBUSY, EEXIST }, "shm_open: a race" },
	/* Then the name leads elsewhere: the object is removed. */
	{ SHM_OPEN, ELOOP, { ENODEV, EBUSY, EIDRM }, "shm_open: a link" },
	{ SEM_INIT, ENOSYS, { ENOSYS }, "sem_init" },
};

static bool may_say(const struct scarcity *s, int rc)
{
	for (size_t i = 0; i < sizeof(s->says) / sizeof(*s->says); i++)
		if (rc == -s->says[i])
			return true;
	return rc > 0;
}

/* ---- operations ---- */

static struct procq *producer, *consumer, *other;

/* A queue whose creator was killed. */
static void leave_queue(void *arg)
{
	(void)arg;
	fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	fixture_killed();
}

static void have_dead(void)
{
	need(fixture_run(leave_queue, NULL) == -SIGKILL);
}

static pid_t holder;

static void hold_queue(void *arg)
{
	fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	atomic_store((_Atomic int *)arg, 1);
	fixture_rest(NULL);
}

/* One whose participant is another process, which stays. */
static void have_other(void)
{
	holder = fixture_launch(hold_queue);
}

static void have_dead_one(void)
{
	have_dead();
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
}

static void have_nothing(void)
{
}

static void have_both(void)
{
	producer = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	consumer = fixture_open(PROCQ_ROLE_CONSUMER, 0);
}

static void have_process(void)
{
	have_both();
	fixture_spawn(producer, PROCQ_METHOD_AUTO, 0);
}

/* A removed queue of that name, one of today, and a dead participant. */
static void have_two(void)
{
	producer = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);
	need(procq_remove(producer) == 0);
	have_dead();
}

/* One that its remover had no time to unlink. */
static void leave_final(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY);

	(void)arg;
	atomic_store(&q->seg->participants[0].member, 0);
	atomic_store(&q->seg->header->state, PQ_OBJECT_FINAL);
	fixture_killed();
}

static void have_final(void)
{
	need(fixture_run(leave_final, NULL) == -SIGKILL);
}

static int join(uint32_t role)
{
	int rc = fixture_try(&other, role, CAPACITY);

	return rc < 0 ? rc : procq_close(other);
}

static int do_create(void)
{
	return join(PROCQ_ROLE_PRODUCER);
}

static int do_look(void)
{
	return join(PROCQ_ROLE_ONLOOKER);
}

/* An onlooker, then participants: two views of one object, which leave their
 * descriptors to each other in turn. */
static int do_both_views(void)
{
	struct procq *look;
	int rc = fixture_try(&look, PROCQ_ROLE_ONLOOKER, CAPACITY);

	if (rc < 0)
		return rc;
	rc = join(PROCQ_ROLE_KEEPER);
	if (rc >= 0)
		rc = fixture_try(&other, PROCQ_ROLE_CONSUMER, CAPACITY);
	procq_close(look);
	return rc < 0 ? rc : procq_close(other);
}

static int do_spawn(void)
{
	return procq_spawn(producer, NULL, NULL);
}

static int spawn_this(const char *const *argv, unsigned method)
{
	struct procq_command command = PROCQ_COMMAND_INIT;

	command.argv = argv;
	command.method = method;
	return procq_spawn(producer, &command, NULL);
}

static const char *const nothing[] = { "true", NULL };

static int do_command(void)
{
	return spawn_this(nothing, PROCQ_METHOD_AUTO);
}

static int do_fork_command(void)
{
	return spawn_this(nothing, PROCQ_METHOD_FORK);
}

static int do_path_command(void)
{
	static const char *const path[] = { "/bin/sh", "-c", "", NULL };

	return spawn_this(path, PROCQ_METHOD_AUTO);
}

static int do_take(void)
{
	struct procq_process p;
	int rc = procq_take(consumer, NULL, &p);

	return rc < 0 ? rc : procq_give_back(consumer, p.slot);
}

static int do_check(void)
{
	struct procq_report report;

	return procq_check(consumer, &report);
}

static int do_snapshot(void)
{
	struct procq_process p;

	return procq_snapshot(consumer, &p, 1);
}

static int ignore(const struct procq_found *entry, void *arg)
{
	(void)entry, (void)arg;
	return 0;
}

static int do_list(void)
{
	return procq_list(ignore, NULL);
}

static int do_remove(void)
{
	int rc;

	need(procq_close(consumer) == 0);
	consumer = NULL;
	rc = procq_remove(producer);
	procq_close(producer);
	producer = NULL;
	return rc;
}

static int do_close(void)
{
	procq_close(consumer);
	consumer = NULL;
	procq_close(producer);
	producer = NULL;
	return 0;
}

/* A dead one's place is swept, whatever is lacking for it. */
static int do_wait(void)
{
	int rc = procq_wait(consumer, PROCQ_WAIT_READY, procq_now());

	procq_close(consumer);
	consumer = NULL;
	return rc == -ETIMEDOUT ? 0 : rc;
}

static const struct operation {
	const char *what;
	void (*have)(void);
	int (*run)(void);
} operations[] = {
	{ "create", have_nothing, do_create },
	{ "join", have_dead, do_create },
	{ "look", have_dead, do_look },
	{ "look and join", have_other, do_both_views },
	{ "join a removed one", have_final, do_create },
	{ "join another of that name", have_two, do_create },
	{ "wait", have_dead_one, do_wait },
	{ "spawn", have_both, do_spawn },
	{ "spawn a command", have_both, do_command },
	{ "spawn a path", have_both, do_path_command },
	{ "fork a command", have_both, do_fork_command },
	{ "take", have_process, do_take },
	{ "check", have_process, do_check },
	{ "snapshot", have_process, do_snapshot },
	{ "list", have_both, do_list },
	{ "remove", have_both, do_remove },
	{ "close", have_both, do_close },
};

/* ---- a round ---- */

enum { GOOD, NOT_HIT, WRONG_ANSWER, NOT_USABLE };

struct round {
	const struct operation *operation;
	const struct scarcity *scarcity;
	int n;
	bool stays;
};

/* End what there is, and leave. */
static bool leave(void)
{
	struct procq_process p;
	struct procq_event e;
	bool good = true;

	if (!producer || !consumer)
		return true;
	while (procq_occupied(producer) || procq_children(producer)) {
		while (procq_take(consumer, NULL, &p) == 0)
			procq_signal(consumer, p.slot, SIGKILL, 0);
		procq_reap(producer);
		while (procq_collect(consumer, &e) > 0)
			;
		procq_wait(consumer, PROCQ_WAIT_DEATH, procq_now() + 5000000);
	}
	good = fixture_sum(producer) == 0;
	procq_close(consumer);
	procq_close(producer);
	return good;
}

/* As if nothing had been? The queue may still be there, or not be whole. */
static bool usable(void)
{
	struct procq_command c = PROCQ_COMMAND_INIT;

	c.flags = PROCQ_SPAWN_ENTERED;
	if (!leave() ||
	    fixture_try(&producer, PROCQ_ROLE_PRODUCER, CAPACITY) < 0 ||
	    fixture_try(&consumer, PROCQ_ROLE_CONSUMER, 0) < 0)
		return false;
	for (int i = 0; i < CAPACITY; i++)
		if (procq_spawn(producer, &c, NULL) < 0)
			return false;
	return procq_spawn(producer, &c, NULL) == -EAGAIN && leave();
}

static void play(void *arg)
{
	const struct round *round = arg;
	int rc;

	round->operation->have();
	fault.error = round->scarcity->error;
	fault.left = round->n;
	fault.stays = round->stays;
	fault.call = round->scarcity->call;
	rc = round->operation->run();
	fault.call = NONE;
	if (holder > 1)
		fixture_end(holder);
	if (!fault.hit) {
		leave();
		_exit(NOT_HIT);
	}
	if (!may_say(round->scarcity, rc)) {
		fprintf(stderr, "# it says %d\n", rc);
		_exit(WRONG_ANSWER);
	}
	/* Then it is no queue for anybody any more; its processes die with this
	 * one. */
	if (rc == -EIDRM)
		_exit(shm_unlink(fixture_object) == 0 || errno == ENOENT ?
		      GOOD : NOT_USABLE);
	_exit(usable() ? GOOD : NOT_USABLE);
}

/* Each call of the function in turn. Returns how many there are. */
static int play_all(const struct operation *operation,
		    const struct scarcity *scarcity, bool stays, int *bad)
{
	struct round round = { operation, scarcity, 1, stays };
	int how = GOOD;

	for (; round.n < ROUNDS_MAX; round.n++) {
		/* All the bells of a queue are alike. */
		if (scarcity->call == SEM_INIT && round.n > 2)
			round.n = PROCQ_PARTICIPANTS_MAX;
		how = fixture_run(play, &round);
		if (how == GOOD && fixture_exists())
			how = NOT_USABLE;
		fixture_clean();
		if (how == NOT_HIT)
			return round.n - 1;
		if (how != GOOD) {
			note("%s, call %d%s of %s: %d", operation->what,
			     round.n, stays ? " on" : "", scarcity->what, how);
			++*bad;
		}
		if (scarcity->call == SEM_INIT &&
		    round.n >= PROCQ_PARTICIPANTS_MAX)
			return round.n;
	}
	++*bad;
	return round.n;
}

/* What is over in a moment is waited for, however long. */
static bool may_stay(const struct scarcity *s)
{
	return s->error != EEXIST;
}

int main(void)
{
	const size_t n = sizeof(operations) / sizeof(*operations);
	const size_t m = sizeof(scarcities) / sizeof(*scarcities);

	fixture_begin("scarcity");
	/* What is found out once is found out before. */
	pq_spawn_has(PROCQ_METHOD_CLONE);
	for (size_t i = 0; i < n; i++) {
		int bad = 0, calls = 0;

		alarm(FIXTURE_SECONDS);
		for (size_t j = 0; j < m; j++) {
			const struct scarcity *s = &scarcities[j];

			calls += play_all(&operations[i], s, false, &bad);
			if (may_stay(s))
				calls += play_all(&operations[i], s, true,
						  &bad);
		}
		is_int(bad, 0, operations[i].what);
		note("%d failures", calls);
	}
	return done();
}
