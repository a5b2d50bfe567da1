/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checker.c - an independent look at the object and at /proc.
 *
 * Reads the object as bytes at numbers, and includes nothing of lib/: a
 * mistake there is not made here a second time. Must not write anything.
 */
#include <config.h>

#include "crash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FREE, RESERVED, QUEUED, TAKEN, EXITED, GONE, PARKED };

#define PLACES ((unsigned)CRASH_PLACES)
/* A hint: lap:19 index:20 generation:25. */
#define HINT_GEN ((UINT64_C(1) << 25) - 1)
#define HINT_LAPS ((UINT64_C(1) << 19) - 1)
#define GEN_MASK ((UINT64_C(1) << 40) - 1)
#define INCARNATION_MASK ((UINT64_C(1) << 48) - 1)
#define LOCK_BASE (INT64_C(1) << 40)
#define LOCK_BYTES (INT64_C(1) << 48)

/* Offsets. */
#define H_MAGIC 0
#define H_CAPACITY 52
#define H_SIZE 56
#define H_LIFE 128
#define H_GATE 184		/* limit:21 have:21 done:1 number:21 */
#define H_CHANGE 192		/* kind:2 and the rest */
#define H_READY 512		/* head, tail 128 on */
#define H_FREE 768
#define H_ROOM 1024		/* bits of the waiters */
#define H_ARRIVALS 1280
#define H_EXITS 1536
#define LOOKOUT 128		/* behind each but the last */
#define HEADER 1920
#define RECORD 128
#define R_WHO 8
#define R_LIVES 40
#define R_PRODUCER 48
#define PARTICIPANT 128
#define P_INTENT 8
#define P_TALLY 16
#define HISTOGRAMS 2		/* lifetimes, latencies */
#define HISTOGRAM 384		/* 38 counts and a sum, in whole lines */
#define BUCKETS 38

#define SETTLE_MS 3000
#define PROCESSES_MAX 256

char object_name[OBJECT_NAME_SIZE];

static const unsigned char *base;
static size_t size;
static int fd = -1, locks = -1;
static uint32_t capacity;
static size_t ready_at, free_at, records_at, participants_at, histograms_at;
static uint64_t ready_cells, free_cells;

/* The first fault of this look. */
static char fault[TROUBLE_SIZE];

__attribute__((__format__(__printf__, 1, 2)))
static void find(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_first(fault, format, args);
	va_end(args);
}

/* ---- the object ---- */

static uint64_t get64(size_t at)
{
	return __atomic_load_n((const uint64_t *)(const void *)(base + at),
			       __ATOMIC_SEQ_CST);
}

static uint32_t get32(size_t at)
{
	return __atomic_load_n((const uint32_t *)(const void *)(base + at),
			       __ATOMIC_SEQ_CST);
}

bool object_exists(void)
{
	int f = shm_open(object_name, O_RDONLY, 0);

	if (f >= 0)
		close(f);
	return f >= 0;
}

static void locks_name(char *path, size_t room)
{
	snprintf(path, room, "/tmp/procq-lock.%s", object_name + 1);
}

int open_locks(int object, int flags)
{
#if PQ_USE_SHM_LOCKS
	(void)flags;
	return object;
#else
	char path[OBJECT_NAME_SIZE + 32];

	(void)object;
	locks_name(path, sizeof(path));
	return open(path, O_RDWR | flags, 0600);
#endif
}

void remove_object(void)
{
	char path[OBJECT_NAME_SIZE + 32];

	shm_unlink(object_name);
	locks_name(path, sizeof(path));
	unlink(path);
}

static uint64_t round_up(uint64_t least)
{
	uint64_t n = 1;

	while (n < least)
		n <<= 1;
	return n;
}

static bool look(void)
{
	struct stat st;
	void *map;

	fd = shm_open(object_name, O_RDONLY, 0);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < HEADER) {
		find("there is no object");
		return false;
	}
	size = (size_t)st.st_size;
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		find("mmap: %s", strerror(errno));
		return false;
	}
	base = map;
	locks = open_locks(fd, 0);
	capacity = get32(H_CAPACITY);
	ready_cells = round_up(3 * (uint64_t)capacity + PLACES);
	free_cells = round_up((uint64_t)capacity + 2 * PLACES);
	ready_at = HEADER;
	free_at = ready_at + 8 * ready_cells;
	records_at = free_at + 8 * free_cells;
	participants_at = records_at + RECORD * (size_t)capacity;
	histograms_at = participants_at + PLACES * PARTICIPANT;
	if (memcmp(base, "PROCPQ01", 8) != 0 || capacity != CAPACITY ||
	    size != histograms_at + HISTOGRAMS * HISTOGRAM ||
	    get64(H_SIZE) != size) {
		find("the header is not what it should be");
		return false;
	}
	return true;
}

static void look_away(void)
{
	if (base)
		munmap((void *)(uintptr_t)base, size);
	if (locks >= 0 && locks != fd)
		close(locks);
	if (fd >= 0)
		close(fd);
	base = NULL;
	fd = locks = -1;
}

static uint64_t word_at(uint32_t slot)
{
	return get64(records_at + slot * RECORD);
}

static unsigned state_of(uint64_t w)
{
	return (unsigned)(w >> 60);
}

static uint64_t place_at(unsigned place)
{
	return get64(participants_at + place * PARTICIPANT);
}

static bool byte_held(uint64_t incarnation)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
			    .l_len = 1 };

	fl.l_start = (off_t)(LOCK_BASE + (int64_t)incarnation);
	return fcntl(locks, F_GETLK, &fl) == 0 && fl.l_type != F_UNLCK;
}

static uint64_t producer_of(uint32_t slot)
{
	return get64(records_at + slot * RECORD + R_PRODUCER) &
	       INCARNATION_MASK;
}

/* ---- what must hold ---- */

static uint64_t generations[CAPACITY];

static void check_word(uint32_t slot)
{
	uint64_t w = word_at(slot), gen = w & GEN_MASK;
	unsigned state = state_of(w), flags = w >> 56 & 15;
	unsigned owner = w >> 40 & 0xffff, returned = 4, dead = 1, ask = 2;
	unsigned lost = 8;
	bool good;

	if (state == FREE || state == RESERVED || state == PARKED)
		good = flags == 0 && (owner != 0) == (state == RESERVED);
	else if (state == TAKEN)
		good = owner != 0 && ((flags & ~returned) == 0 ||
				      (flags & ~returned) == dead ||
				      (flags & ~returned) == (dead | lost) ||
				      (flags & ~returned) == ask);
	else
		good = state <= GONE && owner == 0 &&
		       (flags & ~returned & (state == EXITED ? ~lost : ~0u)) ==
			       0;
	if (!good || owner > PLACES)
		find("record %u: word %#jx is not legal", (unsigned)slot,
		     (uintmax_t)w);
	if (gen < generations[slot])
		find("record %u: generation %ju after %ju", (unsigned)slot,
		     (uintmax_t)gen, (uintmax_t)generations[slot]);
	if (state == RESERVED)
		find("record %u: reserved, and nobody starts a process",
		     (unsigned)slot);
	if (state == GONE && !byte_held(producer_of(slot)))
		find("record %u: gone, and its parent is dead",
		     (unsigned)slot);
	if (owner && owner <= PLACES && place_at(owner - 1) == 0)
		find("record %u: its owner has left", (unsigned)slot);
}

static void check_places(void)
{
	uint64_t sitting = 0;
	int64_t bytes;

	for (unsigned i = 0; i < PLACES; i++) {
		uint64_t member = place_at(i);
		uint64_t bit = UINT64_C(1) << (i % 64);
		size_t w = i / 64 * 8;

		if (member && !byte_held(member & INCARNATION_MASK))
			find("place %u: its tenant is dead", i);
		if (get64(participants_at + i * PARTICIPANT + P_INTENT))
			find("place %u: an intent is left", i);
		if (!member && ((get64(H_ROOM + w) | get64(H_ARRIVALS + w) |
				 get64(H_EXITS + w)) &
				bit))
			find("place %u: empty, and it waits", i);
		if (!member && (get64(H_ROOM + LOOKOUT) == i + 1 ||
				get64(H_ARRIVALS + LOOKOUT) == i + 1))
			find("place %u: empty, and on the lookout", i);
		sitting += member != 0;
	}
	/* Each tenant has one, as was seen; so nobody has another. */
	bytes = bytes_held(locks, LOCK_BASE + 1, LOCK_BASE + LOCK_BYTES);
	if (bytes < 0)
		find("F_GETLK: %s", strerror(errno));
	if (bytes != (int64_t)sitting)
		find("%ju places are taken, and %jd lock bytes held",
		     (uintmax_t)sitting, (intmax_t)bytes);
}

static bool has_hint(size_t ring_at, uint64_t cells, size_t ends, uint32_t slot)
{
	uint64_t head = get64(ends), gen = word_at(slot) & HINT_GEN;

	for (uint64_t p = head; p < head + cells; p++) {
		uint64_t c = get64(ring_at + 8 * (p & (cells - 1)));

		if (c >> 45 == (p / cells & HINT_LAPS) &&
		    (c >> 25 & 0xfffff) == slot && (c & HINT_GEN) == gen)
			return true;
	}
	return false;
}

static void check_hints(void)
{
	for (uint32_t i = 0; i < capacity; i++) {
		unsigned state = state_of(word_at(i));

		if (state == FREE &&
		    !has_hint(free_at, free_cells, H_FREE, i))
			find("record %u: free, without a hint", (unsigned)i);
		if ((state == QUEUED || state == EXITED) &&
		    !has_hint(ready_at, ready_cells, H_READY, i))
			find("record %u: queued, without a hint", (unsigned)i);
	}
}

/* Filled cells are those from head to tail; one more may be filled. */
static void check_ring(size_t ring_at, uint64_t cells, size_t ends,
		       const char *name)
{
	uint64_t head = get64(ends), tail = get64(ends + 128);

	if (head > tail + 1 || tail > head + cells)
		find("%s ring: head %ju, tail %ju", name, (uintmax_t)head,
		     (uintmax_t)tail);
	for (uint64_t p = head; p < head + cells; p++) {
		uint64_t c = get64(ring_at + 8 * (p & (cells - 1)));
		uint64_t lap = c >> 45;
		bool filled = lap == (p / cells & HINT_LAPS);

		if (p < tail && !filled)
			find("%s ring: position %ju is a hole", name,
			     (uintmax_t)p);
		if (p > tail && filled)
			find("%s ring: position %ju is beyond the tail", name,
			     (uintmax_t)p);
		if (!filled && lap != ((p / cells - 1) & HINT_LAPS))
			find("%s ring: a cell of lap %ju at %ju", name,
			     (uintmax_t)lap, (uintmax_t)p);
	}
}

/* As many are not parked as the gate says; and that is the limit, if none was
 * in use when that was set. */
static void check_gate(bool empty)
{
	uint64_t gate = get64(H_GATE), limit = gate >> 43;
	uint64_t have = gate >> 22 & 0x1fffff, found = 0;

	/* One that is frozen may be in the middle of it. */
	if (get64(H_CHANGE) >> 62)
		return;
	for (uint32_t i = 0; i < capacity; i++)
		found += state_of(word_at(i)) != PARKED;
	if (found != have)
		find("%ju records are not parked, counted are %ju",
		     (uintmax_t)found, (uintmax_t)have);
	if (limit > capacity)
		find("a limit of %ju", (uintmax_t)limit);
	if (empty && have != limit)
		find("%ju records, with a limit of %ju", (uintmax_t)have,
		     (uintmax_t)limit);
}

static uint64_t reported_as(unsigned kind)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < PLACES; i++)
		sum += get64(participants_at + i * PARTICIPANT + P_TALLY +
			     8 * kind);
	return sum;
}

/* started = retired + exited + lost + present. */
static void check_sum(void)
{
	uint64_t started = 0, reported = 0, present = 0;

	for (uint32_t i = 0; i < capacity; i++) {
		size_t r = records_at + i * RECORD;
		uint64_t lives = get64(r + R_LIVES);
		unsigned state = state_of(word_at(i));
		bool here = state == QUEUED || state == TAKEN ||
			    state == EXITED;

		started += lives & 0xffffffff;
		present += here;
		/* Counted by its generation plus one, or not yet. */
		if (here && (uint32_t)(lives >> 32) !=
			    (uint32_t)(get64(r + R_WHO) >> 32) + 1)
			started++;
	}
	for (unsigned k = 0; k < 3; k++)
		reported += reported_as(k);
	if (started != reported + present)
		find("%ju started, %ju reported, %ju present",
		     (uintmax_t)started, (uintmax_t)reported,
		     (uintmax_t)present);
}

/* They miss those that the killed were about to add, and no others; those that
 * are lost have none. */
static void check_histograms(void)
{
	uint64_t most = reported_as(0) + reported_as(1);

	for (unsigned k = 0; k < HISTOGRAMS; k++) {
		uint64_t sum = 0;

		for (unsigned i = 0; i < BUCKETS; i++)
			sum += get64(histograms_at + k * HISTOGRAM + 8 * i);
		if (sum > most)
			find("histogram %u: %ju of %ju", k, (uintmax_t)sum,
			     (uintmax_t)most);
		most = sum;
	}
}

/* ---- /proc ---- */

struct process {
	pid_t pid, parent;
	char state;
};

static size_t read_processes(struct process *all, size_t max)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	size_t n = 0;

	if (!dir)
		return 0;
	while ((d = readdir(dir)) && n < max) {
		char path[300], text[512], *p;
		ssize_t got;
		int f;

		if (*d->d_name < '0' || *d->d_name > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
		f = open(path, O_RDONLY);
		if (f < 0)
			continue;
		got = read(f, text, sizeof(text) - 1);
		close(f);
		if (got <= 0)
			continue;
		text[got] = '\0';
		p = strrchr(text, ')');
		if (!p)
			continue;
		all[n].pid = (pid_t)atol(d->d_name);
		all[n].state = p[2];
		all[n].parent = (pid_t)atol(p + 4);
		n++;
	}
	closedir(dir);
	return n;
}

/* Descendants of this process; those in all[] that are not become pid 0. */
static void keep_descendants(struct process *all, size_t n)
{
	pid_t me = getpid();
	bool more = true;
	char *ours = calloc(n + 1, 1);

	if (!ours)
		abort();
	while (more) {
		more = false;
		for (size_t i = 0; i < n; i++) {
			bool child = all[i].parent == me;

			for (size_t k = 0; k < n && !child; k++)
				child = ours[k] && all[k].pid == all[i].parent;
			more |= child && !ours[i];
			ours[i] |= child;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (!ours[i])
			all[i].pid = 0;
	free(ours);
}

size_t descendants(pid_t *out, size_t max)
{
	struct process all[PROCESSES_MAX * 4];
	size_t n = read_processes(all, PROCESSES_MAX * 4), found = 0;

	keep_descendants(all, n);
	for (size_t i = 0; i < n && found < max; i++)
		if (all[i].pid > 1 && all[i].state != 'Z' &&
		    all[i].state != 'X')
			out[found++] = all[i].pid;
	return found;
}

static bool among(pid_t pid, const pid_t *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i] == pid)
			return true;
	return false;
}

static bool holds_process(uint32_t slot)
{
	uint64_t w = word_at(slot);

	return state_of(w) == QUEUED ||
	       (state_of(w) == TAKEN && !(w >> 56 & 1));
}

static pid_t pid_at(uint32_t slot)
{
	return (pid_t)(uint32_t)get64(records_at + slot * RECORD + R_WHO);
}

/* The living are exactly those in the records; a dead producer's may be dead,
 * and await being reported. */
static void check_processes(const pid_t *known, size_t n)
{
	pid_t living[PROCESSES_MAX];
	size_t count = descendants(living, PROCESSES_MAX);

	for (size_t i = 0; i < count; i++) {
		bool recorded = among(living[i], known, n);

		for (uint32_t k = 0; k < capacity && !recorded; k++)
			recorded = holds_process(k) && pid_at(k) == living[i];
		if (!recorded)
			find("process %ld lives, and no record has it",
			     (long)living[i]);
	}
	for (uint32_t k = 0; k < capacity; k++)
		if (holds_process(k) && byte_held(producer_of(k)) &&
		    !among(pid_at(k), living, count))
			find("record %u: process %ld does not live",
			     (unsigned)k, (long)pid_at(k));
}

/* ---- */

void check_begin(void)
{
	memset(generations, 0, sizeof(generations));
}

/* ---- what a step has done ---- */

bool object_changed(void)
{
	static unsigned char *before;
	static size_t before_size;
	struct stat st;
	bool changed;

	/* Its name leads elsewhere, or nowhere; or it has grown. */
	if (base && (fstat(fd, &st) < 0 || st.st_nlink == 0 ||
		     (size_t)st.st_size != size))
		look_away();
	if (!base) {
		look_away();
		look();
	}
	if (!base)
		size = 0;
	changed = size != before_size ||
		  (size && memcmp(before, base, size) != 0);
	if (!changed)
		return false;
	before = realloc(before, size + 1);
	if (!before)
		abort();
	if (size)
		memcpy(before, base, size);
	before_size = size;
	return true;
}

void object_unwatched(void)
{
	look_away();
}

static void check_once(const pid_t *known, size_t n, bool empty)
{
	look_away();
	*fault = '\0';
	if (!look())
		goto away;
	if (get64(H_LIFE) != 0)
		find("its life is not open");
	if (byte_held(0))
		find("the init lock is held");
	for (uint32_t i = 0; i < capacity; i++) {
		check_word(i);
		if (empty && state_of(word_at(i)) != FREE &&
		    state_of(word_at(i)) != PARKED)
			find("record %u is not free", (unsigned)i);
	}
	check_places();
	check_ring(ready_at, ready_cells, H_READY, "ready");
	check_ring(free_at, free_cells, H_FREE, "free");
	check_hints();
	check_sum();
	check_histograms();
	check_gate(empty);
	check_processes(known, n);
	if (!*fault)
		for (uint32_t i = 0; i < capacity; i++)
			generations[i] = word_at(i) & GEN_MASK;
away:
	look_away();
}

bool check_at_rest(const pid_t *known, size_t n, bool empty)
{
	struct timespec pause = { 0, 500000 };

	for (int i = 0; i < SETTLE_MS; i++) {
		/* Orphans come to us. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		check_once(known, n, empty);
		if (!*fault)
			return true;
		nanosleep(&pause, NULL);
	}
	complain("%s", fault);
	return false;
}
