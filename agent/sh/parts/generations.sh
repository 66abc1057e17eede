# shellcheck shell=sh
fact() { value_of "$1" task; }

# remaining TABLE: the table's rows but for what the task removes
remaining() {
	rows -v gone="$nl$(sed -n "s/^remove$tab//p" task)$nl" 'index(gone, "\n" $1 "@" $2 "\n") == 0' "$1"
}

# merged NEW-ROWS: the rows that are read with these. What is replaced keeps its place, a newcomer comes before what its
# package has after it, and the package's own order holds in the end: applications are started in this order.
merged() {
	rows -v fresh="$1" '
		BEGIN {
			count = split(fresh, new, "\n")
			for (i = 1; i <= count; i++) { split(new[i], columns, FS); name[i] = columns[1]; place[columns[1]] = i }
		}
		{ order[++total] = $1 in place ? "" : $0; names[total] = $1; at[$1] = total }
		END {
			for (i = 1; i <= count; i++) {
				if (name[i] in at) continue
				to = total + 1
				for (j = i + 1; j <= count; j++) if (name[j] in at && at[name[j]] < to) to = at[name[j]]
				for (k = total; k >= to; k--) { order[k + 1] = order[k]; names[k + 1] = names[k]; at[names[k]] = k + 1 }
				order[to] = ""; names[to] = name[i]; at[name[i]] = to; total++
			}
			for (k = 1; k <= total; k++) print order[k] == "" ? new[++used] : order[k]
		}'
}

# generation NAME: makes it of the table that is read
generation() {
	to=$gens/$1
	rm -rf "$to" && mkdir -p "$to/active" "$to/values" && cat >"$to/table" && digest_of "$to/table" | cat >"$to/sum" &&
		cp "$to/table" "$to/copy" || return 1
	while IFS=$tab read -r name _version home package _rest; do
		ln -s "../../../$home" "$to/active/$name" || return 1
		[ -d "$to/values/$package" ] || [ ! -d "$gens/$before/values/$package" ] ||
			cp -pr "$gens/$before/values/$package" "$to/values/" || return 1
	done <"$to/table"
	# Of what stays, and of what the task brings.
	{
		[ ! -f "$staged/control/artifacts" ] || cut -f 2 "$staged/control/artifacts"
		echo "$tab"
		sed 's/^/=/' "$to/table"
		echo "$tab"
		cat "$gens/$before/requires"
	} | rows '$0 == "\t" { part++; next } !part { fresh[$1]; next } part == 1 { has[substr($1, 2)]; next }
		$1 in has && !($1 in fresh)' >"$to/requires"
	sed -n "s/^requires$tab//p" task >>"$to/requires" || return 1
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
		!($2 in version) { print $1 " needs " $2 " " $3 ", and " $2 " is not there"; exit }
		!holds(key(version[$2]), $3) { print $1 " needs " $2 " " $3 ", and " $2 " is " version[$2]; exit }
	' "$gens/$1/table" "$gens/$1/requires"
}

write_generation() {
	fresh=$(rows -v package="$(fact package)" -v digest="$(fact digest)" -v size="$(fact size)" \
		'{ print $2, $3, $4, package, $5, $6, $7, $8, $13, $14, digest, size }' "$staged/control/artifacts") &&
		rest=$(remaining "$table" && echo .) || return 1
	printf '%s' "${rest%.}" | merged "$fresh" | generation "$1" || return 1
	values=$gens/$1/values/$(fact package)
	rm -rf "$values" && mkdir "$values" || return 1
	sed -n "s/^value$tab//p" task | while IFS=$tab read -r key value; do
		case $key in *[!A-Za-z0-9_.-]* | .* | -* | '') continue ;; esac
		(umask 077 && printf '%b' "$value" | cat >"$values/$key") || exit 1
	done || return 1
	chmod 700 "$values"
	give "$values"
	sync
}
