# SPDX-License-Identifier: GPL-3.0-or-later
# report.awk - RESULTS.md from machine.tsv and report.tsv: see bench/run.

BEGIN { FS = "\t" }

FILENAME ~ /machine/ {
	if ($1 == "peer")
		peers = peers (peers ? ", " : "") $2 " " $3
	machine[$1] = $2
	next
}

# A figure with three significant digits, and its thousands apart; or a text
# instead of it, for what could not be measured.
function figure(x,    text, whole, out) {
	if (x !~ /^-?[0-9]/)
		return x
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
	print "procq " machine["version"] (peers ? "; " peers : "") "."
	if (machine["failed"])
		print "What failed, and may lack tables:" machine["failed"] "."
	print "Medians of " machine["rounds"] " interleaved rounds (from start" \
		" to end: ten times as many),"
	print "the least and the most beside them. The ratio is the median of" \
		" the ratios, round by round,"
	print "to the first line of its table. A line without least and most" \
		" was measured once."
	print "Such machines are noisy: compare within a table, not with" \
		" another machine's."
}

!started {
	head()
	started = 1
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
		" | " ($7 ~ /^[0-9]/ ? sprintf("%.3g", $7) : $7) " |"
}

END {
	print "\n## How to repeat\n"
	print "    apt install " machine["packages"]
	print "    ./bootstrap && ./configure && make && make bench"
}
