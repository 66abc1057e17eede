# shellcheck shell=sh
# ask URL TOKEN [OPTION...]: the answer's $status, 0 when none came or not all of it, its $headers and its $body.
# They are held in memory: on a full disk, too, LEONORE must be asked, since it may order what frees it.
# The time limit is not wget's own: some builds do not survive -T.
ask() {
	url=$1 bearer=$2
	shift 2
	answer=$({
		timeout 30 wget -q -S -O - --header "Authorization: Bearer $bearer" --header 'Accept: text/plain' "$@" "$url" 2>&1
		printf '\nended %s' $?
	} | head -c 262144 | tr -d '\000')
	headers=$(printf '%s\n' "$answer" | sed '/^  /!q')
	body=$(printf '%s\n' "$answer" | awk 'body || !/^  / { body = 1; print }')
	status_of "$headers$nl$answer"
	case $answer in *"${nl}ended 0") ;; *) [ "$status" -ge 300 ] || status=0 ;; esac
}

status_of() {
	status=$(printf '%s\n' "$1" | sed -n '1,99s/^\(  \|wget: .*\)HTTP\/1\.[01] \([0-9][0-9][0-9]\).*/\2/p' | tail -n 1)
	[ -n "$status" ] || status=0
}

# ask_file URL TOKEN FILE BYTES [OPTION...]: the same for a body that goes into a file, of so many bytes at most
ask_file() {
	url=$1 bearer=$2 answer=$3 most=$4
	shift 4
	(
		# Head or body: wget ends there.
		ulimit -f $((most / 512 + 1))
		exec timeout 300 wget -q -S -O "$answer" --header "Authorization: Bearer $bearer" "$@" "$url" 2>tmp/headers
	) &
	asking=$!
	attend $asking
	failed=$? asking=
	status_of "$(cat tmp/headers)"
	[ "$failed" = 0 ] || [ "$status" -ge 300 ] || status=0
}

post() { ask "$1" "$2" --header 'Content-Type: application/json' --post-data "$3"; }

# patience SECONDS: longer when LEONORE asked for it; wget does not show how much
patience() { case $1-$status in [1-4]-429 | [1-4]-503) pause_for 5 ;; *) pause_for "$1" ;; esac }
