# SPDX-License-Identifier: GPL-3.0-or-later
# openmetrics.awk - is this OpenMetrics text, as strict as a collector may read
# it? Prints what is wrong, and fails then.

function wrong(why)
{
	printf "line %d: %s: %s\n", NR, why, $0
	bad = 1
}

function number(text)
{
	return text == "+Inf" ? 1e300 : text + 0
}

# The buckets of one histogram of one queue are over.
function end_histogram()
{
	if (buckets && last_bound != "+Inf")
		wrong("buckets without an end")
	buckets = 0
}

ended { wrong("after the end") }

/^# EOF$/ { end_histogram(); ended = 1; next }

/^# TYPE / {
	end_histogram()
	name = $3
	type = $4
	if (NF != 4 || type !~ /^(counter|gauge|histogram)$/)
		wrong("no type")
	if (name !~ /^procq_[a-z_]+$/ || seen[name]++)
		wrong("no name, or one that was there")
	expect = "UNIT or HELP"
	next
}

/^# UNIT / {
	if (expect != "UNIT or HELP" || $3 != name || NF != 4 ||
	    substr(name, length(name) - length($4)) != "_" $4)
		wrong("a unit that does not fit")
	expect = "HELP"
	next
}

/^# HELP / {
	if (expect !~ /HELP/ || $3 != name || NF < 4)
		wrong("a help that does not fit")
	expect = "samples"
	next
}

{
	if (expect != "samples")
		wrong("a sample without its type and help")
	if (!match($0, /^[a-z_]+/)) {
		wrong("no sample")
		next
	}
	sample = substr($0, 1, RLENGTH)
	rest = substr($0, RLENGTH + 1)
	labels = ""
	if (match(rest, /^[{]([a-z]+="([^"\\]|\\["\\n])*",?)+[}]/)) {
		labels = substr(rest, 1, RLENGTH)
		rest = substr(rest, RLENGTH + 1)
	}
	if (rest !~ /^ ([0-9]+|[0-9]+[.][0-9]+)$/)
		wrong("no value")
	value = substr(rest, 2)
	if (samples[sample labels]++)
		wrong("a sample twice")
	suffix = substr(sample, length(name) + 1)
	if (substr(sample, 1, length(name)) != name)
		wrong("a sample of another metric")
	if (type == "counter" && suffix != "_total" ||
	    type == "gauge" && suffix != "")
		wrong("a suffix of another type")
	if (type != "histogram")
		next
	if (suffix == "_bucket") {
		if (!match(labels, /,le="[^"]*"[}]$/)) {
			wrong("a bucket without a bound")
			next
		}
		bound = substr(labels, RSTART + 5, RLENGTH - 7)
		if (bound !~ /^(0[.][0-9]+|[0-9]+[.]0|[0-9]e-0[0-9]|[0-9]e[+][0-9][0-9]|[+]Inf)$/)
			wrong("a bound that is not canonical")
		if (buckets && (number(bound) <= number(last_bound) ||
				value + 0 < last_value + 0))
			wrong("buckets out of order")
		buckets++
		last_bound = bound
		last_value = value
	} else if (suffix == "_sum" || suffix == "_count") {
		if (suffix == "_count" && value != last_value)
			wrong("another count than the buckets have")
		end_histogram()
	} else {
		wrong("a suffix of another type")
	}
}

END {
	if (!ended)
		wrong("no end")
	exit bad
}
