# SPDX-License-Identifier: GPL-3.0-or-later
# terminal.awk - screens of a terminal, as "tmux capture-pane -e -p" has them,
# to a picture (SVG) that shows one after the other, for ever.
#
#	LC_ALL=C awk -v columns=100 -v rows=30 -v seconds=0.5 \
#		-f terminal.awk FRAME...
#
# It knows the attributes that procq top uses: bold, dim, reverse, and the eight
# colours. It sees bytes; a character begins with one that is none of 200 to
# 277, octal.

BEGIN {
	width = 8.4
	height = 16
	split("#444c56 #f47067 #57ab5a #e0b13c #539bf5 #dc8ee0 #39c5cf " \
		"#e6edf3", colour, " ")
	plain = "#c9d1d9"
	screen = "#0d1117"
	w = columns * width + 24
	h = rows * height + 24
	frames = ARGC - 1
	total = frames * seconds
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" " \
		"xml:space=\"preserve\" width=\"%d\" " \
		"height=\"%d\" viewBox=\"0 0 %d %d\">\n", w, h, w, h
	printf "<style>\n" \
		"text{font:14px ui-monospace,\"DejaVu Sans Mono\",Menlo," \
		"Consolas,monospace;white-space:pre;fill:%s}\n" \
		".b{font-weight:bold}.d{opacity:.55}\n", plain
	for (i = 1; i <= 8; i++)
		printf ".c%d{fill:%s}", i - 1, colour[i]
	# Of the frames one is seen; where nothing moves, one in the middle.
	printf "\ng{visibility:hidden;animation:f %gs step-end infinite}\n" \
		"@keyframes f{0%%{visibility:visible}%.4f%%,to" \
		"{visibility:hidden}}\n", total, 100 / frames
	for (i = 1; i <= frames; i++)
		printf "#f%d{animation-delay:%gs}", i,
			(i - 1) * seconds - total
	printf "#f%d{visibility:visible}\n", int((frames + 1) / 2)
	printf "@media(prefers-reduced-motion){g{animation:none}}\n</style>\n"
	printf "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"%s\"/>\n",
		w, h, screen
}

FNR == 1 {
	if (frame++)
		print "</g>"
	printf "<g id=\"f%d\">\n", frame
	reset()
}

FNR <= rows {
	column = 0
	y = FNR * height + 8
	rest = $0
	while (match(rest, /\033\[[0-9;]*m/)) {
		before = substr(rest, 1, RSTART - 1)
		list = substr(rest, RSTART + 2, RLENGTH - 3)
		rest = substr(rest, RSTART + RLENGTH)
		put(before)
		attributes(list)
	}
	put(rest)
}

END {
	print "</g>\n</svg>"
}

function reset()
{
	bold = dim = reverse = 0
	ink = -1
}

function attributes(list,	n, i, each)
{
	n = split(list, each, ";")
	if (n == 0)
		reset()
	for (i = 1; i <= n; i++) {
		if (each[i] + 0 == 0)
			reset()
		else if (each[i] == 1)
			bold = 1
		else if (each[i] == 2)
			dim = 1
		else if (each[i] == 22)
			bold = dim = 0
		else if (each[i] == 7)
			reverse = 1
		else if (each[i] == 27)
			reverse = 0
		else if (each[i] >= 30 && each[i] <= 37)
			ink = each[i] - 30
		else if (each[i] == 39)
			ink = -1
	}
}

# One piece of text in the attributes of now, and on to the column after it.
function put(text,	cells, x, style, blanks)
{
	cells = text
	gsub(/[\200-\277]/, "", cells)
	cells = length(cells)
	x = 12 + column * width
	column += cells
	if (!reverse) {
		# Blanks at its ends need not be drawn.
		blanks = match(text, /[^ ]/) ? RSTART - 1 : cells
		x += blanks * width
		text = substr(text, blanks + 1)
		cells -= blanks
		blanks = length(text)
		sub(/ *$/, "", text)
		cells -= blanks - length(text)
	}
	if (cells <= 0)
		return
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	style = (bold ? " b" : "") (dim ? " d" : "") \
		(ink >= 0 && !reverse ? " c" ink : "")
	if (reverse)
		printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" " \
			"height=\"%d\" fill=\"%s\"/>", x, y - 12,
			cells * width, height,
			(ink >= 0 ? colour[ink + 1] : plain)
	printf "<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\"%s%s>%s</text>\n",
		x, y, cells * width,
		(style == "" ? "" : " class=\"" substr(style, 2) "\""),
		(reverse ? " style=\"fill:" screen "\"" : ""), text
}
