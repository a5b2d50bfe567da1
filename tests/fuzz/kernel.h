/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel.h - what target.c sets in the kernel that the library runs on, and
 * what that kernel has seen.
 */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* Descriptors, processes; more of them than an input can ask for. */
#define KERNEL_FDS 1024
#define KERNEL_PROCESSES 160

/* Everything back to its beginning; ends the program if the last input left
 * a descriptor open. */
void kernel_reset(void);

/* A process that is there, and what distinguishes it from others. */
void kernel_add(int32_t pid, uint64_t ident);
/* It dies; a child of ours stays a zombie until it is waited for. */
void kernel_die(unsigned index, int code, int status);
/* A child of ours that the library does not know. */
void kernel_stranger(void);
/* The last child that was forked; 0: none. */
int32_t kernel_last_child(void);
uint64_t kernel_ident(int32_t pid);
unsigned kernel_count(void);

/* Which of the others' incarnations are alive: one bit for every sixteenth. */
void kernel_set_held(uint16_t held);

/* Let so much time pass. */
void kernel_advance(int64_t ns);
/* The next fork, pin and so on fail with this. */
void kernel_fail(int err);

/* Called in every call of the library's; for writes of others in between. */
extern void (*kernel_tick)(void);

/* Is it a signal that nothing has proven? Called before each; the input is a
 * crash if it is. */
extern bool (*kernel_proven)(int32_t pid, uint64_t ident);

#endif
