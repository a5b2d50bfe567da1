# SPDX-License-Identifier: GPL-3.0-or-later
# apply.awk - one mutant of the table, put into the file it is for.
#
#	awk -v name=NAME -f apply.awk mutants lib/FILE.c >MUTANT.c
#
# The lines of each hunk, those added aside, must stand in the file exactly
# once and together. White space, line ends and comments do not count, so
# the table outlives a new layout and new words. Exit status 3: they don't,
# so the table has to follow the code. Must not guess.

# The text without white space and comments. at[] has, for each character of
# that, where it stands in the text.
function bare(text, at,	i, n, c, two, quote, out)
{
	n = length(text)
	for (i = 1; i <= n; i++) {
		c = substr(text, i, 1)
		two = substr(text, i, 2)
		if (quote == "" && two == "/*") {
			for (i += 2; i < n && substr(text, i, 2) != "*/"; i++)
				;
			i++
			continue
		}
		if (quote == "" && c ~ /[ \t\n]/)
			continue
		if (quote != "" && c == "\\") {
			at[length(out) + 1] = i
			at[length(out) + 2] = ++i
			out = out two
			continue
		}
		if (c == quote)
			quote = ""
		else if (quote == "" && (c == "\"" || c == "'"))
			quote = c
		out = out c
		at[length(out)] = i
	}
	return out
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
	if ($0 !~ /^[+]/)
		old[hunk] = old[hunk] substr($0, 2) "\n"
	if ($0 !~ /^-/)
		new[hunk] = new[hunk] substr($0, 2) "\n"
}

file == 1 {
	next
}

{
	text = text $0 "\n"
}

END {
	for (h = 1; h <= hunk; h++) {
		want = bare(old[h], none)
		have = bare(text, at)
		from = index(have, want)
		if (want == "" || !from ||
		    index(substr(have, from + 1), want))
			exit 3
		text = substr(text, 1, at[from] - 1) new[h] \
			substr(text, at[from + length(want) - 1] + 1)
	}
	if (!hunk)
		exit 3
	printf "%s", text
}
