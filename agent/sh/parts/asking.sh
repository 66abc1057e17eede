# shellcheck shell=sh
# Arguments of programs are everybody's to read, and tokens are nobody else's. So nc is given requests through a pipe, as
# far as it can carry them; wget carries the others, to https and to addresses in brackets, with the token in its arguments.

# carrier URL: whether nc can be asked is in $direct, and how the first line after an answer's head looks in $after_head
carrier() {
	case $speaks$1 in
		1http://[!\[]*) direct=1 after_head="^$cr\\?\$" ;;
		*) direct='' after_head='^ \?\([^ ]\|$\)' ;;
	esac
}

# exchange SECONDS URL [HEADER...]: prints the answer, its head first. $sent is the body of a POST; a GET has none.
exchange() {
	within=$1 url=$2
	shift 2
	if [ -z "$direct" ]; then
		for line; do set -- "$@" --header "$line" && shift; done
		# The time limit is not wget's own: some builds do not survive -T.
		timeout "$within" wget -q -S -O - "$@" ${sent:+--post-data "$sent"} "$url" 2>&1
		return
	fi
	url=${url#http://}
	host=${url%%/*} port=80 method=GET
	case $host in *:*) port=${host##*:} ;; esac
	[ -z "$sent" ] || {
		method=POST
		set -- "$@" "Content-Length: $(printf %s "$sent" | wc -c)"
	}
	# Open for writing too, so that nc never sees an end of it: it would hang up before the answer.
	exec 3<>tmp/asking
	{
		printf '%s\r\n' "$method /${url#*/} HTTP/1.0" "Host: $host" "$@" ''
		printf %s "$sent"
	} >&3 &
	timeout "$within" nc "${host%:*}" "$port" <&3
	set -- $?
	kill $!
	return "$1"
}

# ask URL [HEADER...]: the answer's $status, 0 when none came or not all of it, its $headers and its $body.
# They are held in memory: on a full disk, too, LEONORE must be asked, since it may order what frees it.
ask() {
	carrier "$1"
	answer=$({
		exchange 30 "$@" 'Accept: text/plain' 'Content-Type: application/json'
		printf '\nended %s' $?
	} | head -c 262144 | tr -d '\000')
	headers=$(say "$answer" | sed "/$after_head/q")
	body=$(say "$answer" | sed -n "/$after_head/,\$p")
	if [ -z "$direct" ]; then status_of "$headers$nl$answer"; else
		status_of "$headers"
		# A body begins with the empty line after the head.
		length=$(header content-length)
		[ -n "$body" ] && { [ -z "$length" ] || [ "$(printf %s "${body%"$nl"ended*}" | wc -c)" = $((length + 2)) ]; } || status=0
		# Only wget follows to another place.
		case $status in 30[1278]) speaks= ;; esac
	fi
	case $answer in *"${nl}ended 0") ;; *) [ "$status" -ge 300 ] || status=0 ;; esac
}

header() { say "$headers" | sed -n "s/^ *$1: *//ip" | tr -d '\r' | tail -n 1; }

status_of() {
	status=$(say "$1" | sed -n '1,99s/^\(  \|wget: .*\|\)HTTP\/1\.[01] \([0-9][0-9][0-9]\).*/\2/p' | tail -n 1)
	[ -n "$status" ] || status=0
}

# ask_file URL FILE BYTES DIGEST: what is missing of a file of so many bytes
ask_file() {
	carrier "$1"
	had=$(length_of "$2") range=''
	# An empty file is not continued: its first answer is without a range.
	[ "$had" = 0 ] || range=$4
	(
		# Head or body: whoever writes ends there.
		ulimit -f $(($3 / 512 + 1))
		[ -n "$direct" ] ||
			exec timeout 300 wget -q -S -O "$2" --header "$mine" ${range:+-c --header "If-Range: \"$range\""} "$1" 2>tmp/headers
		exchange 300 "$1" "$mine" ${range:+"If-Range: \"$range\"" "Range: bytes=$had-"} | {
			while read -r line && [ "$line" != "$cr" ]; do echo "$line"; done >tmp/headers
			status_of "$(cat tmp/headers)"
			case $status in 206) cat >>"$2" ;; 200) cat >"$2" ;; esac
		}
	) &
	asking=$!
	attend $asking
	asking='' headers=$(cat tmp/headers)
	status_of "$headers"
	[ "$(length_of "$2")" = "$3" ] || [ "$status" -ge 300 ] || status=0
}

# patience SECONDS: longer when LEONORE asked for it. wget does not show how much.
patience() {
	asked=$1
	case $status in 202 | 429 | 503)
		least=$(whole "$(header retry-after)" 5)
		[ "$asked" -ge "$least" ] || asked=$least
		;;
	esac
	pause_for "$asked"
}
