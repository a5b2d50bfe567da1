/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worlds.c - worlds that come and go: in each, process 1 of a PID namespace is
 * a producer. Its commands leave orphans, which are its to reap; a consumer in
 * there ends them, and is killed at times; or process 1 is, and with it the
 * world. The next one has a queue of the same name.
 *
 * Needs to be root, or what looks like it, and to be run as the first process
 * of a PID namespace, so that nothing can outlive it.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if PQ_USE_LINUX
# include <sys/mount.h>
#endif

#include "procq.h"

#include "../kit/harness.h"
#include "../kit/tap.h"

#include "chance.h"
#include "alone.h"


static struct {
	size_t rounds, seed;
	const char *folder;
} options = { .rounds = 12, .seed = 1, .folder = "src" };
static char queue[64], object[PROCQ_NAME_SIZE], messages[96];
TAP_UNUSED static uint64_t killed, ended, consumer_kills, bad, orphans_seen;

#if PQ_USE_LINUX

static void execute(const char *const *argv)
{
	char path[1024];
	int fd = open(messages, O_WRONLY | O_APPEND | O_CREAT, 0600);

	dup2(fd, STDERR_FILENO);
	fd = open("/dev/null", O_WRONLY);
	dup2(fd, STDOUT_FILENO);
	snprintf(path, sizeof(path), "%s/%s", options.folder, argv[0]);
	/* NOLINTNEXTLINE: execv() changes no argument */
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(126);
}

/* Kills the consumer in there, and is reaped by process 1 as well. */
static void assassin(pid_t victim, int64_t after)
{
	nap(after);
	if (victim > 1)
		kill(victim, SIGKILL);
	_exit(0);
}

/* Process 1 of the new world. */
static void first(bool last, int64_t kill_after)
{
	static const char *const consume[] = {
		"consumer", "-q", queue, "-d", "0", "-k", "0.3", "--quiet",
		"--no-summary", NULL };
	/* What has a session of its own is in no group that is signalled. */
	static const char *const produce[] = {
		"producer", "-q", queue, "-c", "4", "-d", "0.01", "--quiet",
		"--no-summary", "sh", "-c",
		"setsid sleep 0.02 & exec sleep 100", NULL };
	static const char *const produce_last[] = {
		"producer", "-q", queue, "-c", "4", "-n", "20", "-d", "0",
		"--quiet", "--no-summary", "sh", "-c",
		"setsid sleep 0.02 & exec sleep 100", NULL };
	pid_t consumer;

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		_exit(125);
	consumer = fork();
	if (consumer == 0)
		execute(consume);
	if (kill_after > 0 && fork() == 0)
		assassin(consumer, kill_after);
	execute(last ? produce_last : produce);
}

/* Process 1 of a new world, by its number here. */
static pid_t begin_world(bool last, int64_t kill_after)
{
	int ends[2];
	pid_t pid = 0, outer;

	if (pipe(ends) < 0)
		return -1;
	outer = fork();
	if (outer == 0) {
		if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
			_exit(125);
		pid = fork();
		if (pid == 0) {
			close(ends[0]);
			close(ends[1]);
			first(last, kill_after);
		}
		/* Here, the number is that of the driver's namespace. */
		(void)!write(ends[1], &pid, sizeof(pid));
		_exit(pid < 0);
	}
	close(ends[1]);
	if (outer < 0 || read(ends[0], &pid, sizeof(pid)) != sizeof(pid))
		pid = -1;
	close(ends[0]);
	waitpid(outer, NULL, 0);
	return pid;
}

/* How many children of it are zombies? */
static unsigned zombies(pid_t parent)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	unsigned n = 0;

	while (dir && (d = readdir(dir))) {
		char path[300], text[512], *end, mark;
		long ppid;
		size_t size;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
		if (atol(d->d_name) <= 1 || !(f = fopen(path, "r")))
			continue;
		size = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		text[size] = '\0';
		end = strrchr(text, ')');
		if (end && sscanf(end + 1, " %c %ld", &mark, &ppid) == 2 &&
		    ppid == parent) {
			orphans_seen++;
			n += mark == 'Z';
		}
	}
	if (dir)
		closedir(dir);
	return n;
}

/* Is there a moment without a zombie? All must be reaped for that, and not
 * only what was started by process 1. */
static bool is_reaped(pid_t pid)
{
	int64_t end = procq_now() + 20 * S;

	while (zombies(pid) > 0 && procq_now() < end)
		nap(2 * MS);
	return zombies(pid) == 0 || procq_now() < end;
}

/* What it said, if anything is not as it should be. */
static void note_messages(void)
{
	char line[512];
	FILE *f = fopen(messages, "r");

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		note("%s", line);
	}
	if (f)
		fclose(f);
}

static int await_end(pid_t pid, int64_t seconds)
{
	int64_t end = procq_now() + seconds * S;
	int status = -1;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0 &&
	       procq_now() < end)
		nap(MS);
	if (got == pid)
		return status;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

/* The driver is the reaper of what process 1 was a child of: unshare's child
 * is gone, so process 1 is the driver's own. */
static void one_world(void)
{
	bool by_kill = draw(2);
	int64_t kill_after = draw(2) ? (int64_t)(1 + draw(300)) * MS : 0;
	pid_t pid = begin_world(false, kill_after);
	int status;

	if (pid <= 1) {
		bad++;
		return;
	}
	consumer_kills += kill_after > 0;
	nap((int64_t)(20 + draw(400)) * MS);
	if (!by_kill)
		bad += !is_reaped(pid);
	kill(pid, by_kill ? SIGKILL : SIGTERM);
	status = await_end(pid, 60);
	if (by_kill) {
		killed++;
		bad += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
		return;
	}
	ended++;
	/* Process 1 can't die of a signal of its own: it exits so. */
	if (!WIFEXITED(status) || (WEXITSTATUS(status) != 128 + SIGTERM &&
				   WEXITSTATUS(status) != 0)) {
		note("a producer ended with status %#x", (unsigned)status);
		bad++;
	}
}

/* What the commands leave behind is named where it is slow to end, and
 * truly: it is no complaint. */
static bool complained(void)
{
	FILE *f = fopen(messages, "r");
	char line[512];
	bool any = false;

	while (f && fgets(line, sizeof(line), f))
		any = any || !strstr(line, "(sleep) has outlived the command");
	if (f)
		fclose(f);
	return any;
}

static bool may_have_worlds(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWPID | CLONE_NEWNS) < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void run_all(void)
{
	pid_t pid;
	int status;

	for (size_t i = 0; i < options.rounds; i++)
		one_world();
	is_int((int64_t)bad, 0, "each world began and ended as it should, "
	       "and its orphans were reaped");
	ok(orphans_seen > 0, "there were some");
	/* The last one comes to its end. */
	pid = begin_world(true, 0);
	status = pid > 1 ? await_end(pid, 120) : -1;
	is_int(status, 0, "a world after all of them lacks nothing");
	if (!ok(!complained(), "nobody had anything to complain of"))
		note_messages();
	note("worlds killed %" PRIu64 ", ended %" PRIu64 "; with a killed "
	     "consumer %" PRIu64, killed, ended, consumer_kills);
}

#else

static bool may_have_worlds(void)
{
	return false;
}

static void run_all(void)
{
	(void)draw, (void)nap;
}

#endif

static const struct harness_option all_options[] = {
	{ "rounds", "N", "so many worlds", .count = &options.rounds },
	{ "seed", "N", "the choices follow from it", .count = &options.seed },
	{ "programs", "FOLDER", "where the programs are",
	  .text = &options.folder },
	{ .name = NULL },
};

static const struct harness this_harness = { "worlds", all_options, NULL };

int main(int argc, char **argv)
{
	read_options(&this_harness, argc, argv);
#if !PQ_USE_LINUX
	skip_all("built without LINUX");
#endif
	alone_begin(options.seed, queue, sizeof(queue), "", "worlds");
	if (!may_have_worlds())
		skip_all("no PID namespace to be had");
	snprintf(messages, sizeof(messages), "/tmp/procq-%s", queue);
	if (procq_object_name(queue, object) < 0)
		return 1;
	note("seed %zu", options.seed);
	run_all();
	shm_unlink(object);
	unlink(messages);
	return done();
}
