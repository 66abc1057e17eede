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
