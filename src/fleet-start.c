/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet-start.c - see fleet-start.h. Must not wait for a helper, nor end one:
 * it is the queue's, and may outlive the program that has started it.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "complain.h"
#include "duration.h"
#include "fleet-lock.h"
#include "fleet-start.h"
#include "folder.h"
#include "i18n.h"

#define LOOK_EVERY NS_PER_S
/* A helper that ends at once, because the engine refuses it, say, is not
 * started more often than this, at last. */
#define PAUSE_MAX (30 * NS_PER_S)

struct helper_path {
	char text[4096];
};

static struct helper_path helper_path(void)
{
	struct helper_path p;

	snprintf(p.text, sizeof(p.text), "%s/procq-fleet", programs_folder());
	return p;
}

/* What the child runs. Between fork and exec, in a process with one thread or
 * several: system calls alone. */
static _Noreturn void become_helper(const char *path, char **argv,
				    const sigset_t *mask)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (mask)
		sigprocmask(SIG_SETMASK, mask, NULL);
	execv(path, argv);
	_exit(EXIT_CANNOT_RUN);
}

static pid_t start_helper(struct fleet_start *f, char *check)
{
	static char name[] = "helper", insecure[] = "--fleet-insecure";
	char url[4096], queue[PROCQ_NAME_SIZE + 16];
	char *argv[] = { name, url, queue, check, NULL, NULL };
	struct helper_path path = helper_path();
	pid_t pid;

	if ((size_t)snprintf(url, sizeof(url), "--fleet=%s", f->url) >=
	    sizeof(url))
		return -1;
	snprintf(queue, sizeof(queue), "--queue=%s", f->queue);
	if (f->insecure)
		argv[check ? 4 : 3] = insecure;
	pid = fork();
	if (pid == 0)
		become_helper(path.text, argv, f->mask);
	return pid;
}

void fleet_settle(struct fleet_start *f)
{
	const char *variable = getenv("PROCQ_FLEET");

	if (!f->url && variable && *variable)
		f->url = variable;
	if (!f->url)
		return;
	if (gethostname(f->host, sizeof(f->host)) < 0 || !*f->host)
		snprintf(f->host, sizeof(f->host), "localhost");
	f->host[sizeof(f->host) - 1] = '\0';
}

void fleet_check(struct fleet_start *f, const char *queue)
{
	static char check[] = "--check";
	struct helper_path path = helper_path();
	int status = 0;
	pid_t pid;

	f->queue = queue;
	if (!f->url)
		return;
	if (access(path.text, X_OK) < 0) {
		complain(_("--fleet needs the package procq-fleet: '%s': %s"),
			 path.text, strerror(errno));
		exit(EXIT_USAGE);
	}
	pid = start_helper(f, check);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0)
		complain(_("'%s' can't be started: %s"), path.text,
			 strerror(errno));
	/* What else is wrong, it has said. */
	if (pid < 0 || status != 0)
		exit(EXIT_USAGE);
}

int fleet_bind(struct fleet_start *f, struct procq *q)
{
	struct procq_lease l = PROCQ_LEASE_INIT;
	int err;

	if (!f->url)
		return 0;
	err = procq_lease(q, &l);
	if (err < 0 || l.policy != PROCQ_POLICY_NONE)
		return err;
	/* The first: nothing is granted yet, by nobody, and nothing is to be
	 * ended before it is known whether that needs a permit. A helper that
	 * was faster has a later epoch. */
	err = procq_need_permits(q, 0, FLEET_UNATTACHED);
	if (err < 0)
		return err == -ENOTCONN ? 0 : err;
	l.policy = PROCQ_POLICY_KEEP;
	l.deadline = 0;
	l.epoch = 0;
	l.granted = 0;
	err = procq_set_lease(q, &l);
	return err == -ENOTCONN || err > 0 ? 0 : err;
}

void fleet_look(struct fleet_start *f, const struct procq *q)
{
	int64_t now;

	if (!f->url || !q)
		return;
	now = procq_now();
	if (now < f->look)
		return;
	f->look = time_after(now, LOOK_EVERY);
	/* A producer has reaped it already, as it reaps all its children. */
	if (f->pid > 0 && waitpid(f->pid, NULL, WNOHANG) != 0)
		f->pid = 0;
	if (fleet_is_locked(procq_object(q))) {
		f->pause = 0;
		return;
	}
	if (f->pid > 0)
		return;
	f->pid = start_helper(f, NULL);
	f->pause = f->pause ? time_min(2 * f->pause, PAUSE_MAX) : LOOK_EVERY;
	f->look = time_after(now, f->pause);
}
