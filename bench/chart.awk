# SPDX-License-Identifier: GPL-3.0-or-later
# chart.awk - bars from report.tsv, as SVG: one panel for each of a few
# groups, the median as a bar, from the least to the most as a line. A line
# that is too long ends at the edge, and its end is written there.

BEGIN {
	FS = "\t"
	wanted["idle processes"] = "idle processes started and ended, per second (longer is better)"
	wanted["/bin/true, to its end"] = "/bin/true started and ended, per second (longer is better)"
	wanted["records handed over, 1+1 processes"] = "ns to hand over a record, 1+1 processes (shorter is better)"
	wanted["records handed over, 2+2 processes"] = "ns to hand over a record, 2+2 processes (shorter is better)"
	left = 330
	width = 420
	row = 20
}

function escape(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	return text
}

function thousands(x,    text, out) {
	text = sprintf("%.0f", x)
	while (length(text) > 3) {
		out = "," substr(text, length(text) - 2) out
		text = substr(text, 1, length(text) - 3)
	}
	return text out
}

($1 in wanted) {
	if (!($1 in rows))
		order[++groups] = $1
	n = ++rows[$1]
	name[$1, n] = $2
	median[$1, n] = $4
	least[$1, n] = $5
	most[$1, n] = $6
	if ($4 * 1.3 > top[$1])
		top[$1] = $4 * 1.3
}

END {
	height = 20
	for (g = 1; g <= groups; g++)
		height += 44 + rows[order[g]] * row
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", left + width + 110, height, left + width + 110, height
	printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
	y = 30
	for (g = 1; g <= groups; g++) {
		group = order[g]
		printf "<text x=\"12\" y=\"%d\" font-size=\"14\" font-weight=\"bold\" fill=\"#222\">%s</text>\n", y, escape(wanted[group])
		y += 12
		for (i = 1; i <= rows[group]; i++) {
			ours = name[group, i] ~ /^procq/
			scale = width / top[group]
			printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#222\"%s>%s</text>\n", left - 8, y + 14, ours ? " font-weight=\"bold\"" : "", escape(name[group, i])
			printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>\n", left, y + 3, median[group, i] * scale, ours ? "#b3541e" : "#8aa4b8"
			end = most[group, i] * scale
			note = thousands(median[group, i])
			if (end > width) {
				end = width
				note = note " (to " thousands(most[group, i]) ")"
			}
			printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#222\"/>\n", left + least[group, i] * scale, left + end, y + 10, y + 10
			printf "<text x=\"%.1f\" y=\"%d\" fill=\"#222\">%s</text>\n", left + end + 6, y + 14, note
			y += row
		}
		y += 32
	}
	print "</svg>"
}
