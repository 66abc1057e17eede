# shellcheck shell=sh
prepare() {
	(umask 077 && rm -rf tmp && mkdir -p tmp reports ended downloads)
	mkdir -p "$packages" "$gens" "$container/log"
	before=$(current)
	[ -L "$link" ] && sound "$before" || rescue
	token=$(value_of token identity) node=$(value_of nodeAddress identity) interval=$(value_of pollInterval identity)
	mine="$proves $token"
	identify
	{ read -r _last heard && uptime && heard=$((heard - now)); } <counted
	mkfifo tmp/asking && case $help in *' PORT'*) speaks=1 ;; esac
	mac=$(cat /sys/class/net/*/address | grep -v ^00:00:00 | grep -E '^([0-9a-f]{2}:){5}..$' | head -n 1)
	[ -n "$id" ] || id=gw-$(printf %s "${mac:-$mark}" | tr -d :)
}

# sound GENERATION: whether its table can be believed; one that was damaged is taken from its copy
sound() {
	noted=$(cat "$gens/$1/sum") || { [ -f "$gens/$1/table" ]; return; }
	[ "$(digest_of "$gens/$1/table")" != "$noted" ] || return 0
	[ "$(digest_of "$gens/$1/copy")" = "$noted" ] && cp "$gens/$1/copy" "$gens/$1/table"
}

# rescue: the newest generation that is whole counts, else what packages and store still hold; a new container is empty
rescue() {
	[ -L "$link" ] || rm -rf "$link"
	for name in $(ls "$gens" | sort -rn); do
		old=$gens/$name/table
		if sound "$name" && old_is_whole; then
			switch_to "$name"
			return
		fi
	done
	name=$(next_name)
	[ "$name" = 1 ] && name=0
	ls -tr "$packages" | while read -r directory; do
		rows -v package="$directory" '{ print $2, $3, $4, package, $5, $6, $7, $8, $13, $14, "-", 0 }' "$packages/$directory/control/artifacts"
	done | standing | rows '{ if (!($1 in row)) order[++count] = $1; row[$1] = $0 } END { for (i = 1; i <= count; i++) print row[order[i]] }' |
		generation "$name"
	switch_to "$name"
}
