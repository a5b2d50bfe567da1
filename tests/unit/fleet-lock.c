/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/fleet-lock.c - one helper for a queue: while it lives, and no longer;
 * also beside a file that a dead one, another user or nobody has left.
 */
#include <config.h>

#include <sys/stat.h>

#include "../kit/tap.h"
#include "../kit/fixture.h"

#include "fleet-lock.h"

static char path[PROCQ_NAME_SIZE + 32];

static void clean_up(void)
{
	if (getpid() == fixture_pid)
		unlink(path);
}

static bool is_there(void)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void put(void)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0600);

	need(fd >= 0);
	close(fd);
}

/* A helper: it says when it has the lock, and then waits for its end. */
static void hold(void *arg)
{
	must(fleet_lock(fixture_object) >= 0);
	atomic_store((_Atomic int *)arg, 1);
	fixture_rest(NULL);
}

static void test_one(void)
{
	pid_t pid;
	int fd;

	ok(!fleet_is_locked(fixture_object), "no file, no helper");
	pid = fixture_launch(hold);
	ok(fleet_is_locked(fixture_object), "a helper");
	is_int(fleet_lock(fixture_object), -EBUSY, "there is no second");
	fixture_end(pid);
	ok(is_there(), "it is killed, and leaves its file");
	ok(!fleet_is_locked(fixture_object), "but no lock");
	fd = fleet_lock(fixture_object);
	ok(fd >= 0, "so there is room for another");
	is_int(fcntl(fd, F_GETFD), FD_CLOEXEC, "what it executes has it not");
	fleet_unlock(fixture_object, fd);
	ok(!is_there(), "one that leaves takes its file away");
}

static void test_name(void)
{
	pid_t pid = fixture_launch(hold);
	char other[PROCQ_NAME_SIZE + 1];

	snprintf(other, sizeof(other), "%sx", fixture_object);
	ok(!fleet_is_locked(other), "another queue has none for that");
	/* Somebody cleans up /tmp. */
	need(unlink(path) == 0);
	ok(!fleet_is_locked(fixture_object), "without its file it is not "
	   "seen");
	fixture_end(pid);
}

/* What a file of that name may be instead. */
static void test_in_the_way(void)
{
	char target[sizeof(path) + 8];
	struct stat st;

	snprintf(target, sizeof(target), "%s.not", path);
	need(symlink(target, path) == 0);
	is_int(fleet_lock(fixture_object), -ELOOP, "a link is not followed");
	ok(!fleet_is_locked(fixture_object) && lstat(target, &st) < 0,
	   "and what it names is not made");
	unlink(path);
	need(mkdir(path, 0700) == 0);
	is_int(fleet_lock(fixture_object), -EISDIR, "a folder");
	ok(!fleet_is_locked(fixture_object), "is no helper");
	rmdir(path);
	need(mkfifo(path, 0600) == 0);
	ok(!fleet_is_locked(fixture_object), "a pipe is none, and nobody "
	   "waits for it");
	unlink(path);
}

static void be_other(void *arg)
{
	uid_t uid = 65534;

	must(seteuid(uid) == 0);
	if (arg)
		hold(arg);
	/* The helper is to say it: so it has to be started. */
	must(!fleet_is_locked(fixture_object));
	must(fleet_lock(fixture_object) == -EACCES);
}

static void test_other_user(void)
{
	pid_t pid;
	int rc;

	if (!fixture_may_be(65534)) {
		skip("another user", "not root");
		return;
	}
	put();
	is_int(fixture_run(be_other, NULL), 0, "a file of another user, who "
	       "may not read it: refused");
	unlink(path);
	pid = fixture_launch(be_other);
	ok(!fleet_is_locked(fixture_object), "what another user has locked is "
	   "no helper");
	rc = fleet_lock(fixture_object);
	ok(rc == -EACCES || rc == -EBUSY, "nor may it be had: %d", rc);
	fixture_end(pid);
	rc = fleet_lock(fixture_object);
	ok(rc == -EACCES || rc == -EPERM, "nor what it has left: %d", rc);
	unlink(path);
}

/* Many at once, each of which leaves at once: at no time two, none is stuck. */
static void take_turns(void *arg)
{
	int rounds = fixture_rounds(200);
	int *inside = arg;

	while (rounds > 0) {
		int fd = fleet_lock(fixture_object);

		must(fd >= 0 || fd == -EBUSY || fd == -EAGAIN);
		if (fd < 0)
			continue;
		must(__atomic_fetch_add(inside, 1, __ATOMIC_SEQ_CST) == 0);
		rounds--;
		__atomic_fetch_sub(inside, 1, __ATOMIC_SEQ_CST);
		fleet_unlock(fixture_object, fd);
	}
}

static void test_turns(void)
{
	int *inside = fixture_shared(sizeof(*inside));

	is_int(fixture_crowd(4, take_turns, inside), 0,
	       "four take turns, one at a time");
	ok(!is_there(), "and nothing is left");
	munmap(inside, sizeof(*inside));
}

int main(void)
{
	fixture_begin("fleet-lock");
	snprintf(path, sizeof(path), "/tmp/procq-fleet.%s",
		 fixture_object + 1);
	atexit(clean_up);
	test_one();
	test_name();
	test_in_the_way();
	test_other_user();
	test_turns();
	return done();
}
