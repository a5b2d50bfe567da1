# SPDX-License-Identifier: GPL-3.0-or-later
# apply.awk - the mutants of the table, put into the files they are for.
#
#	awk -f apply.awk mutants lib/FILE...
#		a line for each mutant: NAME FILE TEST known|-
#	awk -v name=NAME -f apply.awk mutants lib/FILE.c >MUTANT.c
#		FILE with this mutant in it. Exit status 3: it does not fit
#
# The lines of each hunk, those added aside, must stand in the file exactly
# once and together. White space, line ends and comments do not count, so
# the table outlives a new layout and new words. In a list FILE is the one of
# the table, or if the mutant does not fit there, the only other one where it
# does, or else "-". Must not guess.

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
	in_table = !mutants
}

in_table && /^@@$/ {
	hunks[mutant]++
	next
}

in_table && /^@ / {
	mutant = $2
	order[++mutants] = mutant
	hint[mutant] = $3
	rest[mutant] = $4 " " ($5 == "known" ? "known" : "-")
	hunks[mutant] = 1
	next
}

in_table {
	if (mutant != "" && /^[ -]/)
		old[mutant, hunks[mutant]] = \
			old[mutant, hunks[mutant]] substr($0, 2) "\n"
	if (mutant != "" && /^[ +]/)
		new[mutant, hunks[mutant]] = \
			new[mutant, hunks[mutant]] substr($0, 2) "\n"
	next
}

# The comments of SQL, which may have a quote alone.
FILENAME ~ /[.]sql$/ {
	sub(/[ \t]*--.*/, "")
}

{
	text[FILENAME] = text[FILENAME] $0 "\n"
}

# The text with the mutant in it, "" if it does not fit. If the text is bare,
# the result is, too.
function mutated(mutant, text, is_bare,	h, have, want, from, at)
{
	if (!(mutant in hunks))
		return ""
	for (h = 1; h <= hunks[mutant]; h++) {
		want = bare(old[mutant, h], at)
		have = is_bare ? text : bare(text, at)
		from = index(have, want)
		if (want == "" || !from ||
		    index(substr(have, from + 1), want))
			return ""
		if (is_bare)
			text = substr(text, 1, from - 1) \
				bare(new[mutant, h], at) \
				substr(text, from + length(want))
		else
			text = substr(text, 1, at[from] - 1) new[mutant, h] \
				substr(text, at[from + length(want) - 1] + 1)
	}
	return text
}

# Where it fits.
function place(mutant,	file, found)
{
	file = hint[mutant]
	if (file in naked && mutated(mutant, naked[file], 1) != "")
		return file
	for (file in naked)
		if (mutated(mutant, naked[file], 1) != "")
			found = found == "" ? file : "-"
	return found == "" ? "-" : found
}

END {
	for (file in text)
		if (name == "")
			naked[file] = bare(text[file], at)
		else
			changed = mutated(name, text[file], 0)
	if (name != "") {
		printf "%s", changed
		exit changed == "" ? 3 : 0
	}
	for (m = 1; m <= mutants; m++)
		print order[m], place(order[m]), rest[order[m]]
}
