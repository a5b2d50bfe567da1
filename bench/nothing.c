/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nothing.c - the command that costs the least: linked statically, it ends as
 * soon as it is there. What a list of it takes is what its starter takes.
 */
int main(void)
{
	return 0;
}
