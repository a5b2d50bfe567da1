# SPDX-License-Identifier: GPL-3.0-or-later
# chart.awk - bars from report.tsv, as SVG: one panel for each of a few
# groups, the median as a bar, from the least to the most as a line. A line
# that is too long ends at the edge, and its end is written there.
#
# Who looks may have a wider font than any: a note gets room for twice what
# its letters take in a narrow one.

BEGIN {
	FS = "\t"
	wanted["idle processes"] = "idle processes started and ended, per second (longer is better)"
	wanted["/bin/true, to its end"] = "/bin/true started and ended, per second (longer is better)"
	left = 370
	width = 420
	right = 190
	row = 20
	title = "procq and its peers: the bar is the median," \
		" the line goes from the least to the most"
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
	if ($4 !~ /^[0-9]/) {
		absent[$1, n] = $4
		next
	}
	median[$1, n] = $4
	least[$1, n] = $5
	most[$1, n] = $6
	if ($4 * 1.3 > top[$1])
		top[$1] = $4 * 1.3
}

END {
	height = 50
	all = left + width + right
	for (g = 1; g <= groups; g++)
		height += 44 + rows[order[g]] * row
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n", all, height, all, height
	printf "<title>%s</title>\n", escape(title)
	printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
	printf "<text x=\"12\" y=\"24\" fill=\"#222\">%s</text>\n", escape(title)
	y = 60
	for (g = 1; g <= groups; g++) {
		group = order[g]
		printf "<text x=\"12\" y=\"%d\" font-size=\"14\" font-weight=\"bold\" fill=\"#222\">%s</text>\n", y, escape(wanted[group])
		y += 12
		for (i = 1; i <= rows[group]; i++) {
			draw(group, i)
			y += row
		}
		y += 32
	}
	print "</svg>"
}

# One row, at y.
function draw(group, i,    ours, scale, end, note) {
	ours = name[group, i] ~ /^procq/
	printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#222\"%s>%s</text>\n", left - 8, y + 14, ours ? " font-weight=\"bold\"" : "", escape(name[group, i])
	if ((group, i) in absent) {
		printf "<text x=\"%d\" y=\"%d\" fill=\"#666\">%s</text>\n", left + 6, y + 14, escape(absent[group, i])
		return
	}
	scale = width / top[group]
	printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>\n", left, y + 3, median[group, i] * scale, ours ? "#b3541e" : "#8aa4b8"
	end = most[group, i] * scale
	note = thousands(median[group, i])
	if (end > width) {
		end = width
		note = note " (to " thousands(most[group, i]) ")"
	}
	printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#222\"/>\n", left + least[group, i] * scale, left + end, y + 10, y + 10
	printf "<text x=\"%.1f\" y=\"%d\" fill=\"#222\">%s</text>\n", left + end + 6, y + 14, note
}
