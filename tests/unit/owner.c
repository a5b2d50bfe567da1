/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/owner.c - lib/owner.c and lib/proc.c: which file a descriptor is of,
 * who owns it, whose a process is, and what is said where /proc says nothing.
 */
#include <config.h>

#include <sys/types.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"
#include "../kit/calls.h"
#include "../kit/forbid.h"

#include "owner.h"
#include "proc.h"

/* What the kernel shows in place of a user without a number. */
#define NOBODY 65534
#define OTHER 12345

static int open_null(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	need(fd >= 0);
	return fd;
}

static void test_files(void)
{
	FILE *one = tmpfile(), *two = tmpfile();
	int fd = open_null(), again = open_null();
	struct pq_file file = pq_file_of(fd), mine;

	need(one && two);
	mine = pq_file_of(fileno(one));
	ok(file.ino != 0 && pq_file_is(fd, file),
	   "a descriptor is of its file");
	ok(pq_file_is(again, file), "as is another one of it");
	ok(!pq_file_is(fileno(one), file), "but none of another file system,");
	ok(pq_file_is(fileno(one), mine) && !pq_file_is(fileno(two), mine),
	   "nor one of another file");
	ok(!pq_file_is(-1, file), "nor no descriptor");
	pq_file_close(again, mine);
	ok(pq_file_is(again, file), "what is of another file is not closed");
	pq_file_close(again, file);
	ok(!pq_file_is(again, file) && pq_file_of(again).ino == 0,
	   "what is of this file is");
	ok(!pq_file_is(again, pq_file_of(again)), "a closed one is of none");
	ok(pq_file_is(fd, (struct pq_file){ .ino = 0 }),
	   "where it is not known which, any is believed");
	close(fd);
	fclose(one);
	fclose(two);
}

static void test_mine(void)
{
	FILE *f = tmpfile();
	struct stat st;

	need(f && fstat(fileno(f), &st) == 0);
	ok(pq_owner_is_me(fileno(f), &st), "one's own file");
	st.st_uid++;
	ok(!pq_owner_is_me(fileno(f), &st), "another user's");
	fclose(f);
}

/* It looks like one's own, as all files of users that have no number here. */
static void body_nobody(void *arg)
{
	FILE *f;
	struct stat st;
	int fd = open_null();

	(void)arg;
	must(seteuid(NOBODY) == 0);
	f = tmpfile();
	must(f && fstat(fileno(f), &st) == 0 && st.st_uid == NOBODY);
	must(pq_owner_is_me(fileno(f), &st));
	must(fstat(fd, &st) == 0 && st.st_uid != NOBODY);
	st.st_uid = NOBODY;
	must(!pq_owner_is_me(fd, &st));
}

static void has_three_ids(void *arg)
{
	must(setresuid(OTHER, OTHER + 1, OTHER + 2) == 0);
	atomic_store((_Atomic int *)arg, 1);
	fixture_rest(NULL);
}

static void test_others(void)
{
	pid_t pid;

	is_int(fixture_run(body_nobody, NULL), 0,
	       "who looks like the owner, but may not set the mode, is not");
	pid = fixture_launch(has_three_ids);
	ok(pq_owner_has(OTHER, pid), "a process is its real user's,");
	ok(!pq_owner_has(OTHER + 1, pid) && !pq_owner_has(0, pid),
	   "not its effective one's, nor root's,");
	ok(pq_owner_has(OTHER + 2, pid), "and its saved one's");
	fixture_end(pid);
}

static void test_processes(void)
{
	pid_t pid = fixture_bystander();

	ok(pq_owner_has(getuid(), pid), "a child is its parent's user's");
	ok(!pq_owner_has(getuid() + OTHER, pid), "and no other's");
	fixture_end(pid);
	ok(!pq_owner_has(getuid(), pid), "one that is gone is nobody's");
}

static void test_read(void)
{
	char text[6];

	memset(text, '#', sizeof(text));
	is_int(pq_proc_read("/proc/self/nosuch", text, sizeof(text)), -ENOENT,
	       "a file that is not there");
	is_str(text, "", "has no text");
	is_int(pq_proc_read("/", text, sizeof(text)), -EISDIR, "nor a folder");
	is_str(text, "", "which can be opened");
	is_int(pq_proc_read("/dev/null", text, sizeof(text)), 0,
	       "an empty one");
	is_int(pq_proc_read("/proc/self/status", text, sizeof(text)), 5,
	       "as much as there is room for");
	is_str(text, "Name:", "is its beginning");
}

/* As where there is no /proc. */
static void body_closed(void *arg)
{
	const struct rule rules[] = { { SYS_openat, -1, 0, EACCES },
				      { SYS_open, -1, 0, EACCES } };

	(void)arg;
	must(pq_proc_is_ours());
	forbid(rules, 2);
	must(!pq_proc_is_ours());
	must(!pq_owner_has(getuid(), getpid()));
}

/* As a sandbox. */
static void body_no_fstat(void *arg)
{
	const struct rule rules[] = { { SYS_fstat, -1, 0, EPERM },
#ifdef SYS_newfstatat
				      { SYS_newfstatat, -1, 0, EPERM },
#endif
#ifdef SYS_statx
				      { SYS_statx, -1, 0, EPERM },
#endif
	};
	const struct pq_file other = { 1, 1 };
	int fd = open_null();
	struct stat st;

	(void)arg;
	forbid(rules, sizeof(rules) / sizeof(*rules));
	/* Another C library may have another call for it. */
	if (fstat(fd, &st) == 0)
		_exit(0);
	must(pq_file_is(fd, other));
	must(pq_file_of(fd).ino == 0);
}

int main(void)
{
	fixture_begin("owner");
	test_files();
	test_mine();
	if (!pq_proc_is_ours()) {
		note("there is no /proc");
		return done();
	}
	test_processes();
	test_read();
	if (fixture_may_be(NOBODY) && fixture_may_be(OTHER))
		test_others();
	/* No filter, either, under an emulator. */
	if (calls_try()) {
		is_int(fixture_run(body_closed, NULL), 0,
		       "without /proc nothing is believed");
		is_int(fixture_run(body_no_fstat, NULL), 0,
		       "a call that is refused says nothing of a descriptor");
	}
	return done();
}
