# shellcheck shell=sh
fact() { value_of "$1" task; }
facts() { sed -n "s/^$1$tab//p" task; }

# remaining TABLE: the table's rows but for what the task removes
remaining() {
	rows -v gone="$nl$(facts remove)$nl" 'index(gone, "\n" $1 "@" $2 "\n") == 0' "$1"
}

# merged NEW-ROWS: the rows that are read with these. What is replaced keeps its place, and what its package has before it
# comes with it: so the package's own order holds in the end, and applications are started in this order.
merged() {
	rows -v fresh="$1" '
		BEGIN {
			count = split(fresh, new, "\n")
			for (i = 1; i <= count; i++) { split(new[i], columns, FS); place[columns[1]] = i }
		}
		!($1 in place) { print; next }
		{ while (used < place[$1]) print new[++used] }
		END { while (used < count) print new[++used] }'
}

# standing: the rows that are read whose homes are there
standing() {
	while columns app version home rest; do
		[ ! -d "$container/$home" ] || printf '%s\t%s\t%s\t%s\n' "$app" "$version" "$home" "$rest"
	done
}

# generation NAME: makes it of the table that is read
generation() {
	to=$gens/$1
	rm -rf "$to" && mkdir -p "$to/active" "$to/values" && cat >"$to/table" && digest_of "$to/table" | cat >"$to/sum" &&
		cp "$to/table" "$to/copy" || return 1
	while row; do
		ln -s "../../../$home" "$to/active/$name" || return 1
		[ -d "$to/values/$package" ] || [ ! -d "$gens/$before/values/$package" ] ||
			cp -pr "$gens/$before/values/$package" "$to/values/" || return 1
	done <"$to/table"
	# Of what stays, and of what the task brings.
	{
		[ ! -f "$placements" ] || cut -f 2 "$placements"
		echo "$tab"
		sed 's/^/=/' "$to/table"
		echo "$tab"
		cat "$gens/$before/requires"
	} | rows '$0 == "\t" { part++; next } !part { fresh[$1]; next } part == 1 { has[substr($1, 2)]; next }
		$1 in has && !($1 in fresh)' >"$to/requires"
	facts requires >>"$to/requires" || return 1
}

# unmet GENERATION: the first requirement that does not hold in it, by the rules of node-semver. A version becomes text of
# a fixed width, n[1..3] are its numbers and g says how many were given; 0 at the end is before all prereleases.
unmet() {
	rows '
		function key(v, least, a, i, pre) {
			sub(/^[v=]*/, "", v)
			sub(/[+].*/, "", v)
			pre = v ~ /-/
			sub(/-.*/, "", v)
			split(v, a, ".")
			for (g = 0; a[g + 1] ~ /^[0-9]+$/ && g < 3; g++) n[g + 1] = a[g + 1]
			for (i = g + 1; i < 4; i++) n[i] = 0
			return text(least && g < 3 ? 0 : pre ? 1 : 2)
		}
		function text(end) { return sprintf("%015.0f%015.0f%015.0f%s", n[1], n[2], n[3], end) }
		function next_(i) {
			n[i]++
			while (++i < 4) n[i] = 0
			return text(0)
		}
		function holds(v, range, a, i) {
			for (i = split(range, a, /[|][|]/); i > 0; i--) if (all(v, a[i])) return 1
			return range == ""
		}
		function all(v, r, a, i, op, low) {
			if (match(r, / - /)) r = ">=" substr(r, 1, RSTART) "<=" substr(r, RSTART + 3)
			while (match(r, /[<>=~^] /)) r = substr(r, 1, RSTART) substr(r, RSTART + 2)
			for (i = split(r, a, " "); i > 0; i--) {
				op = a[i]
				sub(/[^<>=~^].*/, "", op)
				low = key(substr(a[i], length(op) + 1), 1)
				if (!g) {
					if (op ~ /^[<>]$/) return 0
					continue
				}
				if (op == "<" ? v >= low : op == "<=" ? g < 3 ? v >= next_(g) : v > low : op == ">" ? g < 3 ? v < next_(g) : v <= low : v < low) return 0
				if (op ~ /^[<>]/) continue
				if (op !~ /[~^]/ && g > 2 ? v != low : v >= next_(op ~ /~/ ? g > 1 ? 2 : 1 : op != "^" || n[1] || g < 2 ? op == "^" ? 1 : g : n[2] || g < 3 ? 2 : 3)) return 0
			}
			return 1
		}
		FNR == NR { version[$1] = $2; next }
		{ there = $2 in version }
		!there || !holds(key(version[$2]), $3) {
			print $1 " needs " $2 " " $3 ", and " $2 " is " (there ? version[$2] : "not there"); exit }
	' "$gens/$1/table" "$gens/$1/requires"
}

write_generation() {
	fresh=$(rows -v package="$wanted_package" -v digest="$(fact digest)" -v size="$(fact size)" \
		'{ print $2, $3, $4, package, $5, $6, $7, $8, $13, $14, digest, size }' "$placements") &&
		rest=$(remaining "$table" && echo .) || return 1
	printf %s "${rest%.}" | merged "$fresh" | generation "$1" || return 1
	rm -rf "$gens/$1/values/$wanted_package"
	write_values "$gens/$1/values/$wanted_package"
}

# write_values DIRECTORY: those that the task or order brings; others stay
write_values() {
	mkdir -p "$1" && facts value | while columns key value; do
		case $key in *[!A-Za-z0-9_.-]* | .* | -* | '') continue ;; esac
		(umask 077 && printf %b "$value" | cat >"$1/$key") || exit 1
	done || return 1
	chmod 700 "$1"
	give "$1"
	sync
}
