# shellcheck shell=sh
# end_leftovers: what is left of an earlier run, known by the mark in its environment
end_leftovers() {
	end_marked "LEONORE_AGENT=$mark"
	# What this run starts is known to the next by it.
	export LEONORE_AGENT="$mark"
}

switch_to() {
	rm -f "$link.new"
	ln -s "generations/$1" "$link.new" && sync
	mv -T "$link.new" "$link" && sync
}

# collect [GENERATION]: what neither the current generation nor this one refers to
collect() {
	kept=$(cat "$table" ${1:+"$gens/$1/table"}) || return 1
	for home in "$container"/store/*/*; do
		[ -d "$home" ] || continue
		among 3 "$kept" "${home#"$container/"}" || rm -rf "$home"
	done
	rmdir "$container"/store/*
	for directory in "$container"/packages/*; do
		[ ! -d "$directory" ] || among 4 "$kept" "${directory##*/}" || rm -rf "$directory"
	done
	for directory in "$container"/generations/*; do
		case ${directory##*/} in "$(current)" | "${1:-}") ;; *) rm -rf "$directory" ;; esac
	done
}

# uninstall_from TABLE OTHER-TABLE GENERATION: what the first alone has, the last installed first
uninstall_from() {
	rest=$(cat "$2") || return 1
	while row <&3; do
		[ -n "$name" ] || continue
		among 3 "$rest" "$home" && continue
		keep_data=
		among 1 "$rest" "$name" && keep_data=1
		case $override_keep in true) keep_data=1 ;; esac
		[ -d "$packages/$package" ] || continue
		give "$container/$home"
		control 300 "$packages/$package" "$3" "$package" uninstall "$name" || log "uninstalling $name failed"
		[ "$override_keep$keep_data" != false ] || rm -rf "${container:?}/data/$name"
	done 3<<-END
		$(sed '1!G;h;$!d' "$1")
	END
	keep_data=
}
