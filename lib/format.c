/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * format.c - what is in an object: how it is laid out, filled when it is new,
 * and judged when it is found.
 * Must not open, lock or map an object: it is handed the memory.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "format.h"
#include "identity.h"
#include "lock.h"
#include "proc.h"
#include "sem.h"

/* ---- sizes ---- */

static uint64_t power_of_two(uint64_t least)
{
	uint64_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

/* There are at most as many valid hints as records, and each participant can be
 * about to append a duplicate. The ready ring has room for as many stale ones
 * again, so that an appender seldom has to look at the head. With the rings, a
 * record takes 192 bytes at most, in use or not. */
static uint64_t ready_size(uint32_t capacity)
{
	return power_of_two(3u * (uint64_t)capacity +
			    PROCQ_PARTICIPANTS_MAX);
}

static uint64_t free_size(uint32_t capacity)
{
	return power_of_two((uint64_t)capacity + 2 * PROCQ_PARTICIPANTS_MAX);
}

struct offsets {
	size_t ready, free, records, participants, histograms, end;
};

static struct offsets offsets_of(uint32_t capacity)
{
	struct offsets at;

	at.ready = sizeof(struct pq_header);
	at.free = at.ready + (size_t)ready_size(capacity) * 8;
	at.records = at.free + (size_t)free_size(capacity) * 8;
	at.participants = at.records +
			  (size_t)capacity * sizeof(struct pq_record);
	at.histograms = at.participants +
			PROCQ_PARTICIPANTS_MAX * sizeof(struct pq_participant);
	at.end = at.histograms +
		 PROCQ_HISTOGRAMS * sizeof(struct pq_histogram);
	return at;
}

size_t pq_segment_bytes(uint32_t capacity)
{
	return offsets_of(capacity).end;
}

void pq_format_locate(struct pq_segment *seg, char *base, uint32_t capacity)
{
	struct offsets at = offsets_of(capacity);

	seg->size = at.end;
	seg->capacity = capacity;
	seg->header = (void *)base;
	seg->participants = (void *)(base + at.participants);
	seg->records = (void *)(base + at.records);
	seg->histograms = (void *)(base + at.histograms);
	seg->ready = (struct pq_ring){
		.ends = &seg->header->ready,
		.cells = (void *)(base + at.ready),
		.fresh = pq_hint_ready, .moves = pq_hint_moves, .arg = seg,
	};
	seg->free = (struct pq_ring){
		.ends = &seg->header->free,
		.cells = (void *)(base + at.free),
		.fresh = pq_hint_free, .arg = seg,
	};
	pq_ring_shape(&seg->ready, ready_size(capacity));
	pq_ring_shape(&seg->free, free_size(capacity));
}

/* ---- what the header says of machine and time ---- */

/* Where a process is. */
struct world {
	uint64_t boot_id[2];
	uint64_t pid_namespace;
	uint64_t pid_one;
	uint64_t time_namespace;
};

#if PQ_USE_LINUX

/* Zeros if the system has none; an error if it can't be read just now. */
static int read_boot_id(uint64_t id[2])
{
	char text[64] = "";	/* an analyzer thinks -errno may be 0 */
	size_t digits = 0;
	ssize_t got;

	id[0] = id[1] = 0;
	got = pq_proc_read("/proc/sys/kernel/random/boot_id", text, sizeof(text));
	if (got < 0)
		return got == -ENOENT || got == -EACCES ? 0 : (int)got;
	for (const char *p = text; *p && digits < 32; p++) {
		const char *hex = "0123456789abcdef";
		const char *d = strchr(hex, *p);

		if (!d)
			continue;
		id[digits / 16] = id[digits / 16] << 4 | (uint64_t)(d - hex);
		digits++;
	}
	return 0;
}

/* The inode of a namespace of this process; 0 if the system has none. If it
 * can't be read just now, that is an error, and the queue does not look like
 * one of another namespace. */
static int read_namespace(const char *path, uint64_t *id)
{
	struct stat st;

	*id = 0;
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	*id = st.st_ino;
	return 0;
}

/* Where this process runs: which boot, which namespaces. Unlike a boot, an
 * unknown namespace does not match all others: a pid of the queue could be
 * another process here. Linux has PID namespaces even if there is no /proc to
 * see them in: then no process may join. */
static int find_world(struct world *here)
{
	int rc = read_boot_id(here->boot_id);

	here->pid_namespace = here->time_namespace = here->pid_one = 0;
	if (rc == 0)
		rc = read_namespace("/proc/self/ns/pid", &here->pid_namespace);
	if (rc == 0 && !here->pid_namespace)
		rc = -ENOTSUP;
	if (rc == 0)
		rc = read_namespace("/proc/self/ns/time",
				    &here->time_namespace);
	if (rc == 0 && pq_proc_is_ours())
		here->pid_one = pq_ident_of(PQ_IDENT_START, -1, 1);
	return rc;
}

#else

static int find_world(struct world *here)
{
	memset(here, 0, sizeof(*here));
	return 0;
}

#endif

/* May these be of the same boot? Yes, if one of them is unknown. */
static bool same_boot(const uint64_t a[2], const uint64_t b[2])
{
	return (a[0] == b[0] && a[1] == b[1]) || (a[0] | a[1]) == 0 ||
	       (b[0] | b[1]) == 0;
}

/* ---- how this library is built ---- */

static enum pq_lock_place lock_place(void)
{
#if PQ_USE_SHM_LOCKS
	return PQ_LOCKS_INSIDE;
#else
	return PQ_LOCKS_BESIDE;
#endif
}

/* ---- filling ---- */

static int fill_build(struct pq_header *h)
{
	h->version = PQ_VERSION;
	h->byte_order = PQ_BYTE_ORDER_MARK;
	h->word_size = sizeof(void *);
	h->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	h->sem_size = sizeof(pq_sem);
	h->lock_place = lock_place();
	h->lock_base = (uint64_t)PQ_LOCK_BASE;
	h->clock = (uint32_t)PQ_CLOCK_LIFE;
	return pq_sem_kind(&h->sem_kind);
}

static int fill_header(struct pq_header *h, uint32_t capacity)
{
	struct world here;
	int rc = find_world(&here);

	if (rc == 0)
		rc = fill_build(h);
	h->capacity = capacity;
	h->size = pq_segment_bytes(capacity);
	h->created = pq_clock_wall();
	atomic_store_explicit(&h->next_incarnation, 1, memory_order_relaxed);
	memcpy(h->boot_id, here.boot_id, sizeof(h->boot_id));
	h->pid_namespace = here.pid_namespace;
	h->pid_one = here.pid_one;
	h->time_namespace = here.time_namespace;
	return rc;
}

int pq_format_fill(struct pq_segment *seg, uint32_t limit)
{
	int rc = fill_header(seg->header, seg->capacity);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		rc = pq_sem_make(&seg->participants[i].bell);
		if (rc < 0)
			return rc;
	}
	pq_ring_format(&seg->ready);
	pq_ring_format(&seg->free);
	for (uint32_t i = 0; i < seg->capacity; i++) {
		if (i >= limit)
			atomic_store(&seg->records[i].word,
				     pq_word_park(seg->records[i].word));
		else if (!pq_ring_append(&seg->free, i, 0, NULL))
			return -EBADMSG;
	}
	seg->header->first_limit = limit;
	atomic_store(&seg->header->gate, pq_gate(limit, limit, false, 0));
	return 0;
}

/* ---- judging ---- */

/* Nothing but zeros after the magic? */
static bool is_blank(const struct pq_header *h)
{
	static const char zeros[sizeof(*h) - sizeof(h->magic)];

	return memcmp((const char *)h + sizeof(h->magic), zeros,
		      sizeof(zeros)) == 0;
}

/* What of the build differs; 0: nothing.
 * @param kind pq_sem_kind() */
static uint32_t find_difference(const struct pq_header *h, uint64_t kind)
{
	if (h->byte_order != PQ_BYTE_ORDER_MARK)
		return PROCQ_DIFFERS_MACHINE;
	/* Beyond here, another version may mean something else. */
	if (h->version != PQ_VERSION)
		return PROCQ_DIFFERS_VERSION;
	if (h->word_size != sizeof(void *) ||
	    h->page_size != (uint32_t)sysconf(_SC_PAGESIZE))
		return PROCQ_DIFFERS_MACHINE;
	if (h->lock_place != lock_place() ||
	    h->lock_base != (uint64_t)PQ_LOCK_BASE)
		return PROCQ_DIFFERS_LOCKS;
	if (h->sem_size != sizeof(pq_sem) || h->sem_kind != kind)
		return PROCQ_DIFFERS_SEMAPHORE;
	if (h->clock != (uint32_t)PQ_CLOCK_LIFE)
		return PROCQ_DIFFERS_CLOCK;
	return 0;
}

/* Of a queue: can it be used here, and is it about to be removed? */
static int judge_finished(const struct pq_header *h, uint32_t *differs)
{
	uint64_t kind;
	int rc = pq_sem_kind(&kind);

	if (rc < 0)
		return rc;
	*differs = find_difference(h, kind);
	if (*differs)
		return -EPROTONOSUPPORT;
	return atomic_load(&h->state) == PQ_OBJECT_FINAL ? PQ_FINISHED_FINAL
							 : PQ_FINISHED;
}

/* As a machine of the other order of bytes reads it. */
static uint64_t swapped(uint64_t magic)
{
	uint64_t other = 0;

	for (int i = 0; i < 8; i++, magic >>= 8)
		other = other << 8 | (magic & 0xff);
	return other;
}

int pq_format_judge(const struct pq_header *h, size_t size, uint32_t *differs)
{
	for (;;) {
		uint64_t magic = atomic_load_explicit(&h->magic,
						      memory_order_acquire);

		if (magic == PQ_MAGIC_BUILDING)
			return PQ_UNFINISHED;
		if (magic == PQ_MAGIC)
			return judge_finished(h, differs);
		if (magic == swapped(PQ_MAGIC)) {
			*differs = PROCQ_DIFFERS_MACHINE;
			return -EPROTONOSUPPORT;
		}
		if (magic != 0 || size != sizeof(*h))
			return -EBADMSG;
		/* The first step of a creator: an empty header. */
		if (is_blank(h))
			return PQ_UNFINISHED;
		/* No queue; unless its creator has just gone on. */
		if (atomic_load(&h->magic) == 0)
			return -EBADMSG;
	}
}

/* An inode of a namespace is soon used again: so is its pid 1 the same? In
 * another time namespace it seems to have started at another time. */
static bool same_pid_namespace(const struct pq_header *h,
			       const struct world *here)
{
	return h->pid_namespace == here->pid_namespace &&
	       (h->pid_one == here->pid_one || !h->pid_one || !here->pid_one ||
		h->time_namespace != here->time_namespace);
}

int pq_format_verify(const struct pq_header *h, size_t size,
		     struct procq_options *options)
{
	/* Read once: a hostile object may change in between. */
	uint32_t capacity = *(const volatile uint32_t *)&h->capacity;
	uint32_t limit = pq_gate_limit(atomic_load(&h->gate));
	struct world here;
	int rc;

	options->found = capacity;
	if (capacity < 1 || capacity > PROCQ_CAPACITY_MAX ||
	    limit > capacity || h->size != pq_segment_bytes(capacity) ||
	    size < pq_segment_bytes(capacity))
		return -EBADMSG;
	rc = find_world(&here);
	if (rc < 0)
		return rc;
	if (!same_boot(here.boot_id, h->boot_id))
		return -ESTALE;
	options->found = 0;
	if (!same_pid_namespace(h, &here))
		return -EXDEV;
	options->found = PROCQ_FOREIGN_TIME;
	if (h->time_namespace != here.time_namespace)
		return -EXDEV;
	options->found = limit;
	options->found_max = capacity;
	if (options->capacity && options->capacity != limit &&
	    options->capacity != h->first_limit)
		return -EEXIST;
	if (options->max && options->max != capacity)
		return -EEXIST;
	options->found = options->found_max = 0;
	return (int)capacity;
}
