/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * target.c - an input of the fuzzer: an object, which is joined and used as
 * its script says.
 *
 * The object is a real one, named by $FUZZ_OBJECT (pids come again in another
 * namespace) or after this process, and is opened through procq_open(), as by
 * any joiner. All that concerns processes is kernel.c's. Must not leave
 * anything behind between two inputs.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "procq.h"

#include "bell.h"
#include "clock.h"
#include "handle.h"
#include "layout.h"
#include "member.h"
#include "record.h"
#include "segment.h"
#include "sweep.h"

#include "kernel.h"
#include "target.h"

#define HANDLES 4
#define POKES 8

static char name[64];

/* What this input does. */
static struct procq *handles[HANDLES];
static uint64_t own[HANDLES * 64];	/* incarnations that were ours */
static size_t own_count;
static uint16_t ever_held;
static bool poked;
static char *map;			/* the object, as an attacker has it */
static size_t map_size;
static uint32_t map_capacity;

/* Writes of the attacker in the middle of a call of ours. */
static struct poke {
	uint16_t wait;
	uint16_t where;
	uint64_t value;
} pokes[POKES];
static unsigned poke_count;

/* The child that was started last and has not entered. */
static struct {
	struct procq *q;
	uint32_t slot;
	uint64_t word;
	int32_t pid;
} child;

/* ---- the input, byte by byte ---- */

struct input {
	const uint8_t *at;
	size_t left;
};

static uint8_t next_byte(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

static uint64_t next_number(struct input *in, unsigned bytes)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < bytes; i++)
		n |= (uint64_t)next_byte(in) << (8 * i);
	return n;
}

static void next_copy(struct input *in, void *to, size_t n)
{
	if (n > in->left)
		n = in->left;
	memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
}

/* ---- the object ---- */

/* A queue as its creator leaves it, up to the end of the rings. */
struct pristine {
	char *bytes;
	size_t used, size;
};

static const struct pristine *pristine_of(uint32_t capacity)
{
	static struct pristine all[FUZZ_CAPACITY_MAX + 1];
	struct pristine *p = &all[capacity];
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;

	if (p->bytes)
		return p;
	o.role = PROCQ_ROLE_PRODUCER;
	o.capacity = capacity;
	if (procq_open(&q, name, &o) < 0)
		abort();
	p->size = q->seg->size;
	p->used = (size_t)((char *)q->seg->records - (char *)q->seg->header);
	p->bytes = malloc(p->used);
	if (!p->bytes)
		abort();
	memcpy(p->bytes, (const void *)q->seg->header, p->used);
	procq_close(q);
	return p;
}

static void fix_header(struct pq_header *h, const struct pq_header *good,
		       unsigned wrong)
{
	if (!(wrong & FUZZ_WRONG_MAGIC))
		atomic_store(&h->magic, PQ_MAGIC);
	if (!(wrong & FUZZ_WRONG_VERSION)) {
		h->version = good->version;
		h->byte_order = good->byte_order;
		h->word_size = good->word_size;
		h->page_size = good->page_size;
		h->sem_size = good->sem_size;
		h->sem_kind = good->sem_kind;
		h->lock_place = good->lock_place;
		h->lock_base = good->lock_base;
		h->clock = good->clock;
	}
	if (!(wrong & FUZZ_WRONG_CAPACITY)) {
		h->capacity = good->capacity;
		h->size = good->size;
	}
	if (!(wrong & FUZZ_WRONG_BOOT)) {
		memcpy(h->boot_id, good->boot_id, sizeof(h->boot_id));
		h->pid_namespace = good->pid_namespace;
		h->pid_one = good->pid_one;
		h->time_namespace = good->time_namespace;
	}
	if (!(wrong & FUZZ_WRONG_LIMIT)) {
		atomic_store(&h->gate, atomic_load(&good->gate));
		atomic_store(&h->change, atomic_load(&good->change));
		h->first_limit = good->first_limit;
	}
	if (!(wrong & FUZZ_WRONG_LIFE) &&
	    atomic_load(&h->state) == PQ_OBJECT_FINAL)
		atomic_store(&h->state, PQ_OBJECT_OPEN);
}

static uint64_t ring_cells(uint64_t bytes)
{
	return bytes / sizeof(uint64_t);
}

static void lay_cells(struct input *in, char *cells, uint64_t size,
		      uint64_t head)
{
	for (uint64_t i = 0; i < FUZZ_CELLS && in->left > 0; i++)
		next_copy(in, cells + ((head - FUZZ_BEHIND + i) & (size - 1)) *
			  sizeof(uint64_t), sizeof(uint64_t));
}

/* Where the parts are: the same sums as in format.c, from the sizes that a
 * real one showed. */
static size_t ready_cells_of(uint32_t capacity)
{
	size_t n = 1;

	while (n < 3u * (size_t)capacity + PROCQ_PARTICIPANTS_MAX)
		n *= 2;
	return n;
}

static void lay_parts(struct input *in, char *base, const struct pristine *p,
		      uint32_t capacity, unsigned wrong)
{
	struct pq_header *h = (void *)base;
	char *ready = base + sizeof(*h), *records = base + p->used;
	char *free_ring = ready + ready_cells_of(capacity) * 8;
	char *participants = records +
			     capacity * sizeof(struct pq_record);

	next_copy(in, base, sizeof(*h));
	fix_header(h, (const void *)p->bytes, wrong);
	next_copy(in, records, capacity * sizeof(struct pq_record));
	next_copy(in, participants,
		  FUZZ_PARTICIPANTS * sizeof(struct pq_participant));
	lay_cells(in, ready, ready_cells_of(capacity),
		  atomic_load(&h->ready.head));
	lay_cells(in, free_ring, ring_cells((size_t)(records - free_ring)),
		  atomic_load(&h->free.head));
}

static char *map_new(const char *object, size_t size)
{
	int fd = shm_open(object, O_RDWR | O_CREAT | O_EXCL, 0600);
	char *base = NULL;

	if (fd < 0)
		return NULL;
	if (ftruncate(fd, (off_t)size) == 0 && size > 0) {
		base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    0);
		if (base == MAP_FAILED)
			base = NULL;
	}
	close(fd);
	return base;
}

static void unmap(void)
{
	if (map)
		munmap(map, map_size);
	map = NULL;
}

static void make_object(const char *object, const struct fuzz_options *o,
			struct input *in)
{
	uint32_t capacity = o->capacity % FUZZ_CAPACITY_MAX + 1;
	const struct pristine *p = pristine_of(capacity);
	int64_t size = (int64_t)p->size + o->size * 512;

	map_capacity = 0;
	map_size = o->kind & FUZZ_VERBATIM ? in->left : (size_t)size;
	map = map_new(object, map_size);
	if (!map)
		return;
	if (o->kind & FUZZ_VERBATIM) {
		next_copy(in, map, in->left);
		return;
	}
	memcpy(map, p->bytes, p->used);
	/* Cut short, it is only laid over as far as the tables begin. */
	if (map_size < p->size) {
		next_copy(in, map, sizeof(struct pq_header));
		fix_header((void *)map, (const void *)p->bytes, o->wrong);
		return;
	}
	map_capacity = capacity;
	lay_parts(in, map, p, capacity, o->wrong);
}

/* ---- the attacker ---- */

static void write_word(uint16_t where, uint64_t value)
{
	static const size_t starts = sizeof(struct pq_header);
	size_t at = where & 0x3fff, from = 0, length = starts;
	const struct pristine *p;

	if (!map || !map_capacity)
		return;
	p = pristine_of(map_capacity);
	switch (where >> 14) {
	case 1:
		from = p->used;
		length = map_capacity * sizeof(struct pq_record);
		break;
	case 2:
		from = p->used + map_capacity * sizeof(struct pq_record);
		length = FUZZ_PARTICIPANTS * sizeof(struct pq_participant);
		break;
	case 3:
		from = starts;
		length = p->used - starts;
		break;
	default:
		break;
	}
	at = from + at * 8 % length;
	atomic_store((_Atomic uint64_t *)(void *)(map + at), value);
	poked = true;
}

static void tick(void)
{
	for (unsigned i = 0; i < poke_count; i++)
		if (pokes[i].wait && --pokes[i].wait == 0)
			write_word(pokes[i].where, pokes[i].value);
}

/* ---- what may be signalled ---- */

static bool was_alive(uint64_t incarnation)
{
	for (size_t i = 0; i < own_count; i++)
		if (own[i] == incarnation)
			return true;
	return incarnation && ever_held >> (incarnation & 15) & 1;
}

/* Worked out anew from the object: is it a process that one of ours has
 * taken, and either its producer lived or it is provably the recorded one? */
static bool proven(int32_t pid, uint64_t ident)
{
	if (poked)
		return true;
	for (int h = 0; h < HANDLES; h++) {
		struct pq_segment *seg = handles[h] ? handles[h]->seg : NULL;

		if (!seg || handles[h]->role == PROCQ_ROLE_ONLOOKER)
			continue;
		for (uint32_t i = 0; i < seg->capacity; i++) {
			uint64_t word = pq_load_word(seg, i);
			struct pq_snapshot view;

			if (pq_word_state(word) != PROCQ_STATE_TAKEN ||
			    pq_word_owner(word) != handles[h]->place + 1)
				continue;
			pq_record_snapshot(seg, i, word, &view);
			if (view.pid == pid && (was_alive(view.producer) ||
						view.ident == ident))
				return true;
		}
	}
	return false;
}

/* ---- the script ---- */

static void open_handle(unsigned h, unsigned how)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;

	if (handles[h])
		return;
	o.role = how % 4 + 1;
	o.flags = how & 4 ? PROCQ_OPEN_NOCREATE : 0;
	o.flags |= how & 8 ? PROCQ_OPEN_REAP_ALL : 0;
	o.capacity = how & 16 ? map_capacity : 0;
	o.deadline = procq_now() + INT64_C(2000000000);
	if (procq_open(&handles[h], name, &o) < 0)
		return;
	if (own_count < sizeof(own) / sizeof(*own))
		own[own_count++] = procq_incarnation(handles[h]);
}

static void close_handle(unsigned h)
{
	if (child.q == handles[h])
		child.q = NULL;
	procq_close(handles[h]);
	handles[h] = NULL;
}

static void snapshot(const struct procq *q, uint32_t max)
{
	struct procq_process all[FUZZ_CAPACITY_MAX];
	int n = procq_snapshot(q, all, max % (FUZZ_CAPACITY_MAX + 1));

	if (n > (int)procq_capacity(q))
		abort();
	for (int i = 0; i < n && i < (int)(max % (FUZZ_CAPACITY_MAX + 1)); i++)
		if (strlen(all[i].label) >= PROCQ_LABEL_SIZE ||
		    all[i].slot >= procq_capacity(q))
			abort();
}

static void spawn(struct procq *q, unsigned how)
{
	static const char *const argv[] = { "/bin/sh", "-c", ":", NULL };
	struct procq_command c = PROCQ_COMMAND_INIT;
	struct procq_process p;

	c.method = PROCQ_METHOD_FORK;
	c.flags = how &
		  (PROCQ_SPAWN_KEEP | PROCQ_SPAWN_GROUP | PROCQ_SPAWN_STDIN);
	if ((how & 24) == 24)
		c.flags |= PROCQ_SPAWN_ENTERED;
	if (how & 32)
		c.argv = argv;
	if (procq_spawn(q, &c, &p) < 0)
		return;
	child.q = q;
	child.slot = p.slot;
	child.word = pq_load_word(q->seg, p.slot);
	child.pid = kernel_last_child();
}

/* What the child itself does. */
static void enter(void)
{
	struct pq_entry entry = { .pid = child.pid, .now = pq_clock_life() };
	uint64_t seq;

	if (!child.q)
		return;
	entry.ident = kernel_ident(child.pid);
	pq_record_enter(child.q->seg, child.slot, child.word, &entry, &seq);
	/* Its parent's bell is the parent's own place. */
	pq_wake(child.q->seg, child.q->place, PQ_ENTRY);
	child.q = NULL;
}

static void reserve(struct procq *q)
{
	struct pq_origin origin = { .incarnation = q->incarnation,
				    .ppid = 5 };
	uint64_t word;
	int64_t slot;

	if (q->role == PROCQ_ROLE_ONLOOKER)
		return;
	slot = pq_record_reserve(q->seg, q->place + 1, &origin, &word);
	if (slot >= 0)
		pq_record_cancel(q->seg, (uint32_t)slot, word);
}

static void take_only(struct procq *q)
{
	struct procq_process next, p;

	if (procq_peek(q, &next) == 0 && procq_take(q, &next, &p) < 0)
		procq_take_this(q, &next, &p);
}

static void collect(struct procq *q)
{
	struct procq_event e;
	int n = 0;

	while (procq_collect(q, &e) > 0)
		/* Each frees a flight of its own. */
		if (++n > 100000)
			abort();
}

static void look(struct procq *q)
{
	struct procq_histogram h;

	procq_object(q);
	if (procq_occupied(q) > procq_capacity(q) ||
	    procq_limit(q) > procq_capacity(q))
		abort();
	procq_histogram(q, PROCQ_HISTOGRAM_LATENCY, &h);
	procq_in_flight(q);
	procq_children(q);
}

static void set_lease(struct procq *q, unsigned arg)
{
	struct procq_lease l = PROCQ_LEASE_INIT;

	procq_lease(q, &l);
	l.policy = arg >> 3 & 3;
	l.granted = arg >> 5 & 7;
	l.deadline = arg & 1 ? 0 : PROCQ_FOREVER;
	l.epoch &= PROCQ_EPOCH_MAX;
	procq_set_lease(q, &l);
}

/* What a participant sets for all, or for its own takes. */
static void set(struct procq *q, unsigned arg)
{
	if (!(arg & 6))
		procq_set_closed(q, arg & 1);
	else if (!(arg & 2))
		set_lease(q, arg);
	else if (arg & 4)
		procq_set_gap(q, INT64_C(1000) << (arg >> 3 & 7));
	else
		procq_set_limit(q, arg >> 3 & 7);
}

static void sweep(struct procq *q)
{
	if (q->role != PROCQ_ROLE_ONLOOKER)
		pq_sweep_dead(q->seg, NULL);
}

static void arm(struct input *in, unsigned wait)
{
	struct poke *poke = &pokes[poke_count % POKES];

	poke->where = (uint16_t)next_number(in, 2);
	poke->value = next_number(in, 8);
	poke->wait = (uint16_t)(wait + 1);
	if (poke_count < POKES)
		poke_count++;
}

/* Those that need no handle. */
static bool step_outside(enum fuzz_op op, unsigned arg, struct input *in)
{
	uint16_t where, held;

	switch (op) {
	case OP_OPEN:
		open_handle(arg >> 6, arg & 63);
		break;
	case OP_ENTER:
		enter();
		break;
	case OP_DIE:
		kernel_die(arg & 63 ? arg & 63 : kernel_count() - 1,
			   arg & 64 ? CLD_EXITED : CLD_KILLED, (int)arg);
		break;
	case OP_ADVANCE:
		kernel_advance(INT64_C(1000) << (arg & 31));
		break;
	case OP_HELD:
		held = (uint16_t)next_number(in, 2);
		ever_held |= held;
		kernel_set_held(held);
		break;
	case OP_FAIL:
		kernel_fail(arg & 1 ? EMFILE : arg & 2 ? ENOMEM
			    : arg & 8 ? EINVAL : EAGAIN);
		break;
	case OP_STRANGER:
		kernel_stranger();
		break;
	case OP_POKE:
		where = (uint16_t)next_number(in, 2);
		write_word(where, next_number(in, 8));
		break;
	case OP_ARM:
		arm(in, arg);
		break;
	default:
		return false;
	}
	return true;
}

static void step_inside(enum fuzz_op op, struct procq *q, unsigned arg,
			struct input *in)
{
	struct procq_process p;
	struct procq_report report;
	struct procq_event e;
	struct procq_stat s;

	switch (op) {
	case OP_STAT:
		procq_stat(q, &s);
		break;
	case OP_SNAPSHOT:
		snapshot(q, next_byte(in));
		break;
	case OP_PEEK:
		procq_peek(q, &p);
		break;
	case OP_TAKE:
		procq_take(q, NULL, &p);
		break;
	case OP_TAKE_ONLY:
		take_only(q);
		break;
	case OP_TAKE_OWN:
		procq_take_own(q, &p);
		break;
	case OP_TAKE_EXITED:
		procq_take_exited(q, &p);
		break;
	case OP_SIGNAL:
		procq_signal(q, arg & 63, next_byte(in), arg & 1);
		break;
	case OP_COLLECT:
		collect(q);
		break;
	case OP_GIVE_BACK:
		procq_give_back(q, arg & 63);
		break;
	case OP_SPAWN:
		spawn(q, arg & 63);
		break;
	case OP_REAP:
		procq_reap(q);
		break;
	case OP_REAP_ONE:
		procq_reap_one(q, &e);
		break;
	case OP_WAIT:
		procq_wait(q, arg & 15, arg & 16 ? PROCQ_FOREVER
			   : procq_now() + INT64_C(1000000));
		break;
	case OP_CHECK:
		procq_check(q, &report);
		break;
	case OP_DRAINED:
		procq_drained(q);
		break;
	case OP_REMOVE:
		procq_remove(q);
		break;
	case OP_SET:
		set(q, arg & 63);
		break;
	case OP_RESERVE:
		reserve(q);
		break;
	case OP_SWEEP:
		sweep(q);
		break;
	case OP_CHILD:
		if (procq_child(q, arg & 63, &p) == 0)
			procq_entered(q, &p);
		break;
	case OP_LOOK:
		look(q);
		break;
	default:
		break;
	}
}

static void run_script(struct input *in)
{
	while (in->left >= 2) {
		enum fuzz_op op = next_byte(in) % OP_COUNT;
		unsigned arg = next_byte(in);
		struct procq *q = handles[arg >> 6];

		if (step_outside(op, arg, in) || !q)
			continue;
		if (op == OP_CLOSE)
			close_handle(arg >> 6);
		else
			step_inside(op, q, arg, in);
	}
}

/* ---- an input ---- */

/* The processes that the first records name. */
static void populate(const struct fuzz_options *o)
{
	unsigned exist = o->exist[0] | (unsigned)o->exist[1] << 8;
	unsigned match = o->match[0] | (unsigned)o->match[1] << 8;
	const struct pq_record *r;

	if (!map_capacity)
		return;
	r = (const void *)(map + pristine_of(map_capacity)->used);
	for (uint32_t i = 0; i < map_capacity && i < 16; i++) {
		uint64_t member = atomic_load(&r[i].pid);
		uint64_t ident = pq_untag(atomic_load(&r[i].ident),
					  PQ_IDENT_BITS);

		if (exist >> i & 1)
			kernel_add((int32_t)pq_untag(member, PQ_PID_BITS),
				   match >> i & 1 ? ident : ident + 1);
	}
}

static void begin(void)
{
	const char *given = getenv("FUZZ_OBJECT");

	kernel_reset();
	if (given)
		snprintf(name, sizeof(name), "%s", given);
	else
		snprintf(name, sizeof(name), "/procq-fuzz.%ld",
			 (long)getpid());
	shm_unlink(name);
	memset(handles, 0, sizeof(handles));
	memset(&child, 0, sizeof(child));
	own_count = 0;
	poke_count = 0;
	poked = false;
}

static void end(void)
{
	for (unsigned h = 0; h < HANDLES; h++)
		close_handle(h);
	kernel_tick = NULL;
	kernel_proven = NULL;
	unmap();
	shm_unlink(name);
	kernel_reset();
}

static bool read_options(struct input *in, struct fuzz_options *o,
			 struct input *script)
{
	size_t length;

	if (in->left < sizeof(*o))
		return false;
	next_copy(in, o, sizeof(*o));
	length = (o->script[0] | (size_t)o->script[1] << 8) %
		 (FUZZ_SCRIPT_MAX + 1);
	if (length > in->left)
		length = in->left;
	*script = (struct input){ in->at, length };
	in->at += length;
	in->left -= length;
	return true;
}

int fuzz_make_object(const char *object, const uint8_t *data, size_t size)
{
	struct input in = { data, size }, script;
	struct fuzz_options o;

	begin();
	if (!read_options(&in, &o, &script))
		return -1;
	make_object(object, &o, &in);
	unmap();
	kernel_reset();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size }, script;
	struct fuzz_options o;

	begin();
	if (!read_options(&in, &o, &script))
		return 0;
	make_object(name, &o, &in);
	populate(&o);
	ever_held = (uint16_t)(o.held[0] | o.held[1] << 8);
	kernel_set_held(ever_held);
	kernel_tick = tick;
	kernel_proven = proven;
	run_script(&script);
	end();
	return 0;
}
