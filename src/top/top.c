/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * top.c - the program procq-top, which procq executes for its command top:
 * options, keys, and the loop.
 *
 * A program of its own, as it needs a library that procq does not. It only
 * looks at the queue; to end a process it asks procq end.
 */
#define NCURSES_WIDECHAR 1
#include <config.h>

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "options.h"
#include "program.h"

#include "fleet.h"
#include "panels.h"
#include "terminal.h"
#include "view.h"

enum {
	OPT_BATCH = OPT_RUN, OPT_ASCII, OPT_NO_COLOR, OPT_SIZE, OPT_FLEET,
	OPT_INSECURE
};

/* Four times a second. */
#define DELAY (250 * NS_PER_MS)
#define DELAY_MIN (20 * NS_PER_MS)
#define DELAY_MAX (60 * NS_PER_S)
#define QUEUES_MAX 256
#define MESSAGE_SIZE 256

struct top {
	struct view view;
	struct grid grid;
	struct choice_state choice;
	int64_t delay;
	uint64_t frames;	/* in batch mode; 0: without an end */
	bool batch, ascii, colours;
	int rows, columns;	/* in batch mode */
	char message[MESSAGE_SIZE];
	int64_t message_until;
	uint32_t *order;
	uint32_t order_room, shown;
	bool quit;
	bool fleet;		/* its hosts, not a queue here */
	const char *url;	/* of --fleet */
	bool insecure;
	/* The list of queues. */
	char queues[QUEUES_MAX][PROCQ_NAME_SIZE];
	int queue_count;
	/* procq end, as long as it runs. */
	pid_t child;
	int child_says;		/* -1: there is none */
	char said[MESSAGE_SIZE];
	size_t said_size;
};

static const struct choice top_choices[] = {
	{ 'q', "queue", required_argument,
N_("  -q, --queue=NAME           the queue, as the operand NAME\n"
"                             (default: $PROCQ_QUEUE, or 'default')\n") },
	{ 'd', "delay", required_argument,
N_("  -d, --delay=D              draw every D, 20ms to 1m (default 250ms)\n") },
	{ OPT_FLEET, "fleet", optional_argument,
N_("      --fleet[=URL]          the hosts of a fleet, by procq-fleet (default:\n"
"                             $PROCQ_FLEET)\n") },
	{ OPT_INSECURE, "fleet-insecure", no_argument,
N_("      --fleet-insecure       over a network, do without TLS that proves "
"which\n"
"                             server answers\n") },
	{ OPT_BATCH, "batch", no_argument,
N_("      --batch                print frames, for a log\n") },
	{ 'n', "count", required_argument,
N_("  -n, --count=N              with --batch, stop after N frames\n") },
	{ OPT_SIZE, "size", required_argument,
N_("      --size=COLUMNSxROWS    with --batch, the size of a frame (default\n"
"                               80x24)\n") },
	{ OPT_ASCII, "ascii", no_argument,
N_("      --ascii                letters, not blocks\n") },
	{ OPT_NO_COLOR, "no-color", no_argument,
N_("      --no-color             no colours; the same as $NO_COLOR\n") },
	{ 0 }
};

static _Noreturn void top_help(void)
{
	printf(_("Usage: %s [OPTION]... [NAME]\n"), "procq top");
	fputs(_("Watch a queue: its ring, rates, participants and processes."
		"\n"), stdout);
	fputs(_("\nMandatory arguments to long options are mandatory for short"
		" options too.\n\n"), stdout);
	choices_help(top_choices);
	choices_help(program_choices);
	fputs(_("\nKeys: arrows choose a process, k ends it, s sorts, r"
		" reverses, f filters, p pauses,\nl lists the queues, ? shows"
		" help, q quits.\n"), stdout);
	help_tail();
	exit(EXIT_DONE);
}

static void parse_size(struct top *t, const char *text)
{
	const struct extent least = { 20, 5 }, most = { 1000, 1000 };
	struct extent e = option_extent("size", text, least, most,
				_("COLUMNSxROWS, from 20x5 to 1000x1000"));

	t->columns = (int)e.width;
	t->rows = (int)e.height;
}

static void top_option(struct top *t, int c, const char *arg)
{
	switch (c) {
	case 'q':
		t->view.queue = arg;
		break;
	case 'd':
		t->delay = option_duration("delay", arg);
		if (t->delay < DELAY_MIN || t->delay > DELAY_MAX)
			usage_error(_("invalid argument '%s' for --%s: %s"),
				    arg, "delay", _("from 20ms to 1m"));
		break;
	case 'n':
		t->frames = option_number("count", arg, 1, UINT64_MAX);
		break;
	case OPT_FLEET:
		t->fleet = true;
		t->url = arg;
		break;
	case OPT_INSECURE:
		t->insecure = true;
		break;
	case OPT_BATCH:
		t->batch = true;
		break;
	case OPT_SIZE:
		parse_size(t, arg);
		break;
	case OPT_ASCII:
		t->ascii = true;
		break;
	case OPT_NO_COLOR:
		t->colours = false;
		break;
	case OPT_HELP:
		top_help();
	case OPT_VERSION:
		print_version();
		exit(EXIT_DONE);
	default:
		usage_try();
	}
}

/* ---- what is shown ---- */

static void say(struct top *t, const char *text)
{
	snprintf(t->message, sizeof(t->message), "%s", text);
	t->message_until = procq_now() + 5 * NS_PER_S;
}

static void out_of_memory(void)
{
	terminal_end();
	complain("%s", _(procq_strerror(-ENOMEM)));
	exit(EXIT_FAILED);
}

static void draw(struct top *t)
{
	struct choice_state *c = &t->choice;

	if (t->view.count > t->order_room) {
		free(t->order);
		t->order_room = 2 * t->view.count;
		t->order = malloc(t->order_room * sizeof(*t->order));
		if (!t->order)
			out_of_memory();
	}
	t->shown = panels_order(&t->view, c, t->order);
	c->message = procq_now() < t->message_until ? t->message : NULL;
	panels_draw(&t->grid, &t->view, c, t->order, t->shown);
}

static void look(struct top *t)
{
	if (!t->choice.paused)
		view_look(&t->view);
}

/* ---- keys ---- */

/* Where the chosen process stands among those that are shown; -1: none is. */
static int64_t cursor_at(const struct top *t)
{
	for (uint32_t i = 0; t->order && i < t->shown; i++)
		if (t->view.records[t->order[i]].seq == t->choice.cursor)
			return i;
	return -1;
}

static void move_cursor(struct top *t, int64_t by)
{
	int64_t at = cursor_at(t);

	if (t->shown == 0 || !t->order)
		return;
	at = at < 0 ? t->choice.top : at + by;
	if (at < 0)
		at = 0;
	if (at >= t->shown)
		at = t->shown - 1;
	t->choice.cursor = t->view.records[t->order[at]].seq;
}

static void fit(struct top *t)
{
	int rows, columns;

	terminal_size(&rows, &columns);
	if ((rows != t->grid.rows || columns != t->grid.columns) &&
	    grid_size(&t->grid, rows, columns) < 0)
		out_of_memory();
}

/* One line of a question or a list, over the screen. */
static void show_lines(struct top *t, const char *const *lines, int n,
		       int chosen)
{
	grid_clear(&t->grid);
	for (int i = 0; i < n; i++) {
		grid_text(&t->grid, i + 1, 2, STYLE_PLAIN, lines[i]);
		if (i == chosen)
			grid_row_style(&t->grid, i + 1, STYLE_CURSOR);
	}
	terminal_show(&t->grid);
}

static void show_help(struct top *t)
{
	const char *lines[] = {
		_("Arrows, page up and down, home, end: choose a process"),
		_("k  end the chosen process, by procq end"),
		_("s  sort by seq, age, state, pid; r  the other way round"),
		_("f  only records of one state"),
		_("p  or the space bar: pause"),
		_("l  the queues on this machine"),
		_("+ -  draw less, more often"),
		_("q  quit"),
		"",
		_("The ring has a cell for each record, the oldest first: a"),
		_("process waits (queued), is being ended (taken), has ended"),
		_("on its own (exited), or is being started (reserved)."),
		"",
		_("Any key goes back.")
	};
	int key = KEY_RESIZE;

	/* Another size of the terminal is no key. */
	while (key < 0 || key == KEY_RESIZE) {
		if (key == KEY_RESIZE) {
			fit(t);
			show_lines(t, lines,
				   (int)(sizeof(lines) / sizeof(*lines)), -1);
		}
		key = terminal_key(DELAY_MAX);
	}
}

static int note_queue(const struct procq_found *found, void *arg)
{
	struct top *t = arg;

	if (t->queue_count == QUEUES_MAX)
		return 1;
	snprintf(t->queues[t->queue_count++], PROCQ_NAME_SIZE, "%s",
		 found->object);
	return 0;
}

static void choose_queue(struct top *t)
{
	const char *lines[QUEUES_MAX];
	int chosen = 0, key = 0, err;

	while (key != '\r' && key != '\n' && key != KEY_ENTER) {
		t->queue_count = 0;
		err = procq_list(note_queue, t);
		if (err < 0) {
			say(t, _(procq_strerror(err)));
			return;
		}
		for (int i = 0; i < t->queue_count; i++)
			lines[i] = t->queues[i];
		if (t->queue_count == 0) {
			say(t, _("there is no queue here"));
			return;
		}
		if (chosen >= t->queue_count)
			chosen = t->queue_count - 1;
		fit(t);
		show_lines(t, lines, t->queue_count, chosen);
		key = terminal_key(NS_PER_S);
		if (key == 27 || key == 'q' || key == 'l')
			return;
		if (key == KEY_UP && chosen > 0)
			chosen--;
		if (key == KEY_DOWN)
			chosen++;
	}
	view_change(&t->view, t->queues[chosen]);
	t->choice.cursor = t->choice.top = 0;
}

/* procq end, whose last line is what will be shown. */
static void start_end(struct top *t, uint64_t seq)
{
	char number[24];
	const char *program = getenv("PROCQ");
	const char *argv[] = { "procq", "end", "-q", t->view.queue, number,
			       NULL };
	int ends[2];

	if (!program || getuid() != geteuid() || getgid() != getegid())
		program = BINDIR "/procq";
	snprintf(number, sizeof(number), "%" PRIu64, seq);
	if (pipe(ends) < 0)
		return;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	t->child = fork();
	if (t->child == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execv(program, (char *const *)argv);
		dprintf(STDERR_FILENO, "%s: %s\n", program, strerror(errno));
		_exit(EXIT_CANNOT_RUN);
	}
	close(ends[1]);
	t->child_says = ends[0];
	t->said_size = 0;
	if (t->child < 0) {
		say(t, strerror(errno));
		close(ends[0]);
		t->child_says = -1;
	}
}

/* What procq end has printed; at its end, show its last line. */
static void hear_child(struct top *t)
{
	char *line;
	ssize_t n;

	if (t->child_says < 0)
		return;
	n = read(t->child_says, t->said + t->said_size,
		 sizeof(t->said) - 1 - t->said_size);
	if (n > 0) {
		t->said_size += (size_t)n;
		if (t->said_size == sizeof(t->said) - 1)
			t->said_size /= 2;
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(t->child_says);
	t->child_says = -1;
	waitpid(t->child, NULL, 0);
	while (t->said_size > 0 && t->said[t->said_size - 1] == '\n')
		t->said_size--;
	t->said[t->said_size] = '\0';
	line = strrchr(t->said, '\n');
	say(t, line ? line + 1 : t->said);
}

static void end_chosen(struct top *t)
{
	int64_t at = cursor_at(t);
	const struct procq_process *p;
	uint64_t seq;
	char text[160];
	int key;

	if (at < 0 || !t->choice.cursor) {
		say(t, _("choose a process first, by the arrows"));
		return;
	}
	if (t->child_says >= 0) {
		say(t, _("the last one is still being ended"));
		return;
	}
	p = &t->view.records[t->order[at]];
	seq = p->seq;
	snprintf(text, sizeof(text), _("End seq %" PRIu64 ", process %" PRId32
				       ", '%s'? y or n"), seq, p->pid,
		 p->label);
	say(t, text);
	draw(t);
	terminal_show(&t->grid);
	while ((key = terminal_key(DELAY_MAX)) < 0)
		continue;
	t->message_until = 0;
	if (key == 'y' || key == 'Y')
		start_end(t, seq);
}

static void next_filter(struct choice_state *c)
{
	c->filter = c->filter == PROCQ_STATE_GONE ? 0 : c->filter + 1;
	c->top = 0;
}

/* How far a key moves the cursor; 0: it does not. */
static int64_t key_moves(const struct top *t, int key)
{
	int64_t page = t->choice.page > 1 ? t->choice.page - 1 : 1;

	switch (key) {
	case KEY_UP:
		return -1;
	case KEY_DOWN:
		return 1;
	case KEY_PPAGE:
		return -page;
	case KEY_NPAGE:
		return page;
	case KEY_HOME:
		return -(int64_t)t->shown;
	case KEY_END:
		return (int64_t)t->shown;
	default:
		return 0;
	}
}

static void handle_key(struct top *t, int key)
{
	struct choice_state *c = &t->choice;

	if (key_moves(t, key) != 0) {
		move_cursor(t, key_moves(t, key));
		return;
	}
	switch (key) {
	case 'q':
		t->quit = true;
		break;
	case 27:
		c->cursor = 0;
		break;
	case 's':
		c->sort = (enum sort)((c->sort + 1) % SORTS);
		break;
	case 'r':
		c->reverse = !c->reverse;
		break;
	case 'f':
		next_filter(c);
		break;
	case 'p':
	case ' ':
		c->paused = !c->paused;
		break;
	case '+':
		t->delay = time_min(t->delay * 2, DELAY_MAX);
		break;
	case '-':
		t->delay = t->delay / 2 > DELAY_MIN ? t->delay / 2 : DELAY_MIN;
		break;
	case 'k':
		end_chosen(t);
		break;
	case 'l':
		choose_queue(t);
		break;
	case '?':
	case 'h':
	case KEY_F(1):
		show_help(t);
		break;
	default:
		break;
	}
}

/* ---- the loop ---- */

static void watch(struct top *t)
{
	terminal_begin(t->colours);
	while (!t->quit) {
		int key;
		int64_t next = procq_now() + t->delay;

		fit(t);
		look(t);
		hear_child(t);
		do {
			draw(t);
			terminal_show(&t->grid);
			key = terminal_key(next - procq_now());
			if (key >= 0)
				handle_key(t, key);
		} while (!t->quit && key >= 0 && key != KEY_RESIZE &&
			 procq_now() < next);
	}
}

static void print_frames(struct top *t)
{
	if (grid_size(&t->grid, t->rows, t->columns) < 0)
		out_of_memory();
	for (uint64_t n = 0; t->frames == 0 || n < t->frames; n++) {
		if (n > 0) {
			time_sleep(t->delay);
			putchar('\n');
		}
		look(t);
		draw(t);
		/* There are no keys. */
		for (int i = 0; i < t->grid.columns; i++)
			grid_put(&t->grid, t->grid.rows - 1, i, STYLE_PLAIN,
				 L' ');
		grid_dump(&t->grid, stdout);
		if (fflush(stdout) != 0) {
			complain("%s: %s", _("standard output"),
				 strerror(errno));
			exit(EXIT_FAILED);
		}
	}
}

static int watch_fleet(struct top *t, const char *name)
{
	const struct fleet_top f = {
		.url = t->url, .queue = name ? name : t->view.queue,
		.insecure = t->insecure, .colours = t->colours,
		.batch = t->batch, .delay = t->delay, .frames = t->frames,
		.rows = t->rows, .columns = t->columns
	};
	const char *variable = getenv("PROCQ_FLEET");
	int status;

	if (t->frames > 0 && !t->batch)
		usage_error(_("--count needs --batch"));
	if (!t->url && (!variable || !*variable))
		usage_error(_("say which fleet: --fleet=postgresql://HOST/"
			      "DATABASE#QUEUE, or $PROCQ_FLEET"));
	t->grid.utf8 = !t->ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	status = fleet_top(&f, &t->grid);
	grid_free(&t->grid);
	return status;
}

int main(int argc, char **argv)
{
	static struct top t = {
		.delay = DELAY, .rows = 24, .columns = 80, .child_says = -1
	};
	struct choices all;
	const char *no_color = getenv("NO_COLOR");
	int c;

	program_start("procq top", argv);
	t.colours = !no_color || !*no_color;
	choices_begin(&all, "");
	choices_add(&all, top_choices);
	choices_add(&all, program_choices);
	while ((c = choices_next(&all, argc, argv)) != -1)
		top_option(&t, c, optarg);
	if (optind + 1 < argc)
		usage_error(_("extra operand '%s'"), argv[optind + 1]);
	if (t.fleet)
		return watch_fleet(&t, optind < argc ? argv[optind] : NULL);
	t.view.queue = option_queue(optind < argc ? argv[optind]
						  : t.view.queue);
	if (t.frames > 0 && !t.batch)
		usage_error(_("--count needs --batch"));
	t.grid.utf8 = !t.ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (t.batch)
		print_frames(&t);
	else
		watch(&t);
	view_free(&t.view);
	grid_free(&t.grid);
	free(t.order);
	return EXIT_DONE;
}
