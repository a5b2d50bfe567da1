/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/names.c - the object of a name; and what procq_unlink() removes, or leaves.
 * What others do in the middle of it: together/between.c.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "layout.h"

#define CAPACITY 5
#define NOBODY 65534

static _Alignas(PQ_LINE) char buffer[1 << 20];

/* ---- the object of a name ---- */

static void test_names(void)
{
	char object[PROCQ_NAME_SIZE], want[64], name[400];

	snprintf(want, sizeof(want), "/procq.%lu.jobs",
		 (unsigned long)geteuid());
	ok(procq_object_name("jobs", object) == 0, "a plain name");
	is_str(object, want, "is the user's own");
	ok(procq_object_name("/shared", object) == 0, "a name with a slash");
	is_str(object, "/shared", "is taken as it is");
	is_int(procq_object_name("", object), -EINVAL, "no name");
	is_int(procq_object_name(NULL, object), -EINVAL, "NULL");
	is_int(procq_object_name("/", object), -EINVAL, "a slash alone");
	is_int(procq_object_name("a/b", object), -EINVAL, "a slash inside");
	is_int(procq_object_name("/a/b", object), -EINVAL, "two slashes");
	is_int(procq_object_name("//a", object), -EINVAL, "two at the start");
	is_int(procq_object_name("a\nb", object), -EINVAL, "a line end");
	is_int(procq_object_name("/a\033", object), -EINVAL, "an escape");
	is_int(procq_object_name("\177", object), -EINVAL, "a delete");
	is_int(procq_object_name("\xc3\xa4 \x9b", object), 0,
	       "what is none in UTF-8");
	is_int(procq_object_name("..", object), -EINVAL, "a folder's name");
	is_int(procq_object_name("/..", object), -EINVAL, "… with a slash");
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[256] = '\0';
	is_int(procq_object_name(name, object), 0, "255 characters fit");
	name[256] = 'x';
	name[257] = '\0';
	is_int(procq_object_name(name, object), -ENAMETOOLONG,
	       "256 are too long");
	name[399] = '\0';
	is_int(procq_object_name(name + 1, object), -ENAMETOOLONG,
	       "without a slash the prefix counts too");
}

/* ---- unlinking ---- */

static int unlink_rc(uint32_t *found)
{
	*found = 4711;
	return procq_unlink(fixture_queue, found);
}

static bool has_lock_file(void)
{
	char name[PROCQ_NAME_SIZE + 32];

	snprintf(name, sizeof(name), "/tmp/procq-lock.%s", fixture_object + 1);
	return access(name, F_OK) == 0;
}

static void unlinked(const char *what)
{
	uint32_t found;
	int rc = unlink_rc(&found);

	ok(rc == 0 && found == 0, "%s: unlinked", what);
	if (rc < 0)
		note("  %s", procq_strerror(rc));
	ok(!fixture_exists() && !has_lock_file(), "and nothing is left");
	fixture_clean();
}

static void kept(int want, uint32_t want_found, const char *what)
{
	uint32_t found;

	is_int(unlink_rc(&found), want, what);
	is_int(found, want_found, "and what it is");
	ok(fixture_exists(), "and it is still there");
}

static void test_nothing(void)
{
	uint32_t found;

	is_int(unlink_rc(&found), -ENOENT, "nothing there");
	is_int(found, 0, "and nothing found");
	ok(!has_lock_file(), "and no lock file made");
	is_int(procq_unlink(fixture_queue, NULL), -ENOENT, "found may be NULL");
	is_int(procq_unlink("a/b", NULL), -EINVAL, "no name");
}

static void test_wrecks(void)
{
	uint64_t building = PQ_MAGIC_BUILDING;
	struct pq_header *h = (void *)buffer;
	size_t size;

	fixture_make("hello", 5, 5);
	unlinked("five bytes");
	fixture_make("", 0, pq_segment_bytes(CAPACITY));
	unlinked("zeros");
	fixture_make("", 0, 0);
	unlinked("an empty object");
	fixture_make(&building, sizeof(building), sizeof(*h));
	unlinked("a header, being built");
	size = fixture_bytes(buffer, sizeof(buffer), CAPACITY);
	fixture_make(buffer, size, size - 1);
	unlinked("one that is too short");
	h->version++;
	fixture_make(buffer, size, size);
	unlinked("one of another version");
	h->version--;
#if PQ_USE_LINUX
	h->boot_id[1]++;
	fixture_make(buffer, size, size);
	unlinked("one of an earlier boot");
#endif
	h->boot_id[1]--;
	h->pid_namespace++;
	fixture_make(buffer, size, size);
	unlinked("one of another PID namespace");
	h->pid_namespace--;
	atomic_store(&h->state, PQ_OBJECT_FINAL);
	fixture_make(buffer, size, size);
	unlinked("one whose remover was killed");
}

static uint64_t get(size_t offset)
{
	int fd = shm_open(fixture_object, O_RDONLY, 0);
	uint64_t value;

	need(fd >= 0 && pread(fd, &value, sizeof(value), (off_t)offset) ==
				(ssize_t)sizeof(value));
	close(fd);
	return value;
}

/* A good queue, and nobody in it. */
static void make_queue(void)
{
	size_t size = fixture_bytes(buffer, sizeof(buffer), CAPACITY);
	size_t tail = PROCQ_PARTICIPANTS_MAX * PQ_LINE +
		      PROCQ_HISTOGRAMS * sizeof(struct pq_histogram);

	memset(buffer + size - tail, 0, tail);
	fixture_make(buffer, size, size);
}

static void test_usable(void)
{
	struct procq *q;
	pid_t pid;

	make_queue();
	kept(-EALREADY, 0, "a queue that nobody is in");
	ok(!has_lock_file(), "and no lock file made");
	pid = fixture_launch(fixture_stay);
	kept(-EALREADY, 0, "one that another process is in");
	q = fixture_open(PROCQ_ROLE_KEEPER, 0);
	kept(-EALREADY, 0, "one that this process is in, too");
	is_int(fixture_dead_elsewhere(), 0, "and keeps its lock");
	fixture_end(pid);
	is_int(procq_close(q), 1, "which is removed otherwise");
}

static void test_used_here(void)
{
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, CAPACITY), *look;

	q->seg->header->version++;
	kept(-EBUSY, (uint32_t)getpid(), "damaged, and in use here");
	q->seg->header->version--;
	is_int(fixture_dead_elsewhere(), 0, "and keeps its lock");
	look = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	is_int(procq_close(q), 1, "closed, but for an onlooker");
	make_queue();
	fixture_put(offsetof(struct pq_header, version), 77, 4);
	unlinked("damaged, and an onlooker has another of the name");
	procq_close(look);
}

static void test_used_elsewhere(void)
{
	pid_t pid = fixture_launch(fixture_stay);

	fixture_put(offsetof(struct pq_header, version), 77, 4);
	kept(-EBUSY, (uint32_t)pid, "damaged, and in use elsewhere");
	fixture_put(0, 0, 8);
	kept(-EBUSY, (uint32_t)pid, "without a magic, and in use");
	fixture_end(pid);
	unlinked("when the process is dead");
}

static void test_foreign(void)
{
	pid_t pid = fixture_launch(fixture_stay);
	size_t at = offsetof(struct pq_header, pid_namespace);
	uint64_t here = get(at);

	fixture_put(at, here + 1, 8);
	kept(-EBUSY, (uint32_t)pid, "of another namespace, and in use there");
	ok(get(offsetof(struct pq_header, state)) == PQ_OBJECT_OPEN,
	   "and may be joined there");
	fixture_put(at, here, 8);
	is_int(fixture_dead_elsewhere(), 0, "and all are alive");
	fixture_put(at, here + 1, 8);
	fixture_end(pid);
	unlinked("when the process is dead");
}

static void test_creator(void)
{
	int64_t begun;
	pid_t pid;

	fixture_make("", 0, 0);
	pid = fixture_launch(fixture_build_for_ever);
	begun = procq_now();
	kept(-EBUSY, (uint32_t)pid, "a creator at work");
	ok(procq_now() - begun < 20 * PQ_SECOND, "waited for, but not long");
	fixture_end(pid);
	unlinked("when it is dead");
}

static char shm_path[sizeof(fixture_object) + 16];

static void refused(const char *what)
{
	struct stat st;
	uint32_t found;

	is_int(unlink_rc(&found), -ENODEV, what);
	ok(lstat(shm_path, &st) == 0 && !has_lock_file(), "and left alone");
}

static void test_no_object(void)
{
	snprintf(shm_path, sizeof(shm_path), "/dev/shm%s", fixture_object);
	if (access("/dev/shm", W_OK) < 0)
		skip("names that lead elsewhere", "no /dev/shm");
	else
		fixture_no_objects(shm_path, refused);
}

/* ---- owners ---- */

/* An object of that owner, which everybody may write to. */
static void make_for(uid_t uid)
{
	int fd;

	fixture_make("hello", 5, 5);
	fd = shm_open(fixture_object, O_RDWR, 0);
	need(fd >= 0 && fchmod(fd, 0666) == 0 &&
	     fchown(fd, uid, (gid_t)-1) == 0);
	close(fd);
}

static void as_nobody(void *arg)
{
	uint32_t found = 4711;

	(void)arg;
	must(seteuid(NOBODY) == 0);
	must(procq_unlink(fixture_object, &found) == -EPERM && found == 0);
}

static void test_owners(void)
{
	if (!fixture_may_be(NOBODY)) {
		skip("objects of others", "not root of all users");
		return;
	}
	make_for(NOBODY);
	kept(-EPERM, NOBODY, "a name of root's own, an object of nobody's");
	fixture_clean();

	/* A name of all users. */
	snprintf(fixture_object, sizeof(fixture_object), "/%s", fixture_queue);
	make_for(0);
	is_int(fixture_run(as_nobody, NULL), 0, "root's is not for others");
	ok(fixture_exists() && !has_lock_file(), "and it is still there");
	fixture_clean();
	make_for(NOBODY);
	is_int(procq_unlink(fixture_object, NULL), 0, "any is for root");
	ok(!fixture_exists() && !has_lock_file(), "and nothing is left");
}

int main(void)
{
	fixture_begin("names");
	test_names();
	test_nothing();
	test_wrecks();
	test_usable();
	test_used_here();
	test_used_elsewhere();
	test_foreign();
	test_creator();
	test_no_object();
	test_owners();
	return done();
}
