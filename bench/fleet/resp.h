/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resp.h - so much of Redis' protocol as the bench needs: a command to a server
 * on a local socket, and its answer. Waits for each; knows no command.
 */
#ifndef BENCH_RESP_H
#define BENCH_RESP_H

#include <stdio.h>

struct resp {
	FILE *in, *out;
};

/** @return 0, -1: no such server */
int resp_open(struct resp *r, const char *path);
void resp_close(struct resp *r);

/**
 * Send a command of so many words.
 * @param text the answer, if it is one: a status, or a string
 * @return a number that is the answer, or 0; -1: an error, which is in text
 */
long resp_ask(struct resp *r, int words, const char *const *command,
	      char text[256]);

#endif
