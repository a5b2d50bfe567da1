/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * target.h - what an input of the fuzzer looks like.
 *
 *	struct fuzz_options | script | header | records | participants |
 *	ready cells | free cells
 *
 * An object of 180 KiB is made of it: a queue as a creator makes it, over
 * which the bytes of each part are laid, as far as the input goes. The parts
 * are those of the real layout, the tables cut short: the first
 * FUZZ_PARTICIPANTS places, and of each ring the FUZZ_CELLS cells from
 * FUZZ_BEHIND before its head on. With FUZZ_VERBATIM all that follows the
 * script is the object, as it is.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_CAPACITY_MAX 64
#define FUZZ_PARTICIPANTS 8
#define FUZZ_CELLS 48
#define FUZZ_BEHIND 8
#define FUZZ_SCRIPT_MAX 384

/* All little-endian. */
struct fuzz_options {
	uint8_t kind;		/* FUZZ_VERBATIM, … */
	uint8_t capacity;	/* less one */
	uint8_t wrong;		/* FUZZ_WRONG_…: leave it as the input has it */
	int8_t size;		/* the object is so many times 512 longer */
	uint8_t exist[2];	/* processes of the first 16 records: there */
	uint8_t match[2];	/* … and the recorded ones */
	uint8_t held[2];	/* incarnations of others that live */
	uint8_t script[2];	/* its length */
	uint8_t mode;		/* of the object: FUZZ_READONLY_… */
	uint8_t reserved[3];
};

#define FUZZ_VERBATIM 1u
#define FUZZ_WRONG_MAGIC 1u
#define FUZZ_WRONG_VERSION 2u	/* also all that is said of the build */
#define FUZZ_WRONG_CAPACITY 4u	/* also the size */
#define FUZZ_WRONG_BOOT 8u	/* also the namespaces */
#define FUZZ_WRONG_LIFE 16u
#define FUZZ_WRONG_LIMIT 32u

/* The script: one byte says what, one with which handle and how. */
enum fuzz_op {
	OP_OPEN, OP_CLOSE, OP_STAT, OP_SNAPSHOT, OP_PEEK, OP_TAKE, OP_TAKE_ONLY,
	OP_TAKE_OWN, OP_TAKE_EXITED, OP_SIGNAL, OP_COLLECT, OP_GIVE_BACK,
	OP_SPAWN, OP_ENTER, OP_DIE, OP_REAP, OP_REAP_ONE, OP_WAIT, OP_CHECK,
	OP_DRAINED, OP_REMOVE, OP_SET, OP_ADVANCE, OP_HELD, OP_FAIL,
	OP_STRANGER, OP_RESERVE, OP_SWEEP, OP_CHILD, OP_LOOK, OP_POKE, OP_ARM,
	OP_COUNT
};

/* Make the object of this input under this name; 0, or -1. */
int fuzz_make_object(const char *name, const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
