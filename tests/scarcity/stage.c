/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stage.c - the others: helpers, a keeper of the queue, a bystander, /proc.
 * Must not trace, nor know which call fails.
 */
#include <config.h>

#include "scarcity.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HELPERS_MAX 8
#define MS INT64_C(1000000)
#define PATIENCE (RUN_SECONDS * 1000 * MS)

const char *programs[3];
const char *queue_name;

static struct helper helpers[HELPERS_MAX];
static size_t helper_count;
static pid_t bystander;
static bool bystander_dead;

static struct {
	pid_t pid;
	int command, answers;
} keeper;

static void nap(void)
{
	struct timespec t = { 0, MS / 2 };

	nanosleep(&t, NULL);
}

/* ---- a namespace of our own ---- */

/* /proc shows only ours, /dev/shm has nobody else's queues. */
static int mount_own(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	    mount("shm", "/dev/shm", "tmpfs", 0, "size=16m,mode=1777") < 0)
		return -1;
	return 0;
}

static pid_t first;

static void end_first(int signo)
{
	(void)signo;
	if (first > 1)
		kill(first, SIGKILL);
	_exit(99);
}

bool stage_enter(int *status)
{
	int state;

	if (geteuid() != 0 || unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		return true;
	signal(SIGTERM, end_first);
	signal(SIGINT, end_first);
	first = fork();
	if (first == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		if (mount_own() == 0)
			return true;
		printf("Bail out! no namespace: %s\n", strerror(errno));
		exit(99);
	}
	*status = 99;
	while (first > 0 && waitpid(first, &state, 0) < 0 && errno == EINTR)
		;
	if (first > 0 && WIFEXITED(state))
		*status = WEXITSTATUS(state);
	return false;
}

/* The child can be ended like any other from the start. */
pid_t stage_fork(void)
{
	sigset_t set, old;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &old);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* One that has nothing to do with it, and is never to be signalled. */
static void start_bystander(void)
{
	pid_t us = getpid();

	bystander = stage_fork();
	if (bystander != 0)
		return;
	if (getppid() != us)
		_exit(0);
	for (;;)
		pause();
}

void stage_start(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "t%ld.scarcity", (long)getpid());
	queue_name = name;
	if (procq_object_name(name, object_name) < 0)
		exit(99);
	setenv("PROCQ_QUEUE", name, 1);
	unsetenv("LANGUAGE");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	start_bystander();
}

void stage_child(int out, int err)
{
	int null = open("/dev/null", O_RDONLY);

	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(125);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
}

int stage_file(void)
{
	int fd = memfd_create("output", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	return fd;
}

void stage_read(int fd, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, 0);

	text[got > 0 ? got : 0] = '\0';
}

/* ---- processes ---- */

pid_t stage_parent(pid_t pid)
{
	char path[64], text[512], *p;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	p = strrchr(text, ')');
	return p ? (pid_t)atol(p + 4) : 0;
}

bool stage_is_other(pid_t pid)
{
	if (pid == getpid() || pid == bystander ||
	    (keeper.pid && pid == keeper.pid))
		return true;
	for (size_t i = 0; i < helper_count; i++)
		if (!helpers[i].ended && helpers[i].pid == pid)
			return true;
	return false;
}

void stage_waited(pid_t pid, int status)
{
	if (WIFSTOPPED(status))
		return;
	if (pid == bystander)
		bystander_dead = true;
	for (size_t i = 0; i < helper_count; i++)
		if (!helpers[i].ended && helpers[i].pid == pid) {
			helpers[i].ended = true;
			helpers[i].status = status;
		}
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
		stage_waited(pid, status);
}

void stage_pause(long ms)
{
	struct timespec t = { 0, ms * MS };

	reap();
	nanosleep(&t, NULL);
	reap();
}

/* How many there are but those that we know. */
static size_t strangers(pid_t *one)
{
	pid_t all[256];
	size_t n = descendants(all, 256), found = 0;

	for (size_t i = 0; i < n; i++)
		if (!stage_is_other(all[i])) {
			*one = all[i];
			found++;
		}
	return found;
}

bool stage_alone(void)
{
	int64_t end = procq_now() + PATIENCE;
	pid_t one = 0;

	for (;;) {
		reap();
		if (strangers(&one) == 0)
			break;
		if (procq_now() > end) {
			complain("process %ld is left over", (long)one);
			return false;
		}
		nap();
	}
	if (bystander_dead)
		complain("a bystander was signalled");
	return !*trouble;
}

void stage_clear(void)
{
	keeper_end(false);
	for (int round = 0; round < 1000; round++) {
		pid_t all[256];
		size_t n = descendants(all, 256), left = 0;

		for (size_t i = 0; i < n; i++)
			if (all[i] > 1 && all[i] != bystander) {
				kill(all[i], SIGKILL);
				left++;
			}
		reap();
		if (left == 0)
			break;
		nap();
	}
	for (size_t i = 0; i < helper_count; i++) {
		close(helpers[i].out);
		close(helpers[i].err);
	}
	helper_count = 0;
	shm_unlink(object_name);
	if (bystander_dead) {
		bystander_dead = false;
		start_bystander();
	}
}

/* ---- helpers ---- */

struct helper *helper_start(char *const *args)
{
	struct helper *h = &helpers[helper_count++];

	if (helper_count > HELPERS_MAX)
		abort();
	memset(h, 0, sizeof(*h));
	h->name = args[0];
	h->out = stage_file();
	h->err = stage_file();
	h->pid = stage_fork();
	if (h->pid == 0) {
		stage_child(h->out, h->err);
		execv(args[0], args);
		_exit(125);
	}
	if (h->pid < 0)
		complain("no process for a helper");
	return h;
}

static const char *base_name(const struct helper *h)
{
	return strrchr(h->name, '/') ? strrchr(h->name, '/') + 1 : h->name;
}

static unsigned lines_in(int fd)
{
	char text[16384];
	unsigned n = 0;

	stage_read(fd, text, sizeof(text));
	for (const char *p = text; *p; p++)
		n += *p == '\n';
	return n;
}

bool helper_lines(struct helper *h, unsigned n)
{
	int64_t end = procq_now() + PATIENCE;

	while (lines_in(h->out) < n) {
		reap();
		if (h->ended || procq_now() > end) {
			complain("the helping %s %s before it has written %u "
				 "lines", base_name(h),
				 h->ended ? "ends" : "hangs", n);
			return false;
		}
		nap();
	}
	return true;
}

bool helper_signal(struct helper *h, int signo)
{
	reap();
	if (!h->ended && h->pid > 1)
		kill(h->pid, signo);
	return !h->ended;
}

bool helper_ends(struct helper *h, int want)
{
	int64_t end = procq_now() + PATIENCE;
	char said[300];
	int got;

	for (reap(); !h->ended && procq_now() < end; reap())
		nap();
	stage_read(h->err, said, sizeof(said));
	said[strcspn(said, "\n")] = '\0';
	if (!h->ended) {
		complain("the helping %s does not end; it says: %s",
			 base_name(h), said);
		return false;
	}
	got = WIFSIGNALED(h->status) ? -WTERMSIG(h->status)
				     : WEXITSTATUS(h->status);
	if (got != want)
		complain("the helping %s ends with %d, not %d; it says: %s",
			 base_name(h), got, want, said);
	return got == want;
}

/* ---- the keeper ---- */

static void answer(int fd, const struct answer *a)
{
	if (write(fd, a, sizeof(*a)) != (ssize_t)sizeof(*a))
		_exit(3);
}

static _Noreturn void keep(uint32_t capacity, int commands, int answers)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct answer a = { .rc = 0 };
	struct procq *q;
	char what;

	o.role = PROCQ_ROLE_KEEPER;
	o.capacity = capacity;
	o.flags = capacity ? 0 : PROCQ_OPEN_NOCREATE;
	o.deadline = procq_now() + PATIENCE / 2;
	a.rc = procq_open(&q, queue_name, &o);
	answer(answers, &a);
	while (a.rc == 0 && read(commands, &what, 1) == 1) {
		if (what == 'q') {
			procq_close(q);
			_exit(0);
		}
		a.rc = procq_check(q, &a.report);
		procq_stat(q, &a.stat);
		answer(answers, &a);
		a.rc = 0;
	}
	_exit(0);
}

static bool keeper_hears(struct answer *a)
{
	struct pollfd p = { .fd = keeper.answers, .events = POLLIN };
	int rc;

	do
		rc = poll(&p, 1, RUN_SECONDS * 1000);
	while (rc < 0 && errno == EINTR);
	if (rc == 1 && read(keeper.answers, a, sizeof(*a)) ==
	    (ssize_t)sizeof(*a))
		return true;
	complain("the keeper does not answer");
	return false;
}

bool keeper_start(struct answer *a, uint32_t capacity)
{
	int up[2], down[2];

	if (pipe(up) < 0 || pipe(down) < 0)
		abort();
	keeper.pid = stage_fork();
	if (keeper.pid == 0) {
		close(up[0]);
		close(down[1]);
		keep(capacity, down[0], up[1]);
	}
	close(up[1]);
	close(down[0]);
	keeper.answers = up[0];
	keeper.command = down[1];
	fcntl(up[0], F_SETFD, FD_CLOEXEC);
	fcntl(down[1], F_SETFD, FD_CLOEXEC);
	if (keeper_hears(a) && a->rc == 0)
		return true;
	if (!*trouble && a->rc != -ENOENT)
		complain("the keeper can't join: %s", procq_strerror(a->rc));
	keeper_end(false);
	return false;
}

bool keeper_check(struct answer *a)
{
	if (write(keeper.command, "k", 1) != 1) {
		complain("the keeper is gone");
		return false;
	}
	return keeper_hears(a);
}

void keeper_end(bool leaves)
{
	int status;

	if (keeper.pid <= 1)
		return;
	if (!leaves)
		kill(keeper.pid, SIGKILL);
	else if (write(keeper.command, "q", 1) != 1)
		complain("the keeper is gone");
	while (waitpid(keeper.pid, &status, 0) < 0 && errno == EINTR)
		;
	close(keeper.command);
	close(keeper.answers);
	keeper.pid = 0;
}
