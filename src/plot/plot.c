/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plot.c - the program procq-plot, which procq executes for its command plot:
 * options, and the file that the picture becomes.
 *
 * A program of its own, as it needs libraries that procq does not.
 */
#include <config.h>

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "complain.h"
#include "i18n.h"
#include "options.h"
#include "program.h"

#include "draw.h"
#include "log.h"
#include "scene.h"

enum { OPT_THEME = OPT_RUN, OPT_ROWS, OPT_SIZE, OPT_TITLE };

enum kind { KIND_SVG, KIND_PNG, KIND_PDF };

struct plot {
	const char *file;	/* NULL: standard output */
	const char *queue;	/* NULL: the only one */
	enum kind kind;
	enum rows rows;
	struct picture picture;
};

static const struct choice plot_choices[] = {
	{ 'o', "output", required_argument,
N_("  -o, --output=FILE          write the picture to FILE; its ending, .svg, "
".png\n"
"                               or .pdf, says what it becomes (default: SVG "
"on\n"
"                               standard output)\n") },
	{ 'q', "queue", required_argument,
N_("  -q, --queue=NAME           of logs of several queues, draw this one\n") },
	{ OPT_ROWS, "rows", required_argument,
N_("      --rows=ROWS            slot: a row for each slot; order: one for "
"each\n"
"                               process (default: order up to 200 "
"processes)\n") },
	{ OPT_THEME, "theme", required_argument,
N_("      --theme=THEME          light (default) or dark\n") },
	{ OPT_SIZE, "size", required_argument,
N_("      --size=WIDTHxHEIGHT    in pixels, 400 to 10000 each (default "
"1280x900)\n") },
	{ OPT_TITLE, "title", required_argument,
N_("      --title=TEXT           above the picture (default: the queue's "
"name)\n") },
	{ 0 }
};

static _Noreturn void plot_help(void)
{
	printf(_("Usage: %s [OPTION]... LOG...\n"), "procq plot");
	fputs(_("Draw the processes of a queue from JSON logs of producer and"
		" consumer.\n"), stdout);
	fputs(_("\nMandatory arguments to long options are mandatory for short"
		" options too.\n\n"), stdout);
	choices_help(plot_choices);
	choices_help(program_choices);
	fputs(_("\nLOG is what producer and consumer print with --json; give"
		" all of them, in any\norder. '-' is standard input.\n"),
	      stdout);
	help_tail();
	exit(EXIT_DONE);
}

static enum kind parse_kind(const char *file)
{
	static const char *const endings[] = { ".svg", ".png", ".pdf" };
	size_t length = strlen(file);

	for (int i = 0; i < 3; i++)
		if (length > 4 && strcasecmp(file + length - 4,
					     endings[i]) == 0)
			return (enum kind)i;
	usage_error(_("invalid argument '%s' for --%s: %s"), file, "output",
		    _("the name must end in .svg, .png or .pdf"));
}

static void parse_size(const char *text, struct picture *p)
{
	const struct extent least = { 400, 400 }, most = { 10000, 10000 };
	struct extent e = option_extent("size", text, least, most,
					_("WIDTHxHEIGHT, each 400 to 10000"));

	p->width = e.width;
	p->height = e.height;
}

static void plot_option(struct plot *p, int c, const char *arg)
{
	static const char *const themes[] = { "light", "dark", NULL };
	static const char *const rows[] = { "auto", "slot", "order", NULL };

	switch (c) {
	case 'o':
		p->file = arg;
		p->kind = parse_kind(arg);
		break;
	case 'q':
		p->queue = arg;
		break;
	case OPT_ROWS:
		p->rows = (enum rows)option_word("rows", arg, rows);
		break;
	case OPT_THEME:
		p->picture.dark = option_word("theme", arg, themes) == 1;
		break;
	case OPT_SIZE:
		parse_size(arg, &p->picture);
		break;
	case OPT_TITLE:
		p->picture.title = arg;
		break;
	case OPT_HELP:
		plot_help();
	case OPT_VERSION:
		print_version();
		exit(EXIT_DONE);
	default:
		usage_try();
	}
}

/* ---- the logs ---- */

static _Noreturn void fail(const char *what, int err)
{
	complain("%s: %s", what, strerror(-err));
	exit(EXIT_FAILED);
}

static void read_logs(struct log *log, char **files)
{
	for (; *files; files++) {
		int err = log_read(log, *files);

		if (err < 0)
			fail(*files, err);
	}
	if (log->bad > 0)
		complain(P_("%" PRIu64 " line is no JSON, and is left "
				  "out",
				  "%" PRIu64 " lines are no JSON, and are left "
				  "out", (unsigned long)log->bad), log->bad);
	log_join(log);
}

static void choose_queue(struct plot *p, struct log *log)
{
	size_t chosen = 0;

	if (log->queue_count == 0) {
		complain(_("nothing to draw: no process in the logs; make them"
			   " with 'producer --json' and 'consumer --json'"));
		exit(EXIT_FAILED);
	}
	if (p->queue) {
		while (chosen < log->queue_count &&
		       strcmp(log->queues[chosen], p->queue) != 0)
			chosen++;
		if (chosen == log->queue_count) {
			complain(_("no process of queue '%s' in the logs"),
				 p->queue);
			exit(EXIT_FAILED);
		}
	} else if (log->queue_count > 1) {
		complain(_("the logs are of %zu queues, such as '%s' and '%s';"
			   " choose one by --queue"), log->queue_count,
			 log->queues[0], log->queues[1]);
		exit(EXIT_FAILED);
	}
	log_select(log, (uint32_t)chosen);
	if (log->count == 0) {
		complain(_("nothing to draw: the logs have no time of start"));
		exit(EXIT_FAILED);
	}
	if (!p->picture.title)
		p->picture.title = log->queues[chosen];
}

/* ---- the picture ---- */

struct sink {
	int fd;
	int err;
};

static cairo_status_t sink_write(void *arg, const unsigned char *data,
				 unsigned size)
{
	struct sink *sink = arg;

	while (size > 0) {
		ssize_t n = write(sink->fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			sink->err = -errno;
			return CAIRO_STATUS_WRITE_ERROR;
		}
		data += n;
		size -= (unsigned)n;
	}
	return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *make_surface(const struct plot *p, struct sink *sink)
{
	double w = p->picture.width, h = p->picture.height;

	switch (p->kind) {
	case KIND_PNG:
		return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)w,
						  (int)h);
	case KIND_PDF:
		return cairo_pdf_surface_create_for_stream(sink_write, sink, w,
							   h);
	default:
		return cairo_svg_surface_create_for_stream(sink_write, sink, w,
							   h);
	}
}

/* @return 0 or -errno */
static int write_picture(const struct plot *p, const struct scene *s,
			 struct sink *sink)
{
	cairo_surface_t *surface = make_surface(p, sink);
	cairo_t *cr = cairo_create(surface);
	cairo_status_t status;

	draw_scene(cr, &p->picture, s);
	cairo_show_page(cr);
	status = cairo_status(cr);
	cairo_destroy(cr);
	if (p->kind == KIND_PNG && status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_write_to_png_stream(surface, sink_write,
							   sink);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (sink->err < 0)
		return sink->err;
	return status == CAIRO_STATUS_SUCCESS ? 0
	       : status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

static void draw_file(const struct plot *p, const struct scene *s)
{
	const char *name = p->file ? p->file : _("standard output");
	struct sink sink = { STDOUT_FILENO, 0 };
	int err;

	if (p->file) {
		sink.fd = open(p->file, O_WRONLY | O_CREAT | O_TRUNC |
					O_CLOEXEC, 0666);
		if (sink.fd < 0)
			fail(name, -errno);
	}
	err = write_picture(p, s, &sink);
	if (p->file && close(sink.fd) < 0 && err == 0)
		err = -errno;
	if (err < 0)
		fail(name, err);
}

int main(int argc, char **argv)
{
	struct plot p = { .picture = { .width = 1280, .height = 900 } };
	struct log log = { 0 };
	struct choices all;
	struct scene scene;
	int c, err;

	program_start("procq plot", argv);
	choices_begin(&all, "");
	choices_add(&all, plot_choices);
	choices_add(&all, program_choices);
	while ((c = choices_next(&all, argc, argv)) != -1)
		plot_option(&p, c, optarg);
	if (optind == argc)
		usage_error(_("name the logs to draw"));
	if (!p.file && isatty(STDOUT_FILENO))
		usage_error(_("a picture is not for a terminal: give --output,"
			      " or redirect"));
	read_logs(&log, argv + optind);
	choose_queue(&p, &log);
	err = scene_make(&scene, &log, p.rows);
	if (err < 0)
		fail("plot", err);
	draw_file(&p, &scene);
	scene_free(&scene);
	log_free(&log);
	return EXIT_DONE;
}
