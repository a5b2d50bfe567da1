/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scarcity.c - each system call fails, one at a time, with every plausible
 * error: which points, which runs, TAP.
 *
 * A first run of each scene counts how often the program makes each call;
 * then there is one run for each call, each of its errors and each n up to
 * the end: that the n-th call did not come is the end. --quick: each n, but
 * one error in turn, and no more than a share of these.
 */
#include <config.h>

#include "scarcity.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kit/tap.h"

#define FAILURES_SHOWN 8
/* Runs of one scene with --quick. */
#define QUICK_RUNS 90
/* A call that is made once more for each failure never ends. */
#define MORE_CALLS 20

static struct {
	bool quick, verbose, list;
	const char *scene;
	int call, error;
	size_t nth, burst;
} options = { .call = NO_CALL, .burst = 1 };

static size_t runs, failures, points;

/* ---- one point ---- */

static void report(const struct scene *scene, const struct fault *f,
		 const struct run *run)
{
	char *end;
	char text[300];

	if (++failures > FAILURES_SHOWN && !options.verbose)
		return;
	while ((end = strchr(trouble, '\n')))
		*end = ' ';
	note("%s: %s %u %s%s: %s", scene->name, calls[f->call].name, f->nth,
	     error_name(f->error), f->burst > 1 ? ", and the next" : "",
	     trouble);
	snprintf(text, sizeof(text), "%.290s", run->err);
	while ((end = strchr(text, '\n')))
		*end = ' ';
	if (options.verbose && *text)
		note("  it says: %s", text);
}

/* False: the program does not make the call so often. */
static bool try_point(const struct scene *scene, struct fault *f)
{
	static struct run run;
	int64_t start = procq_now();
	bool good = scene_run(scene, f, &run);

	runs++;
	points += run.failed_one;
	if (!good)
		report(scene, f, &run);
	if (options.verbose)
		note("%s %u %s: %s, status %#x, %.0f ms",
		     calls[f->call].name, f->nth, error_name(f->error),
		     run.failed_one ? "failed" : "did not come",
		     (unsigned)run.status,
		     (double)(procq_now() - start) / 1e6);
	return run.failed_one || !good;
}

/* ---- every point ---- */

static void try_error(const struct scene *scene, struct fault *f,
		      unsigned calls_made)
{
	unsigned last = calls_made + MORE_CALLS;

	for (f->nth = 1; f->nth <= last; f->nth++) {
		if (options.nth && f->nth != options.nth)
			continue;
		if (!try_point(scene, f) && f->nth >= calls_made)
			break;
	}
}

static bool wanted(int call)
{
	return options.call == NO_CALL || options.call == call;
}

/* Of these a single failure never gets through. */
static bool is_stubborn(const struct fault *f)
{
	enum kind kind = calls[f->call].kind;

	return f->error == ENOLCK && (kind == LOCK || kind == ASK_LOCK);
}

/* How many in a row fail; false: that has been tried. */
static bool more_of_it(struct fault *f)
{
	if (f->burst >= STUBBORN || options.burst > 1 || !is_stubborn(f))
		return false;
	f->burst = STUBBORN;
	return true;
}

static void try_all(const struct scene *scene, const struct run *first)
{
	struct fault f = { .inner = scene->inner };

	for (int i = 0; calls[i].name; i++) {
		if (!first->counts[i] || !wanted(i))
			continue;
		f.call = i;
		for (int k = 0; k < ERRORS_MAX && calls[i].errors[k]; k++) {
			f.error = calls[i].errors[k];
			if (options.error && options.error != f.error)
				continue;
			f.burst = (unsigned)options.burst;
			do
				try_error(scene, &f, first->counts[i]);
			while (more_of_it(&f));
		}
	}
}

/* ---- a sample ---- */

static unsigned errors_of(int call)
{
	unsigned n = 0;

	while (n < ERRORS_MAX && calls[call].errors[n])
		n++;
	return n;
}

static void try_some(const struct scene *scene, const struct run *first)
{
	unsigned all = 0, at = 0, chosen = 0;
	struct fault f = { .inner = scene->inner, .burst = (unsigned)options.burst };

	for (int i = 0; calls[i].name; i++)
		all += first->counts[i];
	for (int i = 0; calls[i].name; i++)
		for (unsigned n = 1; n <= first->counts[i]; n++) {
			/* Evenly, as many as there may be. */
			if (++at * QUICK_RUNS / all < chosen + 1 &&
			    all > QUICK_RUNS)
				continue;
			f.call = i;
			f.nth = n;
			f.error = calls[i].errors[chosen++ % errors_of(i)];
			f.burst = (unsigned)options.burst;
			do
				try_point(scene, &f);
			while (more_of_it(&f));
		}
}

/* ---- scenes ---- */

static void play(const struct scene *scene)
{
	static struct run first;
	int64_t start = procq_now();

	runs = failures = points = 0;
	if (!scene_learn(scene, &first)) {
		ok(0, "%s: goes well when nothing fails", scene->name);
		note("  %s", trouble);
		return;
	}
	if (options.quick)
		try_some(scene, &first);
	else
		try_all(scene, &first);
	ok(failures == 0, "%s: %zu calls fail, %zu of them badly",
	   scene->name, points, failures);
	note("  %zu runs, %.1f s", runs,
	     (double)(procq_now() - start) / 1e9);
}

/* ---- start ---- */

static void give_up(int signo)
{
	(void)signo;
	stage_clear();
	_exit(99);
}

static void read_call(const char *name)
{
	options.call = call_by_name(name);
}

static void read_error(const char *name)
{
	options.error = error_by_name(name);
}

static const struct harness_option all_options[] = {
	{ "quick", NULL, "a sample of the points", .flag = &options.quick },
	{ "scene", "NAME", "this scene only", .text = &options.scene },
	{ "call", "NAME", "this system call only", .read = read_call },
	{ "error", "NAME", "this error only", .read = read_error },
	{ "nth", "N", "the N-th call only", .count = &options.nth },
	{ "burst", "K", "K calls in a row fail", .count = &options.burst },
	{ "verbose", NULL, "report each point", .flag = &options.verbose },
	{ "list", NULL, "the scenes", .flag = &options.list },
	{ .name = NULL },
};

static const struct harness this_harness = {
	"scarcity", all_options,
	"The programs: PRODUCER, CONSUMER, PROCQ in the environment.",
};

static void list_scenes(void)
{
	for (const struct scene *s = scenes; s->name; s++)
		puts(s->name);
}

static bool find_programs(void)
{
	static const char *const names[] = { "PRODUCER", "CONSUMER", "PROCQ" };

	for (int i = 0; i < 3; i++) {
		programs[i] = getenv(names[i]);
		if (!programs[i] || access(programs[i], X_OK) < 0)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	int status;

	read_options(&this_harness, argc, argv);
	if (options.list) {
		list_scenes();
		return 0;
	}
#if !defined __x86_64__ && !defined __aarch64__
	skip_all("system calls are made to fail on x86-64 and aarch64 only");
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	skip_all("a sanitizer's own system calls would fail");
#endif
	if (!find_programs())
		skip_all("PRODUCER, CONSUMER, PROCQ are not all set");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!stage_enter(&status))
		return status;
	stage_start();
	signal(SIGTERM, give_up);
	signal(SIGINT, give_up);
	signal(SIGPIPE, SIG_IGN);
	for (const struct scene *s = scenes; s->name; s++)
		if (!options.scene || strcmp(s->name, options.scene) == 0)
			play(s);
	stage_clear();
	return done();
}
