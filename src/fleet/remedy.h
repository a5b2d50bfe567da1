/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remedy.h - what helps when the engine did not do what it was asked.
 */
#ifndef FLEET_REMEDY_H
#define FLEET_REMEDY_H

#include <stddef.h>

#include "engine.h"
#include "safe.h"

/* A sentence with the engine's address as a shell reads it. */
#define REMEDY_TEXT (sizeof(struct shell_word) + 400)

/**
 * In words, for the last failure.
 * @param text may be used for them, REMEDY_TEXT
 * @return NULL: nothing but to wait, or what libpq says is enough
 */
const char *remedy(const struct engine *e, char *text, size_t size);

#endif
