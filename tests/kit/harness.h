/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * harness.h - what the programs share that disturb others at every point:
 * crash, scarcity, chaos.
 *
 * Must not include anything of lib/: a checker reads the object by its own
 * knowledge of the layout.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- what went wrong ---- */

#define TROUBLE_SIZE 400

/* What went wrong first at this point; "": nothing. */
extern char trouble[TROUBLE_SIZE];
__attribute__((__format__(__printf__, 1, 2)))
void complain(const char *format, ...);
/** Write into text, of TROUBLE_SIZE bytes, unless something is there. */
__attribute__((__format__(__printf__, 2, 0)))
void keep_first(char *text, const char *format, va_list args);

/* ---- options ---- */

/* Exactly one of flag, count, text and read is set. */
struct harness_option {
	const char *name;
	const char *value;		/* its name in the help; NULL: none */
	const char *help;
	bool *flag;
	size_t *count;			/* 1 or more */
	const char **text;
	void (*read)(const char *value);
};

struct harness {
	const char *name;
	const struct harness_option *options;	/* up to a name of NULL */
	const char *more;		/* the end of the help; NULL: none */
};

/** Read the command line, in which all are options. Ends the program for
 * --help, and for what is no option of the harness. */
void read_options(const struct harness *h, int argc, char **argv);
/** Print the help and end the program. */
_Noreturn void usage(int status);

/* ---- what is open and locked ---- */

int open_descriptors(void);
/** How many bytes of the file do others hold, from begin up to end?
 * @retval -1 fcntl() fails, errno says why */
int64_t bytes_held(int fd, int64_t begin, int64_t end);

#endif
