/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle.h - counts the living processes of a fleet by their connections.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <sys/types.h>

/** Start it, as a child of the caller. Processes connect to PATH.
 * @return its pid, -1: errno says why */
pid_t oracle_begin(const char *path);

#endif
