/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * segment.c - the shared object: create, map, verify, lock, remove.
 * Must not look into records, but to see whether they are all free.
 *
 * Life and death of an object. Its init lock is a byte lock that the kernel
 * lets go of when the holder dies. Only who holds it, and has seen that the
 * name still leads to this object, builds or unlinks it:
 *
 *	unfinished (no magic)	whoever opens it takes the lock, builds, and
 *				writes the magic last
 *	OPEN			anybody joins, without a lock
 *	PROPOSED by X		X, which holds the lock, would remove it. A
 *				joiner puts it back to OPEN and stays
 *	FINAL			X has seen it empty and unused while PROPOSED,
 *				and unlinks it; if X dies before, the next
 *				opener does. A joiner leaves and opens anew
 *
 * A joiner writes its entry, then reads life; the remover writes life, then
 * reads the entries: sequentially consistent, so one of them sees the other.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "member.h"
#include "segment.h"

/* The magic of an object that is being built. */
#define MAGIC_BUILDING UINT64_C(0x212121)

/* Bytes that are allocated by one call: a millisecond's work. */
#define ALLOCATE_STEP ((size_t)2 << 20)

/* Lock bytes lie far beyond the end of any object. */
#define LOCK_BASE (INT64_C(1) << 40)

/* One opening or closing of objects at a time in a process: its threads would
 * not see each other's init lock, nor the other's descriptor of the same
 * object. Taken before list_mutex. */
static pthread_mutex_t open_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct pq_segment *list;	/* written with both, read with either */

/* A thread that is cancelled with the mutex would keep it for ever: to wait
 * for an init lock is a cancellation point, and so is every close(). */
static int open_lock(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&open_mutex);
	return state;
}

static void open_unlock(int state)
{
	pthread_mutex_unlock(&open_mutex);
	pthread_setcancelstate(state, NULL);
}

void pq_segment_lock(void)
{
	pthread_mutex_lock(&list_mutex);
}

void pq_segment_unlock(void)
{
	pthread_mutex_unlock(&list_mutex);
}

/* ---- hints ---- */

static bool same_gen(uint64_t word, uint32_t gen)
{
	return (pq_word_gen(word) & PQ_HINT_GEN_MASK) == gen;
}

bool pq_hint_leads(const struct pq_segment *seg, uint32_t index, uint32_t gen,
		   uint64_t *word)
{
	if (index >= seg->capacity)
		return false;
	*word = pq_load_word(seg, index);
	return same_gen(*word, gen) &&
	       (pq_word_state(*word) == PROCQ_QUEUED ||
		pq_word_state(*word) == PROCQ_EXITED);
}

bool pq_hint_ready(const void *segment, uint32_t index, uint32_t gen)
{
	uint64_t word;

	return pq_hint_leads(segment, index, gen, &word);
}

bool pq_hint_free(const void *segment, uint32_t index, uint32_t gen)
{
	const struct pq_segment *seg = segment;
	uint64_t word;

	if (index >= seg->capacity)
		return false;
	word = pq_load_word(seg, index);
	return same_gen(word, gen) && pq_word_state(word) == PROCQ_FREE;
}

/* ---- sizes ---- */

static uint64_t power_of_two(uint64_t least)
{
	uint64_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

/* The true hints are at most capacity; each participant can be about to
 * append one double. The ready ring has as much again, so that a stale hint
 * seldom makes an appender look at the head. */
static uint64_t ready_size(uint32_t capacity)
{
	return power_of_two(4u * (uint64_t)capacity +
			    PROCQ_PARTICIPANTS_MAX);
}

static uint64_t free_size(uint32_t capacity)
{
	return power_of_two((uint64_t)capacity + 2 * PROCQ_PARTICIPANTS_MAX);
}

struct offsets {
	size_t ready, free, records, participants, end;
};

static struct offsets offsets_of(uint32_t capacity)
{
	struct offsets at;

	at.ready = sizeof(struct pq_header);
	at.free = at.ready + (size_t)ready_size(capacity) * 8;
	at.records = at.free + (size_t)free_size(capacity) * 8;
	at.participants = at.records +
			  (size_t)capacity * sizeof(struct pq_record);
	at.end = at.participants +
		 PROCQ_PARTICIPANTS_MAX * sizeof(struct pq_participant);
	return at;
}

size_t pq_segment_bytes(uint32_t capacity)
{
	return offsets_of(capacity).end;
}

/* Calls that for a moment's lack of memory may fail are made again: who has
 * just created an object, or leaves last, must not leave it behind for that. */
#define TRIES 3

static int look_at(int fd, struct stat *st)
{
	for (int tries = 0; tries < TRIES; tries++)
		if (fstat(fd, st) == 0)
			return 0;
	return -errno;
}

/* ---- lock bytes ---- */

static int call_lock(int fd, int cmd, short type, uint64_t byte,
		     struct flock *fl)
{
	int tries = 0;

	memset(fl, 0, sizeof(*fl));
	fl->l_type = type;
	fl->l_whence = SEEK_SET;
	fl->l_start = (off_t)(LOCK_BASE + (int64_t)byte);
	fl->l_len = 1;
	while (fcntl(fd, cmd, fl) < 0)
		if (errno != EINTR && (errno != ENOLCK || ++tries == TRIES))
			return -errno;
	return 0;
}

static int lock_byte(int fd, short type, uint64_t byte)
{
	struct flock fl;

	return call_lock(fd, F_SETLK, type, byte, &fl);
}

/* Does another process hold it? 1, 0, -errno. The pid may be 0 then, too:
 * where its holder has none that this process could see. */
static int ask_byte(int fd, uint64_t byte, pid_t *holder)
{
	struct flock fl;
	int rc = call_lock(fd, F_GETLK, F_WRLCK, byte, &fl);

	*holder = 0;
	if (rc < 0 || fl.l_type == F_UNLCK)
		return rc;
	*holder = fl.l_pid;
	return 1;
}

static bool same_locks(const struct pq_segment *a, const struct pq_segment *b)
{
	return a->pid == b->pid && a->lock_ino && a->lock_ino == b->lock_ino &&
	       a->lock_dev == b->lock_dev;
}

static bool own_has(const struct pq_segment *seg, uint64_t incarnation)
{
	for (size_t i = 0; i < seg->own_count; i++)
		if (seg->own[i] == incarnation)
			return true;
	return false;
}

/* Does this process hold it, by whatever view? An onlooker's, say, has none
 * of its own. Under list_mutex. */
static bool held_here(const struct pq_segment *seg, uint64_t incarnation)
{
	if (own_has(seg, incarnation))
		return true;
	for (const struct pq_segment *s = list; s; s = s->next)
		if (s != seg && same_locks(s, seg) && own_has(s, incarnation))
			return true;
	return false;
}

int pq_byte_hold(struct pq_segment *seg, uint64_t incarnation)
{
	int rc;

	pq_segment_lock();
	/* The kernel would grant it: the process has it already. */
	if (held_here(seg, incarnation)) {
		pq_segment_unlock();
		return -EAGAIN;
	}
	if (seg->own_count == seg->own_room) {
		size_t room = seg->own_room ? 2 * seg->own_room : 4;
		uint64_t *own = realloc(seg->own, room * sizeof(*own));

		if (!own) {
			pq_segment_unlock();
			return -ENOMEM;
		}
		seg->own = own;
		seg->own_room = room;
	}
	rc = lock_byte(seg->lock_fd, F_WRLCK, incarnation);
	if (rc == 0)
		seg->own[seg->own_count++] = incarnation;
	pq_segment_unlock();
	return rc;
}

bool pq_byte_held(struct pq_segment *seg, uint64_t incarnation)
{
	pid_t holder;
	bool held;

	if (incarnation == 0 || incarnation > PQ_INCARNATION_MASK)
		return false;
	pq_segment_lock();
	held = held_here(seg, incarnation);
	pq_segment_unlock();
	if (held)
		return true;
	if (seg->lock_fd < 0)
		return false;
	/* If the kernel can't say, nobody is declared dead. */
	return ask_byte(seg->lock_fd, incarnation, &holder) != 0;
}

void pq_byte_drop(struct pq_segment *seg, uint64_t incarnation)
{
	pq_segment_lock();
	for (size_t i = 0; i < seg->own_count; i++)
		if (seg->own[i] == incarnation) {
			seg->own[i] = seg->own[--seg->own_count];
			break;
		}
	lock_byte(seg->lock_fd, F_UNLCK, incarnation);
	pq_segment_unlock();
}

/* ---- the init lock: byte 0, which is no incarnation ---- */

static int init_lock(struct pq_segment *seg, int64_t deadline, uint32_t *who)
{
	int64_t pause = PQ_MILLI / 4;

	for (;;) {
		int rc = lock_byte(seg->lock_fd, F_WRLCK, 0);
		struct timespec ts;

		if (rc != -EAGAIN && rc != -EACCES)
			return rc;
		if (procq_now() >= deadline) {
			pid_t holder;

			ask_byte(seg->lock_fd, 0, &holder);
			*who = (uint32_t)holder;
			return -ETIMEDOUT;
		}
		ts = pq_timespec(pause);
		nanosleep(&ts, NULL);
		if (pause < 16 * PQ_MILLI)
			pause *= 2;
	}
}

static void init_unlock(struct pq_segment *seg)
{
	lock_byte(seg->lock_fd, F_UNLCK, 0);
}

/* ---- names and descriptors ---- */

/* Locks on the object itself work on Linux. Elsewhere a file beside it has
 * them. */
static int open_lock_file(struct pq_segment *seg, uint32_t mode)
{
#if PQ_USE_SHM_LOCKS
	(void)mode;
	seg->lock_fd = seg->fd;
	return 0;
#else
	int n = snprintf(seg->lock_name, sizeof(seg->lock_name),
			 "/tmp/procq-lock.%s", seg->name + 1);

	if (n < 0 || (size_t)n >= sizeof(seg->lock_name))
		return -ENAMETOOLONG;
	for (;;) {
		/* Not O_CREAT at once: in a sticky directory the kernel
		 * refuses that for files of others. */
		int fd = open(seg->lock_name,
			      (seg->readonly ? O_RDONLY : O_RDWR) |
			      O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

		/* No file, no locks: who only looks leaves it at that. */
		if (fd < 0 && errno == ENOENT && seg->readonly)
			return 0;
		if (fd < 0 && errno == ENOENT)
			fd = open(seg->lock_name, O_RDWR | O_NOFOLLOW |
				  O_CLOEXEC | O_CREAT | O_EXCL, (mode_t)mode);
		if (fd >= 0) {
			seg->lock_fd = fd;
			return 0;
		}
		if (errno != EEXIST && errno != EINTR)
			return -errno;
	}
#endif
}

/* Why an object can't be opened: because the name leads to a link, to a
 * directory (for which glibc says EINVAL), … */
static bool is_no_object(int error)
{
	return error == ELOOP || error == EISDIR || error == ENXIO ||
	       error == EINVAL;
}

/* Does the name still lead to this very object? 1, 0, or -errno: it can't be
 * seen just now. */
static int name_leads_here(const struct pq_segment *seg)
{
	struct stat here;
#if PQ_USE_SHM_LOCKS
	/* A second descriptor, once closed, would drop our locks; but an
	 * unlinked object has no link left. */
	int rc = look_at(seg->fd, &here);

	return rc < 0 ? rc : here.st_nlink > 0;
#else
	struct stat there;
	int fd = shm_open(seg->name, O_RDONLY, 0), rc;

	if (fd < 0)
		return errno == ENOENT || is_no_object(errno) ? 0 : -errno;
	rc = look_at(fd, &there);
	if (rc == 0)
		rc = look_at(seg->fd, &here);
	if (rc == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino) {
		rc = look_at(seg->lock_fd, &here);
		if (rc == 0)
			rc = here.st_nlink > 0;
	}
	close(fd);
	return rc;
#endif
}

static int open_object(struct pq_segment *seg, struct procq_options *options)
{
	bool create = !(options->flags & PROCQ_NOCREATE);
	int flags = seg->readonly ? O_RDONLY : O_RDWR;

#if defined __linux__
	/* A FIFO in its place must not make an onlooker wait for a writer. */
	flags |= O_NONBLOCK;
#endif

	for (;;) {
		seg->fd = shm_open(seg->name, flags, 0);
		if (seg->fd < 0 && errno == ENOENT && create)
			seg->fd = shm_open(seg->name,
					   O_RDWR | O_CREAT | O_EXCL,
					   (mode_t)options->mode & 0777);
		if (seg->fd >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (is_no_object(errno))
			return -ENODEV;
		if (errno != EEXIST)
			return -errno;
	}
}

static int check_owner(const struct pq_segment *seg, const struct stat *st,
		       struct procq_options *options)
{
	char prefix[32];
	int n = snprintf(prefix, sizeof(prefix), "/procq.%lu.",
			 (unsigned long)geteuid());

	if (!S_ISREG(st->st_mode))
		return -ENODEV;
	/* A name of the user's own never leads to an object of another's;
	 * who names an object in full means it. */
	if (strncmp(seg->name, prefix, (size_t)n) == 0 &&
	    st->st_uid != geteuid()) {
		options->found = (uint32_t)st->st_uid;
		return -EPERM;
	}
	return 0;
}

static void note_locks(struct pq_segment *seg, const struct stat *st)
{
	seg->lock_dev = st->st_dev;
	seg->lock_ino = st->st_ino;
}

/* The same of the lock file, which stands where everybody may put things.
 * With a second name it may be a file of the user's that is no lock file, put
 * there for its permissions to be changed. */
static int check_lock_file(struct pq_segment *seg,
			   struct procq_options *options)
{
	struct stat st;
	int rc;

	if (seg->lock_fd == seg->fd || seg->lock_fd < 0)
		return 0;
	rc = look_at(seg->lock_fd, &st);
	if (rc < 0)
		return rc;
	note_locks(seg, &st);
	if (st.st_nlink > 1)
		return -ENODEV;
	return check_owner(seg, &st, options);
}

/* ---- what the header says of machine and time ---- */

/* What is in a small file; -errno. */
static ssize_t read_text(const char *path, char *text, size_t size)
{
	ssize_t got;
	int fd, err;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	do
		got = read(fd, text, size - 1);
	while (got < 0 && errno == EINTR);
	err = errno;
	close(fd);
	if (got < 0)
		return -err;
	text[got] = '\0';
	return got;
}

/* Zeros where it can't be known; an error where it could not be read just
 * now. */
static int read_boot_id(uint64_t id[2])
{
	char text[64] = "";	/* an analyzer thinks -errno may be 0 */
	size_t digits = 0;
	ssize_t got;

	id[0] = id[1] = 0;
	got = read_text("/proc/sys/kernel/random/boot_id", text, sizeof(text));
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

/* Two that may be the same, as far as both are known. */
static bool same_boot(const uint64_t a[2], const uint64_t b[2])
{
	return (a[0] == b[0] && a[1] == b[1]) || (a[0] | a[1]) == 0 ||
	       (b[0] | b[1]) == 0;
}

/* 0 where there are none. An error, where it could not be read, must not make
 * a queue look like one of another namespace; and unlike with the boot, not
 * to know is not enough, for a pid may be a stranger's. Linux has namespaces
 * where there is no /proc to see them in, too: then nobody may join. */
static int read_pid_namespace(uint64_t *id)
{
	struct stat st;

	*id = 0;
#if defined __linux__
	if (stat("/proc/self/ns/pid", &st) < 0)
		return errno == ENOENT ? -ENOTSUP : -errno;
	*id = st.st_ino;
#else
	(void)st;
#endif
	return 0;
}

/* ---- building ---- */

static void *map_bytes(const struct pq_segment *seg, size_t size)
{
	int prot = seg->readonly ? PROT_READ : PROT_READ | PROT_WRITE;

	return mmap(NULL, size, prot, MAP_SHARED, seg->fd, 0);
}

static void set_views(struct pq_segment *seg, char *base, uint32_t capacity)
{
	struct offsets at = offsets_of(capacity);

	seg->size = at.end;
	seg->capacity = capacity;
	seg->header = (void *)base;
	seg->participants = (void *)(base + at.participants);
	seg->records = (void *)(base + at.records);
	seg->ready = (struct pq_ring){
		.ends = &seg->header->ready,
		.cells = (void *)(base + at.ready),
		.size = ready_size(capacity),
		.fresh = pq_hint_ready, .arg = seg,
	};
	seg->free = (struct pq_ring){
		.ends = &seg->header->free,
		.cells = (void *)(base + at.free),
		.size = free_size(capacity),
		.fresh = pq_hint_free, .arg = seg,
	};
}

static int fill_header(struct pq_header *h, uint32_t capacity)
{
	int rc;

	h->version = PQ_VERSION;
	h->byte_order = PQ_BYTE_ORDER_MARK;
	h->word_size = sizeof(void *);
	h->sem_size = sizeof(sem_t);
	h->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	h->capacity = capacity;
	h->size = pq_segment_bytes(capacity);
	h->created = pq_clock_wall();
	atomic_store_explicit(&h->next_incarnation, 1, memory_order_relaxed);
	rc = read_pid_namespace(&h->pid_namespace);
	return rc < 0 ? rc : read_boot_id(h->boot_id);
}

/* Everything but the magic, which makes it visible. */
static int format(struct pq_segment *seg, uint32_t role, uint64_t *incarnation)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		if (sem_init(&seg->participants[i].bell, 1, 0) < 0)
			return -errno;
	pq_ring_format(&seg->ready);
	pq_ring_format(&seg->free);
	for (uint32_t i = 0; i < seg->capacity; i++)
		if (!pq_ring_append(&seg->free, i, 0, NULL))
			return -EBADMSG;
	/* The creator sits at the table before anybody can see it, so that
	 * the queue never looks like one without a producer. */
	return pq_member_join_first(seg, role, incarnation);
}

/* Allocated now, or ENOSPC now: never SIGBUS later. A signal interrupts it,
 * and has been handled then; older kernels undo all of an interrupted call. So
 * each asks for little: with one call for everything a timer that comes more
 * often than that takes would never let it end. */
static int allocate(const struct pq_segment *seg, size_t size)
{
	size_t at = 0, n;
	int rc = 0;

	while (at < size && rc == 0) {
		n = size - at < ALLOCATE_STEP ? size - at : ALLOCATE_STEP;
		do
			rc = posix_fallocate(seg->fd, (off_t)at, (off_t)n);
		while (rc == EINTR);
		at += n;
	}
	return -rc;
}

/* Holds the init lock. The object is new, or its creator died over it:
 * nobody else has looked beyond the magic. */
static int build(struct pq_segment *seg, struct procq_options *options,
		 uint64_t *incarnation)
{
	uint32_t capacity = options->capacity ? options->capacity
					      : PROCQ_CAPACITY_DEFAULT;
	size_t size = pq_segment_bytes(capacity);
	char *base;
	int rc;

	/* Whatever the umask took away. The lock file may be another's who
	 * looked at the object before it was finished. */
	if (fchmod(seg->fd, (mode_t)options->mode & 0777) < 0 ||
	    (seg->lock_fd != seg->fd && fchmod(seg->lock_fd,
			(mode_t)options->mode & 0777) < 0 && errno != EPERM))
		/* EPERM would say that it is another user's. */
		return errno == EPERM ? -EACCES : -errno;
	/* The header alone first, so that what a killed creator leaves can be
	 * recognized. */
	rc = allocate(seg, sizeof(struct pq_header));
	if (rc < 0)
		return rc;
	base = map_bytes(seg, sizeof(struct pq_header));
	if (base == MAP_FAILED)
		return -errno;
	atomic_store(&((struct pq_header *)(void *)base)->magic,
		     MAGIC_BUILDING);
	munmap(base, sizeof(struct pq_header));
	rc = allocate(seg, size);
	if (rc < 0)
		return rc;
	base = map_bytes(seg, size);
	if (base == MAP_FAILED)
		return -errno;
	memset(base + sizeof(uint64_t), 0, size - sizeof(uint64_t));
	set_views(seg, base, capacity);
	rc = fill_header(seg->header, capacity);
	if (rc == 0)
		rc = format(seg, options->role, incarnation);
	if (rc < 0) {
		munmap(base, size);
		seg->header = NULL;
		return rc;
	}
	/* Release: who sees the magic sees all of the above. */
	atomic_store_explicit(&seg->header->magic, PQ_MAGIC,
			      memory_order_release);
	return 0;
}

/* ---- verifying ---- */

enum finding { UNFINISHED, FINISHED, FINISHED_FINAL };

/* Nothing but zeros after the magic? */
static bool is_blank(const struct pq_header *h)
{
	static const char zeros[sizeof(*h) - sizeof(h->magic)];

	return memcmp((const char *)h + sizeof(h->magic), zeros,
		      sizeof(zeros)) == 0;
}

static int judge(const struct pq_header *h, size_t size)
{
	for (;;) {
		uint64_t magic = atomic_load_explicit(&h->magic,
						      memory_order_acquire);

		if (magic == MAGIC_BUILDING)
			return UNFINISHED;
		if (magic == PQ_MAGIC)
			return atomic_load(&h->life) == PQ_LIFE_FINAL
				? FINISHED_FINAL : FINISHED;
		if (magic != 0 || size != sizeof(*h))
			return -EBADMSG;
		/* The first thing that a creator makes: an empty header. */
		if (is_blank(h))
			return UNFINISHED;
		/* Somebody else's; unless its creator has just gone on. */
		if (atomic_load(&h->magic) == 0)
			return -EBADMSG;
	}
}

/* What is there? Decides by the first bytes only, and never trusts them for
 * more than that. */
static int look(const struct pq_segment *seg, size_t size)
{
	struct pq_header *h;
	int found;

	if (size == 0)
		return UNFINISHED;
	if (size < sizeof(*h))
		return -EBADMSG;
	h = map_bytes(seg, sizeof(*h));
	if (h == MAP_FAILED)
		return -errno;
	found = judge(h, size);
	munmap(h, sizeof(*h));
	return found;
}

static int verify_header(const struct pq_header *h, size_t size,
			 struct procq_options *options)
{
	uint64_t boot_id[2], pid_namespace = 0;
	int rc;

	options->found = h->version;
	if (h->byte_order != PQ_BYTE_ORDER_MARK || h->version != PQ_VERSION ||
	    h->word_size != sizeof(void *) || h->sem_size != sizeof(sem_t) ||
	    h->page_size != (uint32_t)sysconf(_SC_PAGESIZE))
		return -EPROTONOSUPPORT;
	options->found = h->capacity;
	if (h->capacity < 1 || h->capacity > PROCQ_CAPACITY_MAX ||
	    h->size != pq_segment_bytes(h->capacity) || size < h->size)
		return -EBADMSG;
	rc = read_boot_id(boot_id);
	if (rc == 0)
		rc = read_pid_namespace(&pid_namespace);
	if (rc < 0)
		return rc;
	if (!same_boot(boot_id, h->boot_id))
		return -ESTALE;
	if (h->pid_namespace != pid_namespace)
		return -EXDEV;
	if (options->capacity && options->capacity != h->capacity)
		return -EEXIST;
	options->found = 0;
	return 0;
}

static int verify(struct pq_segment *seg, size_t size,
		  struct procq_options *options)
{
	struct pq_header *h = map_bytes(seg, sizeof(*h));
	uint32_t capacity;
	char *base;
	int rc;

	if (h == MAP_FAILED)
		return -errno;
	rc = verify_header(h, size, options);
	capacity = h->capacity;
	munmap(h, sizeof(*h));
	if (rc < 0)
		return rc;
	/* Read once: an object that lies may change its mind. */
	if (capacity < 1 || capacity > PROCQ_CAPACITY_MAX ||
	    size < pq_segment_bytes(capacity))
		return -EBADMSG;
	base = map_bytes(seg, pq_segment_bytes(capacity));
	if (base == MAP_FAILED)
		return -errno;
	set_views(seg, base, capacity);
	return 0;
}

/* ---- opening ---- */

/* Holds the init lock, and has seen that the name and the lock file's lead to
 * what it has open. Where the directory is sticky only the owner may: then
 * -EPERM.
 *
 * The object first. As long as its lock file has its name, whoever would build
 * or unlink another under this name opens that file and waits for its byte 0,
 * which is held here, so nothing else can get the name while this one is
 * stopped before either call. Who has waited finds that the file has no link
 * left, and opens both anew; who has another file's byte 0 finds that the name
 * does not lead to what it had opened. The other way round, somebody made a
 * lock file of his own after the first call, finished the removal and built
 * anew, and the second call took away that one's object.
 *
 * Killed before the first call: the object is final, or unfinished, and the
 * next opener's to settle. Between the two: the lock file stays, and guards
 * the next object. Whoever is still in the old one has bytes of it that are
 * not given out again as long as he has them; and a process that is in both
 * knows by the file that they have their locks in common (same_locks()). So
 * it is no failure either where the file is another's and can't be unlinked. */
static int unlink_object(const struct pq_segment *seg)
{
	if (shm_unlink(seg->name) < 0 && errno != ENOENT)
		return -errno;
#if !PQ_USE_SHM_LOCKS
	unlink(seg->lock_name);
#endif
	return 0;
}

/* A final object that may not be unlinked by this user: open it again.
 * Holds the init lock, so nobody else settles it, and whoever has joined has
 * left when it saw that it was final. */
static int reopen_final(const struct pq_segment *seg)
{
	uint64_t life = PQ_LIFE_FINAL;
	struct pq_header *h = map_bytes(seg, sizeof(*h));

	if (h == MAP_FAILED)
		return -errno;
	atomic_compare_exchange_strong(&h->life, &life, PQ_LIFE_OPEN);
	munmap(h, sizeof(*h));
	return 0;
}

/* Holds the init lock, and the name leads here. */
static int settle_locked(struct pq_segment *seg,
			 struct procq_options *options, uint64_t *incarnation)
{
	struct stat st;
	int rc;

	rc = look_at(seg->fd, &st);
	if (rc < 0)
		return rc;
	rc = look(seg, (size_t)st.st_size);
	switch (rc) {
	case UNFINISHED:
		rc = build(seg, options, incarnation);
		if (rc < 0)
			unlink_object(seg);
		return rc;
	case FINISHED_FINAL:
		if (unlink_object(seg) == 0)
			return 1;
		rc = reopen_final(seg);
		return rc < 0 ? rc : 1;
	case FINISHED:
		return 1;
	default:
		return rc;
	}
}

/* The object is not finished, or final: settle that under its init lock.
 * 0: it is built. 1: look again. */
static int settle(struct pq_segment *seg, struct procq_options *options,
		  uint64_t *incarnation)
{
	int rc;

	if (options->flags & PROCQ_NOCREATE)
		return -ENOENT;
	rc = init_lock(seg, options->deadline, &options->found);
	if (rc < 0)
		return rc;
	rc = name_leads_here(seg);
	if (rc > 0)
		rc = settle_locked(seg, options, incarnation);
	else if (rc == 0)
		rc = 1;
	init_unlock(seg);
	return rc;
}

/* One attempt. 0: open. 1: try again from the start. */
static int attempt(struct pq_segment *seg, struct procq_options *options,
		   uint64_t *incarnation)
{
	struct stat st;
	int rc, found;

	rc = open_object(seg, options);
	if (rc < 0)
		return rc;
	rc = look_at(seg->fd, &st);
	if (rc < 0)
		return rc;
#if PQ_USE_SHM_LOCKS
	note_locks(seg, &st);
#endif
	rc = check_owner(seg, &st, options);
	if (rc < 0)
		return rc;
	found = look(seg, (size_t)st.st_size);
	if (found < 0)
		return found;
	/* Not for what is no queue: that shall be left as it is. And not
	 * before: a finished object's file is the one whose name it has now,
	 * or a later one, and then it is final; one opened earlier may have
	 * been unlinked since (model/remove.pml, EARLYFILE). */
	rc = open_lock_file(seg, st.st_mode & 0777);
	if (rc == 0)
		rc = check_lock_file(seg, options);
	if (rc < 0)
		return rc;
	if (found == FINISHED) {
		/* Its size as it is now: it was built since that look. */
		rc = look_at(seg->fd, &st);
		return rc < 0 ? rc : verify(seg, (size_t)st.st_size, options);
	}
	return settle(seg, options, incarnation);
}

/* Another view in this process with the same locks, which closing these
 * descriptors would drop. */
static struct pq_segment *find_sibling(const struct pq_segment *seg)
{
	for (struct pq_segment *s = list; s; s = s->next)
		if (s != seg && same_locks(s, seg))
			return s;
	return NULL;
}

/* gcc 12's analyzer loses sight of a sibling that is in a list, and calls what
 * it is given here leaked. */
#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 10
# pragma GCC diagnostic push
# pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* Leave all descriptors to a sibling, to be closed with its own. Where there
 * is no memory for that they stay open as long as the process. */
static void park_descriptors(struct pq_segment *seg, struct pq_segment *at)
{
	size_t count = at->parked_count + seg->parked_count + 2;
	int *parked = realloc(at->parked, count * sizeof(*parked));

	if (!parked)
		return;
	at->parked = parked;
	while (seg->parked_count > 0)
		parked[at->parked_count++] = seg->parked[--seg->parked_count];
	parked[at->parked_count++] = seg->fd;
	if (seg->lock_fd >= 0 && seg->lock_fd != seg->fd)
		parked[at->parked_count++] = seg->lock_fd;
}

#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 10
# pragma GCC diagnostic pop
#endif

static void close_descriptors(struct pq_segment *seg)
{
	struct pq_segment *sibling = find_sibling(seg);

	if (sibling) {
		park_descriptors(seg, sibling);
	} else {
		while (seg->parked_count > 0)
			close(seg->parked[--seg->parked_count]);
		if (seg->lock_fd >= 0 && seg->lock_fd != seg->fd)
			close(seg->lock_fd);
		if (seg->fd >= 0)
			close(seg->fd);
	}
	seg->fd = seg->lock_fd = -1;
	seg->lock_ino = 0;
}

static void free_segment(struct pq_segment *seg)
{
	free(seg->parked);
	free(seg->own);
	free(seg);
}

static struct pq_segment *find_open(const char *name, bool readonly)
{
	for (struct pq_segment *seg = list; seg; seg = seg->next)
		if (seg->pid == getpid() && strcmp(seg->name, name) == 0 &&
		    (readonly || !seg->readonly) &&
		    atomic_load(&seg->header->life) != PQ_LIFE_FINAL &&
		    name_leads_here(seg) > 0)
			return seg;
	return NULL;
}

static int open_new(struct pq_segment **out, const char *name,
		    struct procq_options *options, uint64_t *incarnation)
{
	struct pq_segment *seg = calloc(1, sizeof(*seg));
	int rc;

	if (!seg)
		return -ENOMEM;
	snprintf(seg->name, sizeof(seg->name), "%s", name);
	seg->pid = getpid();
	seg->readonly = options->role == PROCQ_ONLOOKER;
	seg->fd = seg->lock_fd = -1;
	while ((rc = attempt(seg, options, incarnation)) == 1)
		close_descriptors(seg);
	if (rc < 0) {
		close_descriptors(seg);
		free_segment(seg);
		return rc;
	}
	pq_segment_lock();
	seg->next = list;
	list = seg;
	pq_segment_unlock();
	*out = seg;
	return 0;
}

int pq_segment_open(struct pq_segment **out, const char *name,
		    struct procq_options *options, uint64_t *incarnation)
{
	int state = open_lock(), rc = 0;

	*incarnation = 0;
	*out = find_open(name, options->role == PROCQ_ONLOOKER);
	if (*out)
		rc = verify_header((*out)->header, (*out)->size, options);
	else
		rc = open_new(out, name, options, incarnation);
	if (rc == 0)
		(*out)->users++;
	open_unlock(state);
	return rc;
}

/* Does a view of this process have this very file open, by whatever name? */
static bool is_open(int dir, const char *name)
{
	struct stat a, b;

	if (fstatat(dir, name, &a, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	for (struct pq_segment *s = list; s; s = s->next)
		if (s->pid == getpid() && look_at(s->fd, &b) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return true;
	return false;
}

static int read_magic(int dir, const char *name)
{
	uint64_t magic = 0;
	ssize_t got;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
			O_NONBLOCK);

	if (fd < 0)
		return -errno;
	got = read(fd, &magic, sizeof(magic));
	close(fd);
	return got == (ssize_t)sizeof(magic) && magic == PQ_MAGIC;
}

/* All of it under the mutex: were the object opened by another thread in
 * between, closing this descriptor would drop that one's locks, and a
 * participant that lives would look dead to all others. */
int pq_segment_has_magic(int dir, const char *name)
{
	int state = open_lock(), rc;

	rc = is_open(dir, name) ? 1 : read_magic(dir, name);
	open_unlock(state);
	return rc;
}

void pq_segment_close(struct pq_segment *seg)
{
	int state = open_lock();

	if (--seg->users > 0) {
		open_unlock(state);
		return;
	}
	pq_segment_lock();
	for (struct pq_segment **p = &list; *p; p = &(*p)->next)
		if (*p == seg) {
			*p = seg->next;
			break;
		}
	pq_segment_unlock();
	close_descriptors(seg);
	munmap(seg->header, seg->size);
	free_segment(seg);
	open_unlock(state);
}

/* ---- removing ---- */

static bool unused(const struct pq_segment *seg)
{
	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++)
		if (atomic_load(&seg->participants[i].who) != 0)
			return false;
	for (uint32_t i = 0; i < seg->capacity; i++)
		if (pq_word_state(atomic_load(&seg->records[i].word)) !=
		    PROCQ_FREE)
			return false;
	return true;
}

int pq_segment_remove(struct pq_segment *seg, uint64_t incarnation)
{
	uint64_t life = PQ_LIFE_OPEN;
	uint32_t who;
	bool here;
	int state, rc;

	if (!unused(seg))
		return -EBUSY;
	state = open_lock();
	/* Another that leaves at this moment may be here too; whoever comes
	 * second finds all others gone. */
	rc = init_lock(seg, procq_now() + PQ_SECOND / 2, &who);
	if (rc < 0) {
		rc = rc == -ETIMEDOUT ? -EBUSY : rc;
		goto out;
	}
	rc = name_leads_here(seg);
	if (rc < 0)
		goto unlock;
	here = rc > 0;
	rc = -EBUSY;
	if (!here)
		goto unlock;
	life = atomic_load(&seg->header->life);
	/* A proposal in force is a dead remover's: we hold the lock. */
	if (life == PQ_LIFE_FINAL ||
	    !atomic_compare_exchange_strong(&seg->header->life, &life,
					    incarnation))
		goto unlock;
	life = incarnation;
	if (!unused(seg)) {
		atomic_compare_exchange_strong(&seg->header->life, &life,
					       PQ_LIFE_OPEN);
		goto unlock;
	}
	if (atomic_compare_exchange_strong(&seg->header->life, &life,
					   PQ_LIFE_FINAL)) {
		rc = unlink_object(seg);
		if (rc < 0) {
			/* Another user's, perhaps: it stays, empty. */
			atomic_store(&seg->header->life, PQ_LIFE_OPEN);
		}
	}
unlock:
	init_unlock(seg);
out:
	open_unlock(state);
	return rc;
}
