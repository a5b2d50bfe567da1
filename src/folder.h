/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folder.h - where the programs are that this one executes.
 */
#ifndef FOLDER_H
#define FOLDER_H

/** $PROCQ_BINDIR, or $(bindir). */
const char *programs_folder(void);

#endif
