/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.c - see fleet.h: the loop, and its keys. It never waits for a server:
 * feed.c reads what another program has asked.
 */
#define NCURSES_WIDECHAR 1
#include <config.h>

#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "options.h"

#include "feed.h"
#include "fleet.h"
#include "hosts.h"
#include "terminal.h"

/* For the first answer, in batch mode. */
#define PATIENCE (15 * NS_PER_S)

static struct feed feed = { .fd = -1 };

static void end(void)
{
	feed_end(&feed);
}

static void resize(struct grid *g, int rows, int columns)
{
	if (rows == g->rows && columns == g->columns)
		return;
	if (grid_size(g, rows, columns) < 0) {
		terminal_end();
		complain("%s", _(procq_strerror(-ENOMEM)));
		exit(EXIT_FAILED);
	}
}

/* What is after # in the URL, or the name. */
static const char *name_of(const struct fleet_top *t)
{
	const char *url = t->url ? t->url : getenv("PROCQ_FLEET");
	const char *mark = url ? strchr(url, '#') : NULL;

	return mark ? mark + 1 : option_queue(t->queue);
}

static void draw_keys(struct grid *g, bool paused)
{
	grid_print(g, g->rows - 1, 0, STYLE_KEY, "%s%s",
		   _("arrows scroll  p pauses  q quits"),
		   paused ? _("  PAUSED") : "");
}

static void watch(const struct fleet_top *t, struct grid *g)
{
	bool quit = false, paused = false;
	size_t top = 0, shown = 0;

	terminal_begin(t->colours);
	while (!quit) {
		int rows, columns, key;

		terminal_size(&rows, &columns);
		resize(g, rows, columns);
		if (!paused)
			feed_look(&feed, 0);
		shown = hosts_draw(g, &feed, name_of(t), &top, procq_now());
		draw_keys(g, paused);
		terminal_show(g);
		key = terminal_key(t->delay);
		if (key == 'q' || key == 27)
			quit = true;
		else if (key == 'p' || key == ' ')
			paused = !paused;
		else if (key == KEY_UP && top > 0)
			top--;
		else if (key == KEY_DOWN)
			top++;
		else if (key == KEY_PPAGE)
			top -= top < shown ? top : shown;
		else if (key == KEY_NPAGE)
			top += shown;
		else if (key == KEY_HOME)
			top = 0;
		else if (key == KEY_END)
			top = feed.count;
	}
}

static int print_frames(const struct fleet_top *t, struct grid *g)
{
	int64_t until = procq_now() + PATIENCE;
	size_t top = 0;

	resize(g, t->rows, t->columns);
	while (feed.answered == 0 && !*feed.why && !feed.over &&
	       procq_now() < until)
		feed_look(&feed, 100 * NS_PER_MS);
	for (uint64_t n = 0; t->frames == 0 || n < t->frames; n++) {
		int64_t next = procq_now() + t->delay;

		while (n > 0 && procq_now() < next && !feed.over)
			feed_look(&feed, 20 * NS_PER_MS);
		if (n > 0)
			putchar('\n');
		hosts_draw(g, &feed, name_of(t), &top, procq_now());
		grid_dump(g, stdout);
		if (fflush(stdout) != 0) {
			complain("%s: %s", _("standard output"),
				 strerror(errno));
			return EXIT_FAILED;
		}
		if (feed.over)
			break;
	}
	/* What went wrong is in the last frame; that it did, also here. */
	return feed.answered > 0 ? EXIT_DONE : EXIT_FAILED;
}

int fleet_top(const struct fleet_top *t, struct grid *g)
{
	int status = EXIT_DONE;

	feed_begin(&feed, t->url, t->queue, t->insecure);
	atexit(end);
	if (t->batch)
		status = print_frames(t, g);
	else
		watch(t, g);
	end();
	return status;
}
