/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/member.c - participants: incarnations, places, lock bytes; which
 * one is alive, asked from the same process, from others, and after a kill.
 */
#include <config.h>

#include <pthread.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "layout.h"
#include "lock.h"

#define CAPACITY 4

static struct procq *keeper;
static struct pq_segment *seg;

static void setup(void)
{
	keeper = fixture_open(PROCQ_ROLE_KEEPER, CAPACITY);
	seg = keeper->seg;
}

static void teardown(void)
{
	is_int(procq_close(keeper), 1, "the last one out removes the queue");
}

static void leave(unsigned place, uint64_t number)
{
	pq_member_stand_up(seg, place, number);
	pq_byte_drop(seg, number);
}

/* ---- for children ---- */

/* Exit status 0: dead; 1: held; by a descriptor of the child's own. */
static void ask_held(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_ONLOOKER, 0);

	_exit(pq_byte_held(q->seg, *(const uint64_t *)arg));
}

static bool held(uint64_t incarnation)
{
	int rc = fixture_run(ask_held, &incarnation);

	need(rc == 0 || rc == 1);
	return rc;
}

static void join_and_die(void *arg)
{
	(void)arg;
	fixture_open(PROCQ_ROLE_CONSUMER, 0);
	fixture_killed();
}

static void join_and_exit(void *arg)
{
	(void)arg;
	fixture_open(PROCQ_ROLE_CONSUMER, 0);
	_exit(0);
}

/* ---- */

static void test_join(void)
{
	uint64_t number, member;
	unsigned place;

	setup();
	ok(keeper->place == 0 && keeper->incarnation == 1,
	   "the creator sits in place 0, incarnation 1");
	is_int(pq_member_join(seg, PROCQ_ROLE_CONSUMER, &number, &place), 0,
	       "join");
	ok(place == 1 && number == 2, "the next free place, the next number");
	ok(atomic_load(&seg->participants[1].member) ==
			   pq_member_id(PROCQ_ROLE_CONSUMER, number) &&
		   atomic_load(&seg->participants[1].pid) == getpid(),
	   "its place says which one it is");
	is_int(pq_member_find(seg, number), 1, "it is found by its number");
	is_int(pq_member_find(seg, 77), -1, "nobody else is");
	ok(held(number) && pq_byte_held(seg, number),
	   "its byte is held, asked from here and from elsewhere");
	ok(!pq_member_dead(seg, 1, &member) &&
		   member == pq_member_id(PROCQ_ROLE_CONSUMER, 2),
	   "so it is alive");
	ok(!held(3) && !pq_byte_held(seg, 3), "a byte of nobody is not");
	ok(!pq_byte_held(seg, 0) && !pq_byte_held(seg, UINT64_MAX),
	   "no byte is no incarnation");

	pq_member_stand_up(seg, 1, number + 5);
	ok(atomic_load(&seg->participants[1].member) != 0,
	   "nobody gives up the place of another");
	pq_member_stand_up(seg, 1, number);
	ok(atomic_load(&seg->participants[1].member) == 0 && held(number),
	   "stand up: the place is empty, the byte still held");
	is_int(pq_member_sit_again(seg, PROCQ_ROLE_CONSUMER, number, &place), 0,
	       "sit again");
	ok(place == 1, "with the same number");
	leave(1, number);
	ok(!held(number) && !pq_byte_held(seg, number), "dropped: not held");
	pq_member_join(seg, PROCQ_ROLE_CONSUMER, &number, &place);
	ok(place == 1 && number == 3, "a number is never used again");
	leave(place, number);
	teardown();
}

/* An object that is as good as removed has no place for anybody. */
static void test_final(void)
{
	uint64_t number;
	unsigned place;

	setup();
	atomic_store(&seg->header->state, PQ_OBJECT_FINAL);
	is_int(pq_member_join(seg, PROCQ_ROLE_CONSUMER, &number, &place), 1,
	       "nobody joins what is being removed for good");
	ok(atomic_load(&seg->participants[1].member) == 0 &&
		   !pq_byte_held(seg, number) &&
		   atomic_load(&seg->header->state) == PQ_OBJECT_FINAL,
	   "nor leaves anything behind there");
	atomic_store(&seg->header->state, 77);
	is_int(pq_member_join(seg, PROCQ_ROLE_CONSUMER, &number, &place), 0,
	       "a newcomer to what is only to be removed");
	ok(atomic_load(&seg->header->state) == PQ_OBJECT_OPEN, "keeps it open");
	leave(place, number);
	teardown();
}

static void test_sit_down(void)
{
	struct pq_participant *p;
	uint64_t number;
	unsigned place;

	setup();
	p = &seg->participants[1];
	pq_sem_post(&p->bell);
	pq_sem_post(&p->bell);
	atomic_store(&p->wants, PROCQ_WAIT_ROOM);
	pq_member_join(seg, PROCQ_ROLE_CONSUMER, &number, &place);
	ok(place == 1 && !pq_sem_try(&p->bell) &&
	   atomic_load(&p->wants) == 0,
	   "a newcomer inherits neither rings nor wishes");
	leave(place, number);
	teardown();
}

/* What an attacker, or a bad write, makes of the counter. */
static void test_damaged_counter(void)
{
	uint64_t number, other;
	unsigned place;

	setup();
	atomic_store(&seg->header->next_incarnation, 0);
	is_int(pq_member_join(seg, PROCQ_ROLE_CONSUMER, &number, &place), 0,
	       "with the counter at 0 a newcomer finds a number");
	ok(number != 0 && pq_byte_held(seg, number),
	   "which is not 0, and is held");
	atomic_store(&seg->header->next_incarnation, number);
	is_int(pq_member_join(seg, PROCQ_ROLE_CONSUMER, &other, &place), 0,
	       "with the counter set back one does, too");
	ok(other != number && pq_byte_held(seg, other),
	   "another than what is held");
	leave(place, other);
	ok(pq_byte_held(seg, number), "and does not drop it with its own");
	leave(place - 1, number);
	teardown();
}

#define PLACES PROCQ_PARTICIPANTS_MAX

static void test_all_places(void)
{
	static uint64_t numbers[PLACES + 1];
	static unsigned places[PLACES + 1];
	struct procq *q;
	uint64_t extra;
	unsigned place;
	int bad = 0;

	setup();
	for (unsigned i = 1; i < PLACES; i++)
		bad += pq_member_join(seg, PROCQ_ROLE_CONSUMER, &numbers[i],
				      &places[i]) != 0 ||
		       places[i] != i;
	is_int(bad, 0, "1,024 participants find a place");
	is_int(pq_member_join(seg, PROCQ_ROLE_CONSUMER, &extra, &place),
	       -EUSERS, "one more does not");
	ok(!held(extra) && !pq_byte_held(seg, extra), "and holds no byte");
	is_int(fixture_try(&q, PROCQ_ROLE_PRODUCER, 0), -EUSERS,
	       "nor does a caller of the library");
	for (unsigned i = 1; i < PLACES; i++)
		bad += !pq_byte_held(seg, numbers[i]);
	ok(!bad && held(numbers[1]) && held(numbers[PLACES - 1]),
	   "all are alive");

	/* One leaves; a process takes its place, and is killed there. */
	leave(500, numbers[500]);
	is_int(fixture_run(join_and_die, NULL), -SIGKILL,
	       "in the last place somebody is killed");
	ok(pq_member_dead(seg, 500, &extra), "which one can see");
	is_int(pq_member_join(seg, PROCQ_ROLE_PRODUCER, &extra, &place),
	       -EUSERS, "the place is taken until it is swept");
	is_int(fixture_try(&q, PROCQ_ROLE_PRODUCER, 0), 0,
	       "then a newcomer gets the place of the dead one");
	is_int(q->place, 500, "after a sweep");
	procq_close(q);
	pq_member_join(seg, PROCQ_ROLE_PRODUCER, &numbers[500], &place);
	for (unsigned i = 1; i < PLACES; i++)
		leave(i, numbers[i]);
	teardown();
}

static void test_dead(void)
{
	struct procq_stat s;
	uint64_t member;

	setup();
	fixture_run(join_and_die, NULL);
	ok(pq_member_dead(seg, 1, &member) &&
		   pq_member_incarnation(member) == 2 &&
		   pq_member_role(member) == PROCQ_ROLE_CONSUMER && !held(2),
	   "a killed participant is found dead");
	procq_stat(keeper, &s);
	ok(s.dead == 1 && s.consumers == 0 && s.keepers == 1,
	   "and is counted so");
	fixture_run(join_and_exit, NULL);
	ok(pq_member_dead(seg, 2, &member), "one that just exits is dead too");
	is_int(pq_sweep_dead(seg, NULL), 2, "both are swept");
	ok(!pq_member_dead(seg, 1, &member) && member == 0 &&
		   !pq_member_dead(seg, 2, &member) && member == 0,
	   "the places are empty");
	ok(held(keeper->incarnation), "the living one was not touched");
	teardown();
}

/* fcntl() locks are the process's, and go with any descriptor's close. */
static void test_two_handles(void)
{
	struct procq *a, *b, *look;
	uint64_t na, nb;

	setup();
	a = fixture_open(PROCQ_ROLE_PRODUCER, 0);
	b = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	na = a->incarnation;
	nb = b->incarnation;
	ok(a->seg == b->seg && a->place != b->place && na != nb,
	   "two handles of a process: one view, two participants");
	ok(held(na) && held(nb), "both are alive");
	is_int(pq_sweep_dead(seg, NULL), 0, "nobody is swept");
	procq_close(a);
	ok(!held(na) && held(nb), "one leaves: the other lives on");
	look = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	procq_close(look);
	ok(held(nb) && held(keeper->incarnation),
	   "an onlooker comes and goes: all live on");
	procq_close(b);
	ok(!held(nb) && held(keeper->incarnation), "the other leaves");
	teardown();
}

struct heir {
	struct procq *q;
	uint64_t incarnation;
	unsigned place;
};

/* In a child of fork(): the parent's handle is none of its own. */
static void use_inherited(void *arg)
{
	const struct heir *heir = arg;
	struct procq_process d;
	struct procq_event e;
	uint64_t member;

	if (procq_take(heir->q, NULL, &d) != -ECHILD ||
	    procq_spawn(heir->q, NULL, NULL) != -ECHILD ||
	    procq_collect(heir->q, &e) != -ECHILD ||
	    procq_wait(heir->q, PROCQ_WAIT_READY, procq_now()) != -ECHILD ||
	    procq_close(heir->q) != -ECHILD)
		_exit(1);
	/* Its parent is alive, although the list of own bytes is its. */
	if (pq_member_dead(heir->q->seg, heir->place, &member))
		_exit(2);
}

static void open_anew(void *arg)
{
	const struct heir *heir = arg;
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	uint64_t member;

	if (q->seg == heir->q->seg || q->incarnation == heir->incarnation)
		_exit(1);
	if (pq_member_dead(q->seg, heir->place, &member) ||
	    pq_sweep_dead(q->seg, NULL) != 0)
		_exit(2);
	procq_close(q);
}

static void test_fork(void)
{
	struct heir heir;

	setup();
	heir = (struct heir){ keeper, keeper->incarnation, keeper->place };
	is_int(fixture_run(use_inherited, &heir), 0,
	       "after fork the handle is invalid in the child");
	ok(held(keeper->incarnation), "the parent's byte is held all the same");
	is_int(fixture_run(open_anew, &heir), 0,
	       "a child opens the queue for itself, and sees its parent alive");
	ok(held(keeper->incarnation), "its closing does not cost the parent");
	teardown();
}

/* ---- many at once ---- */

#define CROWD 8
#define STAYS 60

static void come_and_go(void *arg)
{
	_Atomic uint64_t *seen = arg;

	for (int i = 0; i < STAYS; i++) {
		struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);
		uint64_t member =
			atomic_load(&q->seg->participants[q->place].member);

		if (pq_member_incarnation(member) != q->incarnation ||
		    q->incarnation >= 4096)
			_exit(1);
		atomic_fetch_add(&seen[q->incarnation], 1);
		if (i % 7 == 3 && fork() == 0) {
			/* A child of the child: it dies in its place. */
			fixture_open(PROCQ_ROLE_CONSUMER, 0);
			fixture_killed();
		}
		pq_sweep_sometimes(q->seg, 0, NULL);
		procq_close(q);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static void test_crowd(void)
{
	size_t bytes = 4096 * sizeof(uint64_t);
	_Atomic uint64_t *seen = fixture_shared(bytes);
	int twice = 0, taken = 0, total = 0;
	uint64_t member;

	setup();
	is_int(fixture_crowd(CROWD, come_and_go, seen), 0,
	       "eight processes come and go, some die in their places");
	for (int i = 0; i < 4096; i++) {
		twice += seen[i] > 1;
		total += seen[i] == 1;
	}
	ok(twice == 0 && total == CROWD * STAYS,
	   "every incarnation number is used once");
	pq_sweep_dead(seg, NULL);
	for (unsigned i = 0; i < PLACES; i++)
		taken += atomic_load(&seg->participants[i].member) != 0;
	ok(taken == 1 && !pq_member_dead(seg, keeper->place, &member),
	   "at last the one that stayed is the only one");
	teardown();
	munmap((void *)seen, bytes);
}

/* Takes the keeper's place as soon as it is given up. */
static void *usurp(void *arg)
{
	struct pq_participant *place = &seg->participants[keeper->place];
	uint64_t living = pq_member_id(PROCQ_ROLE_CONSUMER, *(uint64_t *)arg),
		 free = 0;

	while (!atomic_compare_exchange_weak(&place->member, &free, living))
		free = 0;
	return NULL;
}

/* Its place is taken while it tries to remove the queue, and no other is
 * left. */
static void test_usurped(void)
{
	struct procq *other;
	uint64_t living, word = 0;
	pthread_t thread;
	unsigned place;
	int rc = -EBUSY;

	setup();
	other = fixture_open(PROCQ_ROLE_CONSUMER, 0);
	living = other->incarnation;
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		if (i != keeper->place && i != other->place)
			atomic_store(&seg->participants[i].member,
				     pq_member_id(PROCQ_ROLE_CONSUMER, living));
	place = keeper->place;
	need(pthread_create(&thread, NULL, usurp, &living) == 0);
	while (rc == -EBUSY)
		rc = procq_remove(keeper);
	pthread_join(thread, NULL);
	is_int(rc, -EUSERS, "no place is left for one that could not remove it");
	ok(!pq_byte_held(seg, keeper->incarnation), "nor does it keep its byte");
	/* What the new tenant holds. */
	word = pq_load_word(seg, 0);
	need(pq_record_move(seg, 0, &word, pq_word_take(word, place + 1)));
	is_int(procq_give_back(keeper, 0), -EINVAL, "it takes part no more");
	is_int(procq_close(keeper), 0, "it leaves");
	seg = other->seg;
	is_int((intmax_t)pq_word_owner(pq_load_word(seg, 0)), place + 1,
	       "and robs nobody");
	procq_close(other);
	fixture_clean();
}

/* ---- one that can only read ---- */

static off_t lock_at, lock_length;

/* Place a read lock, as a process may that can only read the file. */
static void reader(void *arg)
{
	fixture_hold(fixture_locks(PQ_USE_SHM_LOCKS), F_RDLCK, lock_at,
		     lock_length, arg);
}

static pid_t start_reader(off_t at, off_t length)
{
	lock_at = at;
	lock_length = length;
	return fixture_launch(reader);
}

static int open_rc(uint32_t *found)
{
	return fixture_rc(PROCQ_ROLE_KEEPER, 0, 0, found);
}

static void test_readers(void)
{
	off_t base = PQ_LOCK_BASE;
	uint64_t incarnation, member;
	struct procq_stat s;
	uint32_t found;
	unsigned place;
	pid_t pid;
	int fd;

	setup();
	incarnation = atomic_load(&seg->header->next_incarnation);
	place = keeper->place + 1;
	fixture_run(join_and_die, NULL);
	pid = start_reader(base + (off_t)incarnation, 1);
	ok(pq_member_dead(seg, place, &member) &&
		   pq_member_incarnation(member) == incarnation,
	   "a reader's lock keeps nobody alive");
	procq_stat(keeper, &s);
	ok(s.dead == 1 && s.consumers == 0, "nor is anybody counted for it");
	is_int(open_rc(&found), 0,
	       "a newcomer draws another number");
	fixture_end(pid);
	pid = start_reader(base + (off_t)atomic_load(
				   &seg->header->next_incarnation), 0);
	ok(open_rc(&found) == -EBUSY &&
	   found == (uint32_t)pid,
	   "if a reader has locked all numbers, it is told who");
	ok(pq_byte_held(seg, keeper->incarnation),
	   "who has a number, keeps it");
	fixture_end(pid);
	is_int(open_rc(&found), 0, "then all is well");
	teardown();

	/* A creator that was killed at once. */
	fd = shm_open(fixture_object, O_RDWR | O_CREAT | O_EXCL, 0600);
	need(fd >= 0);
	close(fd);
	pid = start_reader(base, 1);
	ok(open_rc(&found) == -EBUSY &&
	   found == (uint32_t)pid, "nor does a creator wait for a reader");
	fixture_end(pid);
	is_int(open_rc(&found), 0, "then it builds");
	fixture_clean();
}

static void test_modes(void)
{
	static const unsigned bad[] = { 0644, 0604, 0640, 0660 | 04, 0444 };
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;
	int refused = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		o.mode = bad[i];
		refused += procq_open(&q, fixture_queue, &o) == -EINVAL;
	}
	is_int(refused, sizeof(bad) / sizeof(*bad),
	       "no queue is made for people who can only read it");
	o.mode = 0660;
	is_int(procq_open(&q, fixture_queue, &o), 0, "but for a group");
	procq_close(q);
}

int main(void)
{
	fixture_begin("member");
	test_join();
	test_final();
	test_sit_down();
	test_damaged_counter();
	test_all_places();
	test_dead();
	test_two_handles();
	test_fork();
	test_crowd();
	test_usurped();
	test_readers();
	test_modes();
	return done();
}
