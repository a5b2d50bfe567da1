/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ops.c - the table of operations that a victim is killed in.
 *
 * prepare() brings the victim up to the operation, run() is the operation.
 * What they need of the library's rooms they take; a step that fails ends the
 * victim before its marker, which the driver reports.
 */
#include <config.h>

#include "hands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "handle.h"
#include "peek.h"
#include "identity.h"
#include "member.h"
#include "record.h"
#include "sweep.h"
#include "take.h"
#include "tally.h"
#include "word.h"

#include "../kit/records.h"

/* What procq_signal() says: sent, or its parent will. */
#define SIGNALLED (PQ_USE_PIDFD ? 0 : 1)

void must(bool good)
{
	if (!good)
		_exit(77);
}

struct procq *join(uint32_t role)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;

	o.role = role;
	o.capacity = CAPACITY;
	o.deadline = procq_now() + 2000 * MS;
	must(procq_open(&q, queue_name, &o) == 0);
	return q;
}

void nap(void)
{
	struct timespec ts = { 0, 100000 };

	nanosleep(&ts, NULL);
}

static uint64_t word_of(const struct procq *q, uint32_t slot)
{
	return pq_load_word(q->seg, slot);
}

/* Until the record says so, for two seconds. */
static void await(const struct procq *q, uint32_t slot, unsigned state,
		  unsigned flags)
{
	int64_t end = procq_now() + 2000 * MS;
	uint64_t w;

	do {
		must(procq_now() < end);
		nap();
		w = word_of(q, slot);
	} while (pq_word_state(w) != state ||
		 (pq_word_flags(w) & flags) != flags);
}

/* ---- open ---- */

static int run_open_producer(struct hands *h)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;

	o.role = PROCQ_ROLE_PRODUCER;
	o.capacity = CAPACITY;
	return procq_open(&h->producer, queue_name, &o);
}

void prepare_consumer(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
}

static void prepare_producer(struct hands *h)
{
	h->producer = join(PROCQ_ROLE_PRODUCER);
}

/* ---- spawn ---- */

static int spawn(struct hands *h, uint32_t method, uint32_t flags,
		 const char *const *argv)
{
	struct procq_command c = PROCQ_COMMAND_INIT;

	c.method = method;
	c.flags = flags;
	c.argv = argv;
	return note_shortage(procq_spawn(h->producer, &c, NULL));
}

static const char *const sleeper[] = { "/bin/sleep", "1000", NULL };

static int run_fork(struct hands *h)
{
	return spawn(h, PROCQ_METHOD_FORK, 0, NULL);
}

static int run_fork_keep(struct hands *h)
{
	return spawn(h, PROCQ_METHOD_FORK, PROCQ_SPAWN_KEEP, NULL);
}

static int run_fork_command(struct hands *h)
{
	return spawn(h, PROCQ_METHOD_FORK, PROCQ_SPAWN_GROUP, sleeper);
}

static int run_clone(struct hands *h)
{
	return spawn(h, PROCQ_METHOD_CLONE, 0, NULL);
}

static int run_clone_keep(struct hands *h)
{
	return spawn(h, PROCQ_METHOD_CLONE, PROCQ_SPAWN_KEEP, NULL);
}

static int run_vfork(struct hands *h)
{
	return spawn(h, PROCQ_METHOD_VFORK, PROCQ_SPAWN_GROUP, sleeper);
}

static int run_vfork_keep(struct hands *h)
{
	return spawn(h, PROCQ_METHOD_VFORK,
		     PROCQ_SPAWN_GROUP | PROCQ_SPAWN_KEEP, sleeper);
}

static int run_await_entry(struct hands *h)
{
	return spawn(h, PROCQ_METHOD_AUTO, PROCQ_SPAWN_ENTERED, NULL);
}

/* A reservation, and back. */
static int run_reserve(struct hands *h)
{
	uint64_t word;
	int64_t slot = records_reserve(h->producer, &word);

	if (slot < 0)
		return (int)slot;
	pq_record_cancel(h->producer->seg, (uint32_t)slot, word);
	return 0;
}

/* ---- take, signal, give back ---- */

static int run_take(struct hands *h)
{
	struct procq_process p;

	return procq_take(h->consumer, NULL, &p);
}

/* It has been on the lookout for others, and rings for what it leaves. */
static int run_take_owing(struct hands *h)
{
	int rc = procq_wait(h->consumer, PROCQ_WAIT_READY, PROCQ_FOREVER);

	return rc < 0 ? rc : run_take(h);
}

void take(struct hands *h)
{
	struct procq_process p;

	must(procq_take(h->consumer, NULL, &p) == 0);
	h->slot = p.slot;
}

/* It has taken the first, and dies before it moves the head on: the next that
 * looks there does that, unless the record is handed back in between. */
static void dead_at_head(struct hands *h)
{
	struct pq_hint hint;
	uint64_t word;

	prepare_consumer(h);
	must(pq_take_next(h->consumer, &hint, &word) == 0);
	must(pq_take(h->consumer, hint.index, word, hint.position) == 0);
}

static void prepare_taken(struct hands *h)
{
	prepare_consumer(h);
	take(h);
}

static int run_signal(struct hands *h)
{
	return procq_signal(h->consumer, h->slot, SIGTERM, 0);
}

static int run_give_back(struct hands *h)
{
	return procq_give_back(h->consumer, h->slot);
}

/* On its own, or by its parent. */
static void kill_taken(struct hands *h)
{
	must(procq_signal(h->consumer, h->slot, SIGKILL, 0) == SIGNALLED);
}

/* Killed from outside, and marked by its parent: then it says EXITED. */
static void prepare_exited(struct hands *h)
{
	struct procq_process p;

	prepare_consumer(h);
	must(procq_peek(h->consumer, &p) == 0 && p.pid > 1);
	must(kill(p.pid, SIGKILL) == 0);
	await(h->consumer, p.slot, PROCQ_STATE_EXITED, 0);
	h->slot = p.slot;
}

static int run_take_exited(struct hands *h)
{
	struct procq_process p;

	return procq_take_exited(h->consumer, &p);
}

/* The last of them: its hint is not at the head. */
static void choose(struct hands *h)
{
	struct procq_process all[CAPACITY];
	int n;

	prepare_consumer(h);
	n = procq_snapshot(h->consumer, all, CAPACITY);
	must(n > 1 && n <= CAPACITY);
	h->chosen = all[n - 1];
	must(h->chosen.state == PROCQ_STATE_QUEUED);
}

static int run_take_this(struct hands *h)
{
	struct procq_process p;

	return procq_take_this(h->consumer, &h->chosen, &p);
}

static void prepare_own(struct hands *h)
{
	prepare_producer(h);
	must(spawn(h, PROCQ_METHOD_AUTO, PROCQ_SPAWN_ENTERED, NULL) == 0);
}

static int run_take_own(struct hands *h)
{
	struct procq_process p;

	return procq_take_own(h->producer, &p);
}

/* ---- with a gap ---- */

static void prepare_gap(struct hands *h)
{
	prepare_consumer(h);
	must(procq_set_gap(h->consumer, 1) == 0);
}

/* What a dead one has signalled, and others finish first. */
static void dead_unfinished(struct hands *h)
{
	prepare_gap(h);
	take(h);
	pq_record_sent(h->consumer->seg, h->slot, SIGTERM, false);
}

static int run_take_unfinished(struct hands *h)
{
	struct procq_process p;
	int64_t when;
	int rc;

	/* Until it is swept. */
	pq_sweep_dead(h->consumer->seg, NULL);
	rc = procq_gap(h->consumer, &when, &p);
	return rc == 1 ? procq_take(h->consumer, NULL, &p) : -EBUSY;
}

/* ---- collect ---- */

static void mark_taken(struct hands *h)
{
	kill_taken(h);
	await(h->consumer, h->slot, PROCQ_STATE_TAKEN, PQ_DEAD);
}

static void prepare_marked(struct hands *h)
{
	prepare_taken(h);
	mark_taken(h);
}

static void prepare_taken_exited(struct hands *h)
{
	prepare_exited(h);
	take(h);
}

static void await_pin(struct hands *h)
{
	struct pq_flight *f = pq_flights_find(&h->consumer->flights, h->slot);
	int64_t end = procq_now() + 2000 * MS;

	must(f && f->pin >= 0);
	while (!pq_pin_dead(f->pin)) {
		must(procq_now() < end);
		nap();
	}
	/* As if its parent had had its time. */
	f->died = procq_now() - 10000 * MS;
}

static void prepare_marked_gap(struct hands *h)
{
	prepare_gap(h);
	take(h);
	mark_taken(h);
}

static void prepare_pinned_dead(struct hands *h)
{
	prepare_taken(h);
	kill_taken(h);
	await_pin(h);
}

static int run_collect(struct hands *h)
{
	return procq_collect(h->consumer, &h->event);
}

/* ---- the limit ---- */

static int run_lower(struct hands *h)
{
	return procq_set_limit(h->consumer, 1);
}

static int run_raise(struct hands *h)
{
	return procq_set_limit(h->consumer, CAPACITY);
}

/* One process, room for no other. */
static void prepare_lowered(struct hands *h)
{
	prepare_consumer(h);
	must(run_lower(h) >= 0);
}

/* What it collects is more than may exist. */
static void prepare_marked_over(struct hands *h)
{
	prepare_marked(h);
	must(run_lower(h) == 1);
}

/* A producer that finds what another has not parked, or not unparked. */
static void leave_unsettled(struct hands *h, uint32_t limit, uint32_t have)
{
	_Atomic uint64_t *gate = &h->producer->seg->header->gate;

	atomic_store(gate, pq_gate(limit, have, false,
				   pq_gate_number(atomic_load(gate))));
}

static void prepare_unparked(struct hands *h)
{
	prepare_producer(h);
	leave_unsettled(h, 1, CAPACITY);
}

static void prepare_unraised(struct hands *h)
{
	prepare_producer(h);
	must(procq_set_limit(h->producer, 1) == 0);
	leave_unsettled(h, 2, 1);
}

/* A producer whose process outlives it. */
void dead_parent(struct hands *h)
{
	prepare_producer(h);
	must(spawn(h, PROCQ_METHOD_AUTO, PROCQ_SPAWN_KEEP | PROCQ_SPAWN_ENTERED,
		   NULL) == 0);
}

/* ---- mark and reap ---- */

pid_t own_child(const struct hands *h)
{
	struct procq_process p;

	must(procq_peek(h->producer, &p) == 0 && p.pid > 1);
	return p.pid;
}

void make_zombie(pid_t pid)
{
	must(kill(pid, SIGKILL) == 0);
	while (!pq_child_dead(pid))
		nap();
}

static void prepare_zombie(struct hands *h)
{
	prepare_own(h);
	make_zombie(own_child(h));
}

/* Taken by a consumer, here of the same process, and killed. */
static void prepare_taken_zombie(struct hands *h)
{
	pid_t pid;

	prepare_own(h);
	pid = own_child(h);
	prepare_taken(h);
	make_zombie(pid);
}

static int run_reap(struct hands *h)
{
	return procq_reap(h->producer);
}

/* ---- sweep ---- */

static void leave_intent(struct procq *q, uint32_t slot)
{
	uint64_t w = word_of(q, slot);

	pq_tally_begin(&q->seg->participants[q->place], PQ_TALLY_RETIRED, slot,
		       pq_word_gen(w));
	must(pq_record_move(q->seg, slot, &w, pq_word_free(w)));
}

/* All that a dead one can leave: a reservation, a living and a dead record
 * taken, one that was released but not counted. */
static void dead_busy(struct hands *h)
{
	uint64_t word;
	uint32_t first;

	prepare_producer(h);
	prepare_consumer(h);
	must(records_reserve(h->producer, &word) >= 0);
	take(h);
	kill_taken(h);
	first = h->slot;
	take(h);
	kill_taken(h);
	await(h->consumer, first, PROCQ_STATE_TAKEN, PQ_DEAD);
	await(h->consumer, h->slot, PROCQ_STATE_TAKEN, PQ_DEAD);
	take(h);
	leave_intent(h->consumer, first);
}

static void prepare_keeper(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_KEEPER);
}

static int run_sweep(struct hands *h)
{
	return pq_sweep_dead(h->consumer->seg, NULL);
}

/* ---- leave, remove, wait ---- */

static int run_leave(struct hands *h)
{
	int rc = procq_close(h->consumer);

	h->consumer = NULL;
	return rc;
}

static int run_leave_producer(struct hands *h)
{
	int rc = procq_close(h->producer);

	h->producer = NULL;
	return rc;
}

static void prepare_leaving_producer(struct hands *h)
{
	uint64_t word;

	dead_parent(h);
	must(records_reserve(h->producer, &word) >= 0);
}

static int run_remove(struct hands *h)
{
	return procq_remove(h->consumer);
}

/* For as long as it takes to see it asleep; nothing comes. */
static int wait_for(struct procq *q, unsigned what)
{
	int rc = procq_wait(q, what, procq_now() + 2 * MS);

	return rc == -ETIMEDOUT ? 0 : rc;
}

static int run_wait(struct hands *h)
{
	return wait_for(h->consumer, PROCQ_WAIT_READY);
}

static int run_wait_room(struct hands *h)
{
	return wait_for(h->producer, PROCQ_WAIT_ROOM);
}

static int run_wait_death(struct hands *h)
{
	return wait_for(h->consumer, PROCQ_WAIT_DEATH);
}

/* Somebody else has the init lock for a while, and then dies. */
static void hold_init_lock(int flags)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
			    .l_start = (off_t)(INT64_C(1) << 40), .l_len = 1 };
	struct timespec ts = { 0, 8 * MS };
	int ready[2], fd;
	char byte = 0;

	must(pipe(ready) == 0);
	if (fork() == 0) {
		fd = shm_open(object_name, O_RDWR | flags, 0600);
		fd = open_locks(fd, flags);
		must(fcntl(fd, F_SETLK, &fl) == 0);
		must(write(ready[1], &byte, 1) == 1);
		nanosleep(&ts, NULL);
		_exit(0);
	}
	close(ready[1]);
	must(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
}

/* As if the creator died before it had built anything. */
static void prepare_unbuilt(struct hands *h)
{
	(void)h;
	hold_init_lock(O_CREAT);
}

static void prepare_leave_locked(struct hands *h)
{
	prepare_consumer(h);
	hold_init_lock(0);
}

static int run_unlink(struct hands *h)
{
	(void)h;
	return procq_unlink(queue_name, NULL);
}

static int run_check(struct hands *h)
{
	struct procq_report report;
	int rc = procq_check(h->consumer, &report);

	return rc < 0 ? rc : (int)report.faults;
}

/* ---- the table ---- */

const struct op ops[] = {
	{ .name = "create", .kids = -1, .run = run_open_producer,
	  .locks = true },
	{ .name = "create-wait", .kids = -1, .prepare = prepare_unbuilt,
	  .run = run_open_producer, .locks = true },
	{ .name = "join", .kids = 1, .run = run_open_producer },
	{ .name = "reserve", .kids = 1, .prepare = prepare_producer,
	  .run = run_reserve },
	{ .name = "spawn-fork", .kids = 1, .prepare = prepare_producer,
	  .run = run_fork },
	{ .name = "spawn-fork-keep", .kids = 1, .prepare = prepare_producer,
	  .run = run_fork_keep,
	  .lacks = !PINS },
	{ .name = "spawn-fork-command", .kids = 1, .prepare = prepare_producer,
	  .run = run_fork_command,
	  .lacks = !PINS },
	{ .name = "spawn-clone", .kids = 1, .prepare = prepare_producer,
	  .run = run_clone,
	  .lacks = !PQ_USE_CLONE },
	{ .name = "spawn-clone-keep", .kids = 1, .prepare = prepare_producer,
	  .run = run_clone_keep,
	  .lacks = !PQ_USE_CLONE },
	{ .name = "spawn-vfork", .kids = 1, .prepare = prepare_producer,
	  .run = run_vfork,
	  .lacks = !PQ_USE_CLONE },
	{ .name = "spawn-vfork-keep", .kids = 1, .prepare = prepare_producer,
	  .run = run_vfork_keep,
	  .lacks = !PQ_USE_CLONE },
	{ .name = "spawn-entered", .kids = 1, .prepare = prepare_producer,
	  .run = run_await_entry },
	{ .name = "enter-fork", .kids = 1, .prepare = prepare_producer,
	  .run = run_fork, .child = true },
	{ .name = "enter-clone", .kids = 1, .prepare = prepare_producer,
	  .run = run_clone, .child = true,
	  .lacks = !PQ_USE_CLONE },
	{ .name = "enter-vfork", .kids = 1, .prepare = prepare_producer,
	  .run = run_vfork, .child = true, .no_freeze = true,
	  .lacks = !PQ_USE_CLONE },
	{ .name = "enter-fork-command", .kids = 1, .prepare = prepare_producer,
	  .run = run_fork_command, .child = true, .no_freeze = true,
	  .lacks = !PINS },
	{ .name = "enter-fork-late", .kids = 1, .prepare = prepare_producer,
	  .run = run_fork_keep, .child = true, .late = true,
	  .lacks = !PINS },
	{ .name = "enter-clone-late", .kids = 1, .prepare = prepare_producer,
	  .run = run_clone_keep, .child = true, .late = true,
	  .lacks = !PQ_USE_CLONE },
	{ .name = "enter-fork-orphan", .kids = 1, .prepare = prepare_producer,
	  .run = run_fork, .child = true, .late = true, .orphaned = true,
	  .lacks = !PQ_USE_PDEATHSIG },
	{ .name = "enter-clone-orphan", .kids = 1,
	  .prepare = prepare_producer, .run = run_clone, .child = true,
	  .late = true, .orphaned = true, .lacks = !PQ_USE_CLONE },
	{ .name = "take", .kids = 2, .prepare = prepare_consumer,
	  .run = run_take },
	{ .name = "take-owing", .kids = 2, .prepare = prepare_consumer,
	  .run = run_take_owing },
	{ .name = "take-beside", .kids = 2, .dead = dead_at_head,
	  .prepare = prepare_consumer, .run = run_take, .calm = true },
	{ .name = "take-gap", .kids = 2, .gap = true, .prepare = prepare_gap,
	  .run = run_take },
	{ .name = "take-unfinished", .kids = 2, .gap = true,
	  .dead = dead_unfinished, .prepare = prepare_gap,
	  .run = run_take_unfinished },
	{ .name = "take-permit", .kids = 2,
	  .prepare = prepare_permit, .run = run_take },
	{ .name = "take-permitted", .kids = 2,
	  .dead = dead_permitted, .prepare = prepare_consumer,
	  .run = run_take_unfinished },
	{ .name = "permit-give", .kids = 2, .shared = true,
	  .prepare = prepare_no_permit, .run = run_give },
	{ .name = "permit-withdraw", .kids = 2, .shared = true,
	  .prepare = prepare_permit, .run = run_withdraw },
	{ .name = "take-exited", .kids = 2, .prepare = prepare_exited,
	  .run = run_take_exited },
	{ .name = "take-this", .kids = 3, .prepare = choose,
	  .run = run_take_this },
	{ .name = "take-own", .kids = 1, .prepare = prepare_own,
	  .run = run_take_own },
	{ .name = "take-orphan", .kids = 0, .dead = dead_parent,
	  .prepare = prepare_consumer, .run = run_take,
	  .lacks = !PINS },
	{ .name = "signal", .kids = 2, .prepare = prepare_taken,
	  .run = run_signal, .want = SIGNALLED },
	{ .name = "give-back", .kids = 2, .prepare = prepare_taken,
	  .run = run_give_back },
	{ .name = "reap", .kids = 0, .prepare = prepare_zombie,
	  .run = run_reap, .want = 1 },
	{ .name = "reap-taken", .kids = 0, .prepare = prepare_taken_zombie,
	  .run = run_reap, .want = 1 },
	{ .name = "collect", .kids = 2, .prepare = prepare_marked,
	  .run = run_collect, .want = 1 },
	{ .name = "limit-lower", .kids = 2, .prepare = prepare_consumer,
	  .run = run_lower, .want = 1, .limited = true },
	{ .name = "limit-raise", .kids = 1, .prepare = prepare_lowered,
	  .run = run_raise },
	{ .name = "limit-release", .kids = 2, .prepare = prepare_marked_over,
	  .run = run_collect, .want = 1 },
	{ .name = "limit-full", .kids = 1, .prepare = prepare_unparked,
	  .run = run_fork, .want = -EAGAIN, .limited = true },
	{ .name = "limit-room", .kids = 1, .prepare = prepare_unraised,
	  .run = run_fork },
	{ .name = "lease-lower", .kids = 2, .prepare = prepare_consumer,
	  .run = run_lease_lower, .want = 1, .limited = true },
	{ .name = "lease-raise", .kids = 1, .prepare = prepare_lowered_lease,
	  .run = run_lease_raise },
	{ .name = "lease-release", .kids = 1, .prepare = prepare_consumer,
	  .run = run_lease_release, .want = 1, .limited = true },
	{ .name = "lease-fence", .kids = 1, .prepare = prepare_consumer,
	  .run = run_lease_fence, .limited = true },
	/* Others set the lease anew, and so what it has reserved stays. */
	{ .name = "lease-enforce", .kids = 1, .prepare = prepare_reserved,
	  .run = run_enforce, .no_freeze = true },
	{ .name = "lease-enter", .kids = 1, .prepare = prepare_leased,
	  .run = run_fork, .child = true },
	/* Others take the lease away, and then the gap is in force. */
	{ .name = "lease-end", .kids = 2, .prepare = prepare_ending,
	  .run = run_take, .shared = true },
	{ .name = "collect-gap", .kids = 2, .gap = true,
	  .prepare = prepare_marked_gap, .run = run_collect, .want = 1 },
	{ .name = "collect-exited", .kids = 2, .prepare = prepare_taken_exited,
	  .run = run_collect, .want = 1 },
	{ .name = "collect-orphan", .kids = 0, .dead = dead_parent,
	  .prepare = prepare_pinned_dead, .run = run_collect, .want = 1,
	  .lacks = !PINS },
	{ .name = "collect-unmarked", .kids = 2, .no_reaping = true,
	  .prepare = prepare_pinned_dead, .run = run_collect, .want = 1,
	  .lacks = !PINS },
	{ .name = "sweep", .kids = 3, .dead = dead_busy,
	  .prepare = prepare_keeper, .run = run_sweep, .want = 2,
	  .shared = true },
	{ .name = "check", .kids = 3, .dead = dead_busy,
	  .prepare = prepare_keeper, .run = run_check },
	{ .name = "leave", .kids = 2, .prepare = prepare_taken,
	  .run = run_leave },
	{ .name = "leave-producer", .kids = 1,
	  .prepare = prepare_leaving_producer, .run = run_leave_producer,
	  .lacks = !PINS },
	{ .name = "leave-last", .kids = -1, .prepare = prepare_consumer,
	  .run = run_leave, .want = 1, .locks = true, .leaves = true,
	  .shared = true },
	{ .name = "remove", .kids = -1, .prepare = prepare_keeper,
	  .run = run_remove, .locks = true, .leaves = true,
	  .shared = true },
	{ .name = "wait", .kids = 0, .prepare = prepare_consumer,
	  .run = run_wait },
	/* Full, so there is no room for the load that a freeze needs. */
	{ .name = "wait-room", .kids = CAPACITY, .prepare = prepare_producer,
	  .run = run_wait_room, .no_freeze = true },
	{ .name = "wait-death", .kids = 0, .dead = dead_parent,
	  .prepare = prepare_taken, .run = run_wait_death, .lacks = !PINS },
	{ .name = "wait-beside", .kids = 0, .prepare = prepare_consumer,
	  .run = run_wait, .waiter = true },
	{ .name = "leave-wait", .kids = -1, .prepare = prepare_leave_locked,
	  .run = run_leave, .want = 1, .locks = true, .leaves = true,
	  .shared = true },
	{ .name = "unlink", .kids = -1, .prepare = prepare_unbuilt,
	  .run = run_unlink, .locks = true, .leaves = true, .shared = true },
	{ .name = "unlink-foreign", .kids = -1, .prepare = prepare_foreign,
	  .run = run_unlink, .locks = true, .leaves = true, .shared = true,
	  .lacks = !NAMESPACES },
	{ .name = "replace", .kids = -1, .prepare = prepare_foreign,
	  .run = run_open_producer, .locks = true, .lacks = !NAMESPACES },
	{ .name = "notice", .kids = -1, .prepare = prepare_nameless,
	  .run = run_notice, .locks = true, .leaves = true },
	{ .name = "rejoin", .kids = 2, .prepare = prepare_lost,
	  .run = run_rejoin },
	{ .name = "mark-lost", .kids = 0, .dead = dead_with_child,
	  .prepare = prepare_keeper, .run = run_mark_lost, .want = 1,
	  .shared = true, .lacks = !PINS },
	{ .name = "ask", .kids = 2, .prepare = prepare_guarded,
	  .run = run_signal, .want = 1, .lacks = !PINS },
	{ .name = "answer", .kids = 0, .prepare = prepare_asked,
	  .run = run_reap, .lacks = !PINS },
	{ .name = "hold", .kids = 0, .prepare = prepare_leader,
	  .run = run_hold, .lacks = !PINS },
	{ .name = "take-rest", .kids = 0, .dead = dead_with_group,
	  .prepare = prepare_heir, .run = run_take_rest, .lacks = !PINS },
	{ .name = NULL },
};
