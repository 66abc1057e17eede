# shellcheck shell=sh
# environment DIRECTORY GENERATION PACKAGE-ID COMMAND...: becomes the command, with the surroundings of a package's
# scripts, as the leader of a process group. To be run in the background: it does not return.
environment() {
	unset LEONORE_AGENT LC_ALL
	set -a
	LEONORE_ROOT=$container LEONORE_PACKAGE=$1 LEONORE_VALUES=$gens/$2/values/$3 LEONORE_ACTIVE=$gens/$2/active
	# They follow what is current: an application may outlive its generation.
	[ "$2" != "$(current)" ] || LEONORE_ACTIVE=$link/active LEONORE_VALUES=$link/values/$3
	LEONORE_GATEWAY_ID=$id LEONORE_CONTAINER=$mark LEONORE_UNIT=$mark:$unit: LEONORE_KEEP_DATA=${keep_data:-}
	HOME=$container/data TMPDIR=$container/tmp LANG=C
	set +a
	for file in "$LEONORE_VALUES"/*; do
		[ -f "$file" ] || continue
		key=$(printf %s "${file##*/}" | tr 'a-z.-' 'A-Z__')
		export "LEONORE_VALUE_$key=$(cat "$file")"
	done
	wants=$(declared "$1" "$subject")
	join_limits "$wants"
	shift 3
	cd "$container" || exit 1
	trap - TERM INT HUP
	case $level-$wants in full-*'"needs":'*)
		set -f -- nsenter $as "$@"
		IFS=$nl wrap=
		set -- $(listed devices "$wants") -- $(listed paths "$wants") -- "$@"
		set -- unshare -m sh -c "$scene" scene "$container" "$own" "$user" "$@"
		;;
	esac
	exec setsid $wrap "$@" 3<&- 4<&- 5<&- 6<&- 8<&- 9>&-
}

# described PACKAGE-DIRECTORY: what its manifest says of artifacts, of which keys stand in order, one a line
described() { sed 's/"contentSize":.*//;s/{"control":/\n&/g' "$1/manifest.json"; }
# declared PACKAGE-DIRECTORY NAME
declared() { described "$1" | grep -F "\"name\":\"$2\","; }
# listed KEY TEXT: what a list holds, one a line
listed() { say "$2" | sed -n "s/.*\"$1\":\[\([^]]*\)\].*/\1/p" | sed 's/^"//;s/"$//;s/"*,"*/\n/g'; }
# text_in KEY TEXT, number_in KEY TEXT
text_in() { printf %s "$2" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
number_in() { printf %s "$2" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

current() { readlink "$link" | sed 's/.*\///'; }

# limited SECONDS COMMAND...: the end of what it prints is in tmp/output
limited() {
	most_seconds=$1
	naps=$(($1 * a_second))
	rm -f tmp/pipe && mkfifo tmp/pipe || return 125
	tail -c 2000 <tmp/pipe >tmp/output &
	reader=$!
	shift
	units=$((units + 1))
	unit=script.$units
	"$@" >tmp/pipe 2>&1 </dev/null &
	child=$!
	while kill -0 $child && [ "$naps" -gt 0 ]; do
		naps=$((naps - 1))
		nap
		keep_up
	done
	[ "$naps" -gt 0 ] || end_group $child
	wait $child
	result=$?
	# It is over when it exits: what it left running ends with it, and whoever cannot be ended must not hold the pipe.
	kill -KILL -$child
	end_unit "script.$units"
	child=
	kill -0 $reader && nap && kill $reader
	wait $reader
	[ "$naps" -gt 0 ] || { echo "did not end within $most_seconds s" >>tmp/output && return 124; }
	return $result
}
