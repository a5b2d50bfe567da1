/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * groups.h - what the control groups of this process say of their limits.
 *
 * Must not change one, nor know what a limit means.
 */
#ifndef GROUPS_H
#define GROUPS_H

#include <stdbool.h>
#include <stdint.h>

/** Is called with a control group's folder. @retval true the visit ends */
typedef bool groups_visit(const char *dir, void *arg);

/**
 * Visit the control groups of this process that may have a controller, in
 * version 1 or 2: each, and those above it, up to the root of what it sees.
 * @param root what stands before /proc and /sys, "" but for tests
 * @return what visit returned last
 */
bool groups_each(const char *root, const char *controller, groups_visit *visit,
		 void *arg);

/** Read a number from a file in a folder. @retval false there is none; "max"
 * is none, too */
bool groups_number(const char *dir, const char *file, uint64_t *out);

/** Read the number behind a word, from a file with one word to each line. */
bool groups_member(const char *dir, const char *file, const char *word,
		   uint64_t *out);

#endif
