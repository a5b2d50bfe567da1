# SPDX-License-Identifier: GPL-3.0-or-later
# apply.awk - one mutant of the table, put into the file it is for.
#
#	awk -v name=NAME -f apply.awk mutants lib/FILE.c >MUTANT.c
#
# The lines of each hunk, those added aside, must stand in the file exactly
# once and together; how far they are indented does not matter, nor where.
# Exit status 3: they don't, so the table has to follow the code. Must not
# guess.

function bare(line)
{
	sub(/^[ \t]+/, "", line)
	return line
}

# Does hunk h begin at line n of the file?
function matches(h, n,	i)
{
	for (i = 1; i <= want[h]; i++)
		if (bare(text[n + i - 1]) != bare(old[h, i]))
			return 0
	return 1
}

FNR == 1 {
	file++
}

file == 1 && /^@@$/ {
	hunk += inside
	next
}

file == 1 && /^@ / {
	inside = $2 == name
	if (inside)
		hunk = 1
	next
}

file == 1 && inside && /^[ +-]/ {
	lines[hunk]++
	kind[hunk, lines[hunk]] = substr($0, 1, 1)
	body[hunk, lines[hunk]] = substr($0, 2)
	if ($0 !~ /^[+]/)
		old[hunk, ++want[hunk]] = substr($0, 2)
}

file == 1 {
	next
}

{
	text[++total] = $0
}

END {
	if (!hunk)
		exit 3
	for (h = 1; h in lines; h++) {
		found = 0
		for (n = 1; n + want[h] - 1 <= total; n++)
			if (want[h] && matches(h, n)) {
				found++
				at[n] = h
			}
		if (found != 1)
			exit 3
	}
	for (n = 1; n <= total; n++) {
		if (!(n in at)) {
			print text[n]
			continue
		}
		h = at[n]
		for (i = 1; i <= lines[h]; i++) {
			if (kind[h, i] == "+")
				print body[h, i]
			else if (kind[h, i] == " ")
				print text[n]
			if (kind[h, i] != "+")
				n++
		}
		n--
	}
}
