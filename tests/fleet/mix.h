/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mix.h - which kind of fault is next. After chance.h.
 */
#ifndef MIX_H
#define MIX_H

#include "sky.h"

#define PICKS 50

/* By their odds, among those that are wanted, if any is. */
__attribute__((__unused__))
static size_t pick(const struct chance *mix, size_t size)
{
	size_t k = 0;

	for (int i = 0; i < PICKS; i++) {
		uint64_t n = draw(100);

		for (k = 0; k + 1 < size && n >= mix[k].below; k++)
			;
		if (is_wanted(mix[k].kind))
			break;
	}
	return k;
}

#endif
