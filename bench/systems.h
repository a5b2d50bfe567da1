/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * systems.h - all that hand over records: those that are built in, and the
 * modules that were given. It must not know what is measured.
 */
#ifndef BENCH_SYSTEMS_H
#define BENCH_SYSTEMS_H

#include <stddef.h>

#include "transport.h"

/* Of each system. */
#define CAPACITY 64
#define SYSTEMS_MAX 16

/* procq is the first. */
extern const struct transport *systems[SYSTEMS_MAX];
extern size_t system_count;

/* The name of what make() makes, with a slash before it. A process that makes
 * one beside others gives it another name, before it makes it. */
extern char bench_object[64];

/* First of all: the name, and the files of the modules. One that can't be
 * loaded is skipped aloud. */
void systems_begin(const char *object, char **modules, int count);

#endif
