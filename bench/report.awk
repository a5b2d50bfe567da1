# SPDX-License-Identifier: GPL-3.0-or-later
# report.awk - RESULTS.md from machine.tsv and report.tsv: see bench/run.

BEGIN { FS = "\t" }

FILENAME ~ /machine/ {
	machine[$1] = $2
	next
}

# A figure with three significant digits, and its thousands apart.
function figure(x,    text, whole, out) {
	if (x < 0.995)
		return sprintf("%.2g", x)
	if (x < 99.5)
		return sprintf("%.3g", x)
	whole = sprintf("%.0f", x)
	if (x >= 999.5) {
		text = sprintf("%.2e", x)
		whole = sprintf("%.0f", text + 0)
	}
	while (length(whole) > 3) {
		out = "," substr(whole, length(whole) - 2) out
		whole = substr(whole, 1, length(whole) - 3)
	}
	return whole out
}

function head() {
	print "# What was measured"
	print ""
	print "By `make bench` on " machine["date"] ": " machine["CPU"] ", " \
		machine["cores"] " cores" \
		(machine["virtual"] ? " of a virtual machine" : "") ", " \
		sprintf("%.0f", machine["memory"] / 1048576) " GiB, " \
		machine["kernel"] "."
	print "Medians of " machine["rounds"] " interleaved rounds (from start" \
		" to end: ten times, records handed over: three times as many),"
	print "the least and the most beside them. The ratio is the median of" \
		" the ratios, round by round,"
	print "to the first line of its table. Such machines are noisy:" \
		" compare within a table, not"
	print "with another machine's."
	print ""
	print "![procq and its peers](results.svg)"
}

!started {
	head()
	started = 1
}

$1 == "killed in the middle" {
	if ($1 != group) {
		print "\n## " $1 "\n"
		print "Two producers and two consumers hand over records; every" \
			" few milliseconds one of the four is"
		print "killed by SIGKILL and another started in its place. A" \
			" system hangs when no record gets"
		print "through for three seconds. Torn: what came out is not" \
			" what was put in. Lost: put, never got;"
		print "a record that a killed consumer had already taken out" \
			" is lost by every system but"
		print "those that know of takers. Twice: handed out again" \
			" because its taker died before it said"
		print "that it was done.\n"
		print "| system | hangs | kills | torn | lost | twice |"
		print "|---|---|--:|--:|--:|--:|"
	}
	group = $1
	n = split($4, field, "; ")
	row = "| " $2
	for (i = 1; i <= n; i++)
		row = row " | " field[i]
	print row " |"
	next
}

$7 == 0 {
	if ($1 != group)
		print "\n## " $1 "\n\n| | | |\n|---|--:|---|"
	group = $1
	print "| " $2 " | " figure($4) " | " $3 " |"
	next
}

{
	if ($1 != group) {
		print "\n## " $1 "\n"
		print "| " $3 " | median | least | most | ratio |"
		print "|---|--:|--:|--:|--:|"
	}
	group = $1
	print "| " $2 " | " figure($4) " | " figure($5) " | " figure($6) \
		" | " sprintf("%.3g", $7) " |"
}

END {
	print ""
	print "Again: `apt install stress-ng parallel libck-dev libdpdk-dev libboost-dev`," \
		" then `./configure && make bench`."
}
