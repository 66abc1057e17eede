#!/bin/sh
# The gateway agent for devices with BusyBox and nothing else: docs/agent-protocol.md in its text form,
# docs/package-format.md, and the container of docs/gateway.md.
#
#   LEONORE_SERVER            address of LEONORE (required)
#   LEONORE_ROOT_DIR          directory that it stays in (required)
#   LEONORE_ENROLMENT_TOKEN   until the gateway has a token of its own
#   LEONORE_ID                default: gw- and the first mac, or a random one that is kept
#   LEONORE_INTERVAL          seconds between polls; default: what LEONORE says
#   LEONORE_LABELS            such as 'building=b1 floor=2'
#   LEONORE_COMPONENTS        hardware components, such as 'gpio=1.0.0'
#
# INVARIANTS
#  - The journal names a step, on the disk, before the step begins; each step may be begun again from its start.
#  - `current` always names a complete generation; old to new is one rename.
#  - A report is kept until LEONORE has taken it; a delivery that has ended is remembered.
#  - What comes from the network is bounded, checked before it is used, and never evaluated.
# shellcheck disable=SC2010,SC2012,SC2013,SC2015,SC2016,SC2034,SC2059,SC2086 # what is listed here has names of digits and plain words
set -u
umask 022
# Of what this was started with, PATH and TZ alone reach applications.
for name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
	case $name in PATH | TZ | PPID | LEONORE_*) ;; *) unset "$name" ;; esac
done
export PATH="${PATH:-/usr/sbin:/usr/bin:/sbin:/bin}" LC_ALL=C
: "${LEONORE_SERVER:?must be the address of LEONORE}" "${LEONORE_ROOT_DIR:?must name a directory}"
mkdir -p "$LEONORE_ROOT_DIR/agent" && cd "$LEONORE_ROOT_DIR/agent" && chmod 700 . && own=$(pwd) && root=${own%/agent} || exit 2
container=$root/container
gens=$container/generations packages=$container/packages link=$container/current table=$container/current/table
server=${LEONORE_SERVER%/} enrolment=${LEONORE_ENROLMENT_TOKEN:-} id=${LEONORE_ID:-} every=${LEONORE_INTERVAL:-}
labels=${LEONORE_LABELS:-} components=${LEONORE_COMPONENTS:-}
unset LEONORE_SERVER LEONORE_ROOT_DIR LEONORE_ENROLMENT_TOKEN LEONORE_ID LEONORE_INTERVAL LEONORE_LABELS LEONORE_COMPONENTS
tab=$(printf '\t')
token='' node='' interval='' watching='' asking='' delivery=- pids=' ' child='' logged=0

exec 9>&2 2>/dev/null
log() {
	line="$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"
	echo "$line" >&9
	logged=$((logged + ${#line}))
	[ "$logged" -lt 65536 ] || { mv log log.old && logged=0; }
	echo "$line" >>log
}
free_kib() { stat -f -c '%a %S' "$root" | awk '{ printf "%.0f", $1 * $2 / 1024 }'; }
# rows PROGRAM...: awk over tab separated columns
rows() { awk -F "$tab" -v OFS="$tab" "$@"; }
digest_of() { sha256sum "$1" | cut -d ' ' -f 1; }
# put FILE: standard input becomes its content, whole or not at all, also after a power cut
put() { (umask 077 && cat >"$1.new") && sync && mv "$1.new" "$1" && sync || { rm -f "$1.new" && false; }; }
quoted() { printf '"%s"' "$(printf '%s' "$1" | tr '\000-\037\177' ' ' | sed 's/[\\"]/\\&/g')"; }
value_of() { sed -n "s/^$1$tab//p" "$2" | head -n 1 | tr -d '\r'; }
whole() { case $1 in '' | *[!0-9]* | ?????*) echo "$2" ;; *) echo "$1" ;; esac }
uptime() { read -r now _idle </proc/uptime && now=${now%%.*}; }
random() { head -c 12 /dev/urandom | sha256sum | cut -c "1-$1"; }

# Not every BusyBox can sleep for less than a second.
nap() { sleep 1; }
a_second=1
usleep 1 && nap() { usleep 200000; } && a_second=5

attend() {
	while kill -0 "$1"; do
		nap
		keep_up
	done
	wait "$1"
}

# pause_for SECONDS: with jitter of a half
pause_for() {
	left=$(($1 + 0x$(random 4) * $1 / 131072))
	while [ "$left" -gt 0 ]; do
		sleep 1
		left=$((left - 1))
		keep_up
	done
}

# ask URL TOKEN FILE [OPTION...]: the answer's $status, 0 when none came or not all of it, and its body in FILE
# The time limit is not wget's own: some builds do not survive -T.
ask() {
	url=$1 bearer=$2 answer=$3
	shift 3
	(
		# Head or body: wget ends there.
		ulimit -f $((${most:-262144} / 512 + 1))
		exec timeout "${time_limit:-30}" wget -q -S -O "$answer" --header "Authorization: Bearer $bearer" \
			--header 'Accept: text/plain' "$@" "$url" 2>tmp/headers
	) &
	asking=$!
	if [ -n "${time_limit:-}" ]; then attend $asking; else wait $asking; fi
	failed=$? asking=
	status=$(sed -n 's/.*HTTP\/1\.[01] \([0-9][0-9][0-9]\).*/\1/p' tmp/headers | tail -n 1)
	[ -n "$status" ] || status=0
	[ "$failed" = 0 ] || [ "$status" -ge 300 ] || status=0
}

post() { ask "$1" "$2" tmp/answer --header 'Content-Type: application/json' --post-data "$3"; }

# patience SECONDS: longer when LEONORE asked for it; wget does not show how much
patience() { case $1-$status in [1-4]-429 | [1-4]-503) pause_for 5 ;; *) pause_for "$1" ;; esac }

profile() {
	arch=$(uname -m)
	case $arch in armv[0-9]l) arch=${arch%l} ;; i[3-6]86) arch=i686 ;; esac
	kernel=$(uname -r | sed 's/^\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/; t; s/^\([0-9]*\.[0-9]*\).*/\1.0/')
	kilobytes() { sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo; }
	printf '{"id":%s,' "$(quoted "$id")"
	[ -z "$mac" ] || printf '"mac":"%s",' "$mac"
	printf '"hardware":{"arch":%s,"cpus":%s,"memoryTotal":%s,"memoryFree":%s,' "$(quoted "$arch")" \
		"$(grep -c ^processor /proc/cpuinfo)" $(($(kilobytes MemTotal) * 1024)) $(($(kilobytes MemAvailable) * 1024))
	# Not df: it looks for the place of the mount, which a root of its own may not show.
	stat -f -c '%a %b %S' "$root" | awk '{ printf "\"diskTotal\":%.0f,\"diskFree\":%.0f,", $2 * $3, $1 * $3 }'
	printf '"components":['
	pairs '%s{"name":%s,"version":%s}' "$components"
	printf ']},"software":{"os":"linux","kernel":"%s",' "$kernel"
	case $(echo /lib*/ld-*) in
		*musl*) printf '"libc":"musl",' ;;
		*ld-linux*) printf '"libc":"glibc",' ;;
	esac
	printf '"tools":[{"name":"busybox","version":"%s"}]},"strategies":["pull"],"protocols":["http"],"labels":{' \
		"$(busybox 2>&1 | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')"
	pairs '%s%s:%s' "$labels"
	printf '},"installed":%s}' "$(installed)"
}

pairs() {
	comma=
	for pair in $2; do
		printf "$1" "$comma" "$(quoted "${pair%%=*}")" "$(quoted "${pair#*=}")"
		comma=,
	done
}

installed() {
	rows '{
		printf "%s{\"name\":\"%s\",\"version\":\"%s\",\"installedSize\":%s,\"requested\":%s}", (NR > 1 ? "," : "["), $1, $2, $8,
			$5 == 1 ? "true" : "false"
	} END { print NR ? "]" : "[]" }' "$table"
}

register() {
	pause=1 used=${token:-$enrolment}
	while :; do
		post "$server/device/v1/register" "$used" "{\"profile\":$(profile),\"agentVersion\":\"sh\"}"
		fresh=$(value_of token tmp/answer) address=$(value_of nodeAddress tmp/answer)
		fresh=${fresh:-$token}
		case $status/$fresh/$address in *[!!-~]*) ;; 200/?*/http*://?*)
			token=$fresh node=$address interval=$(value_of pollInterval tmp/answer) unreachable=0
			printf 'token\t%s\nnodeAddress\t%s\npollInterval\t%s\n' "$token" "$node" "$interval" | put identity
			log "registered at $node"
			return
			;;
		esac
		log "registration failed: $status"
		if [ "$status" = 401 ] && [ "$used" = "$token" ] && [ -n "$enrolment" ]; then
			used=$enrolment
			continue
		fi
		used=${token:-$enrolment}
		patience $pause
		pause=$((pause < 60 ? pause * 2 : 60))
	done
}

# after_failure: does what the status of a node's answer asks for
unreachable=0 failures=0
after_failure() {
	failures=$((failures < 6 ? failures + 1 : 6))
	case $status in
		401 | 421) register ;;
		0)
			unreachable=$((unreachable + 1))
			[ $unreachable -lt 3 ] || register
			;;
	esac
}

# report STATE NUMBER [FAILURE-JSON]
report() {
	until {
		printf '{"deliveryId":%s,"sequence":%s,"state":"%s"' "$(quoted "$delivery")" $(($(fact lastSequence) + $2)) "$1"
		[ -z "${3:-}" ] || printf ',"error":%s' "$3"
		[ "$2" != 3 ] || printf ',"installed":%s' "$(installed)"
		printf '}'
	} >tmp/report && queue_report && { [ "$2" != 3 ] || put "$ended" <tmp/report; }; do
		log 'no room for a report'
		[ "$2" = 3 ] || return 0
		pause_for 30
	done
	for file in $(ls -t ended | tail -n +33); do rm -f "ended/$file"; done
}

# Begun again, a step says the same: once is enough.
queue_report() {
	last=$(ls reports | grep -v new | sort -n | tail -n 1)
	cmp -s tmp/report "reports/$last" || put "reports/$((${last:-0} + 1))" <tmp/report
}

take_up() { delivery=$(fact task)$(fact order) artifact=$(fact artifact) action=$(fact action) && ended=ended/$(echo "$delivery" | sha256sum | cut -c 1-16); }

# repeat_report: answers a task that was carried out before
repeat_report() {
	sed "s/\"sequence\":[0-9]*/\"sequence\":$(($(fact lastSequence) + 1))/" "$ended" >tmp/report
	queue_report
}

# send_reports: oldest first. $dropped: LEONORE has ended the delivery
send_reports() {
	for queued in $(ls reports | grep -v new | sort -n); do
		body=$(cat "reports/$queued") useless=
		post "$node/device/v1/reports" "$token" "{\"reports\":[$body]}"
		case $status in
			200) grep -q '"outcome":"\(ended\|unknown\)"' tmp/answer && useless=1 ;;
			0 | 401 | 408 | 421 | 429 | 5??)
				after_failure
				return 1
				;;
			*) log "a report was refused: $status" && useless=1 ;;
		esac
		case $useless$body in 1*"\"$delivery\""*) dropped=1 ;; esac
		rm -f "reports/$queued"
	done
}

# environment DIRECTORY GENERATION PACKAGE-ID COMMAND...: becomes the command, with the surroundings of a package's
# scripts, as the leader of a process group. To be run in the background: it does not return.
environment() {
	unset LEONORE_AGENT LC_ALL
	set -a
	LEONORE_ROOT=$container LEONORE_PACKAGE=$1 LEONORE_VALUES=$gens/$2/values/$3 LEONORE_ACTIVE=$gens/$2/active
	[ "$2" != "$(current)" ] || LEONORE_ACTIVE=$link/active
	LEONORE_GATEWAY_ID=$id LEONORE_CONTAINER=$mark LEONORE_KEEP_DATA=${keep_data:-}
	HOME=$container/data TMPDIR=$own/tmp LANG=C
	set +a
	for file in "$LEONORE_VALUES"/*; do
		[ -f "$file" ] || continue
		key=$(printf '%s' "${file##*/}" | tr 'a-z.-' 'A-Z__')
		export "LEONORE_VALUE_$key=$(cat "$file")"
	done
	shift 3
	cd "$container" || exit 1
	trap - TERM INT HUP
	exec setsid "$@" 3<&- 4<&- 5<&- 9>&-
}

current() { readlink "$link" | sed 's/.*\///'; }

# limited SECONDS COMMAND...: the end of what it prints is in tmp/output
limited() {
	naps=$(($1 * a_second))
	rm -f tmp/pipe && mkfifo tmp/pipe || return 125
	# Limited as well: somebody else may hold the pipe open.
	timeout $(($1 + 9)) tail -c 2000 <tmp/pipe >tmp/output &
	reader=$!
	shift
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
	# What it left running in the background ends with it.
	kill -KILL -$child
	child=
	wait $reader
	[ "$naps" -gt 0 ] || { echo 'did not end in time' >>tmp/output && return 124; }
	return $result
}

# control SECONDS DIRECTORY GENERATION PACKAGE-ID SCRIPT [NAME]: runs a control script
control() { limited "$1" environment "$2" "$3" "$4" sh "$2/control/$5" ${6:+"$6"}; }

# end_group PROCESS: asks, then kills
end_group() {
	kill -TERM "-$1" || return 0
	patient=$((5 * a_second))
	while kill -0 "-$1" && [ "$patient" -gt -25 ]; do
		[ "$patient" -gt 0 ] || kill -KILL "-$1"
		patient=$((patient - 1))
		nap
	done
}

package_of() { rows -v name="$1" '$1 == name { print $4 }' "$table"; }

# keep_log FILE: the last of what comes in; dd writes at once
keep_log() {
	while :; do
		[ ! -s "$1" ] || mv "$1" "$1.old"
		if dd bs=1k count=256 of="$1"; then [ -s "$1" ] || return 0; else sleep 1; fi
	done
}

start_one() {
	started=$packages/$(package_of "$1") pipe=tmp/pipe.$1
	rm -f "$pipe" && mkfifo "$pipe" || return 1
	keep_log "$container/log/$1.log" <"$pipe" >/dev/null &
	environment "$started" "$(current)" "${started##*/}" sh "$started/control/start" "$1" >"$pipe" 2>&1 </dev/null &
	# NAME:PROCESS of each; the disk may be full.
	case $pids in *" $1:"*) app_pid=${pids#*" $1:"} && pids="${pids%%" $1:"*} ${app_pid#* }" ;; esac
	pids="$pids$1:$! "
	log "started $1"
}

is_up() { case $pids in *" $1:"*) app_pid=${pids#*" $1:"} && kill -0 "${app_pid%% *}" ;; *) false ;; esac }

stop_all() {
	for entry in $pids; do
		name=${entry%:*}
		package=$(package_of "$name")
		if [ -n "$package" ] && is_up "$name"; then
			control 5 "$packages/$package" "$(current)" "$package" stop "$name"
		fi
		end_group "${entry#*:}"
	done
	pids=' '
	rm -f tmp/due.*
}

# keep_up: starts again what has ended, after a second, two, ... a minute; forks nothing while all is well
keep_up() {
	[ -n "$watching" ] || return 0
	while IFS=$tab read -r app _version _home _package _requested app_starts _rest <&5; do
		if [ "$app_starts" != 1 ] || is_up "$app"; then continue; fi
		uptime
		due=0 delay=0
		read -r due delay <"tmp/due.$app"
		[ "$now" -ge "$due" ] || continue
		[ "$now" -lt $((due + 60)) ] || delay=0
		delay=$((delay == 0 ? 1 : delay < 30 ? delay * 2 : 60))
		echo "$((now + delay)) $delay" >"tmp/due.$app" || continue
		start_one "$app"
	done 5<"$table"
}

# end_leftovers: what is left of an earlier run, known by the mark in its environment
end_leftovers() {
	for file in /proc/[0-9]*/environ; do
		pid=${file#/proc/} pid=${pid%/environ}
		if grep -q "LEONORE_AGENT=$mark" "$file"; then kill -KILL "$pid"; fi
		grep -q "LEONORE_CONTAINER=$mark" "$file" || continue
		group=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 3)
		[ -z "$group" ] || end_group "$group"
	done
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
	cat "$table" ${1:+"$gens/$1/table"} >tmp/kept
	for home in "$container"/store/*/*; do
		[ -d "$home" ] || continue
		cut -f 3 tmp/kept | grep -qxF "${home#"$container/"}" || rm -rf "$home"
		rmdir "${home%/*}"
	done
	for directory in "$container"/packages/*; do
		[ ! -d "$directory" ] || cut -f 4 tmp/kept | grep -qxF "${directory##*/}" || rm -rf "$directory"
	done
	for directory in "$container"/generations/*; do
		case ${directory##*/} in "$(current)" | "${1:-}") ;; *) rm -rf "$directory" ;; esac
	done
}

# uninstall TABLE OTHER-TABLE GENERATION: what the first alone has, the last installed first
uninstall() {
	sed '1!G;h;$!d' "$1" >tmp/reversed
	while IFS=$tab read -r name _version home package _rest <&3; do
		[ -n "$name" ] || continue
		cut -f 3 "$2" | grep -qxF "$home" && continue
		keep_data=
		cut -f 1 "$2" | grep -qxF "$name" && keep_data=1
		[ -d "$packages/$package" ] || continue
		control 300 "$packages/$package" "$3" "$package" uninstall "$name" || log "uninstalling $name failed"
	done 3<tmp/reversed
	keep_data=
}

fail() {
	message=$(quoted "$3")
	log "failed at $2: $message"
	failure="{\"class\":\"$1\",\"step\":\"$2\",\"message\":$message}"
	echo "$failure" | put failure
	return 1
}

# fetch DIGEST SIZE FILE ATTEMPTS
fetch() {
	attempts=$4 why=network had=0 pause=1
	while [ "$(digest_of "$3")" != "$1" ]; do
		[ "$attempts" -gt 0 ] || return 1
		attempts=$((attempts - 1))
		touch "$3"
		bytes=$(wc -c <"$3")
		# Attempts that bring next to nothing count.
		[ "$bytes" -lt $((had + 4096)) ] || [ $why = integrity ] || attempts=$4 pause=1
		had=$bytes
		if [ "$bytes" -ge "$2" ]; then
			: >"$3"
			why=integrity had=0
		fi
		[ "$(free_kib)" -gt $((($2 - had) / 1024 + 32)) ] || { why=space && return 1; }
		most=$2 time_limit=300 continued=
		# An empty file is not continued: its first answer is without a range.
		[ ! -s "$3" ] || continued=1
		ask "$node/device/v1/packages/$1" "$token" "$3" ${continued:+-c --header "If-Range: \"$1\""}
		most='' time_limit=''
		case $status in
			200 | 206) ;;
			416) : >"$3" ;;
			403 | 404 | 410) return 1 ;;
			*)
				after_failure
				patience $pause
				pause=$((pause < 60 ? pause * 2 : 60))
				;;
		esac
	done
}

# inspect ARCHIVE ID: from its listing and manifest alone
inspect() {
	rm -rf staging && mkdir -p staging/package
	while :; do
		message='the archive cannot be read'
		timeout 600 tar -tvzf "$1" >tmp/raw 2>tmp/errors && [ ! -s tmp/errors ] || break
		# Plain files below the directories of a package, each once, and nothing else that takes up space.
		message='it holds what no package may hold'
		awk -v sizes=tmp/sizes '{
			path = $0
			sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /, "", path)
			mode = $1 == "-rw-r--r--" ? "0644" : $1 == "-rwxr-xr-x" ? "0755" : ""
			content += int($3 / 1024) + 2
			if ((NR == 1) != (path == "id") || (NR == 2) != (path == "manifest.json")) exit 1
			if (mode == "" || $2 != "0/0" || tolower(path) in seen || path ~ / -> |\\|\/\// || ("/" path "/") ~ /\/\.\.?\//) exit 1
			if (path !~ /^(id|manifest\.json|path|control\/(artifacts|install|uninstall|start|stop)|(binary|dependencies)\/.+\/.+)$/) exit 1
			seen[tolower(path)]
			bytes += 512 + int(($3 + 511) / 512) * 512
			if (NR > 2) print mode, $3, path
		} END { printf "%.0f %.0f\n", bytes + 1024, content >sizes }' tmp/raw >tmp/listed || break
		read -r bytes content <tmp/sizes
		[ "$(gunzip -c "$1" | head -c $((bytes + 1)) | wc -c)" -eq "$bytes" ] || break
		message='the package is another one'
		tar -xzf "$1" -C staging/package id manifest.json || break
		[ "$(cat staging/package/id)" = "$2" ] && [ "$(digest_of staging/package/manifest.json)" = "$2" ] || break
		# It is canonical, so keys stand in this order.
		message='it is not what its manifest says'
		tr '{' '\n' <staging/package/manifest.json |
			sed -n 's/^"mode":"\(0[0-7]*\)","path":"\([^"\\]*\)","sha256":"\([0-9a-f]*\)","size":\([0-9]*\)}.*/\1 \4 \3 \2/p' >tmp/promised
		cut -d ' ' -f 1,2,4- tmp/promised | cmp -s - tmp/listed && return 0
		break
	done
	fail integrity unpack "$message"
}

# unpack ARCHIVE ID: into staging, file by file verified
unpack() {
	inspect "$1" "$2" || return 1
	free=$(free_kib)
	[ "$free" -gt $((content + 64)) ] || { fail space unpack "$content KiB are needed and $free are free" || return 1; }
	tar -xzf "$1" -C staging/package 2>tmp/errors &
	asking=$!
	attend $asking || { fail space unpack "$(tail -c 500 tmp/errors)" || return 1; }
	sed 's/^[^ ]* [^ ]* \([^ ]*\) /\1  /' tmp/promised >tmp/sums
	(cd staging/package && sha256sum -c ../../tmp/sums >/dev/null) ||
		{ fail integrity unpack 'a file is not what the manifest says' || return 1; }
	# The tables name these files, and places in the store alone.
	grep -E '^[^ ]* [^ ]* [^ ]* (binary|dependencies)/' tmp/promised | cut -d ' ' -f 1,3- | sort >tmp/files
	rows '{ print $4 " " $5 " " $2 }' staging/package/path | sort | cmp -s - tmp/files && rows '
		function is_home(text) { return text ~ /^store\/[a-z0-9][a-z0-9._+-]*\/[0-9A-Za-z][0-9A-Za-z.+-]*-[0-9a-f]+$/ }
		FILENAME ~ /path$/ {
			inside = $2
			sub(/^[^\/]*\/[^\/]*/, "", inside)
			home = substr($3, 1, length($3) - length(inside))
			if (!is_home(home) || home inside != $3) exit 1
			next
		}
		NF != 14 || $2 !~ /^[a-z0-9][a-z0-9._+-]*$/ || !is_home($4) || index($4, "store/" $2 "/" $3 "-") != 1 ||
			($5 $6 $7) !~ /^[01][01][01]$/ || $8 !~ /^[0-9]+$/ { exit 1 }
	' staging/package/path staging/package/control/artifacts || fail integrity unpack 'the tables lead elsewhere'
}

# put_in_place PACKAGE-ID GENERATION [NAME]
put_in_place() {
	# In the store nothing is verified again, so it is on the disk first.
	sync
	control 300 "$own/staging/package" "$2" "$1" install "${3:-}" || return 1
	if [ ! -d "$packages/$1" ]; then
		rm -rf staging/package/binary staging/package/dependencies
		sync
		mv staging/package "$packages/$1"
	fi
	rm -rf staging
	sync
}

fact() { value_of "$1" task; }

# remaining TABLE ARTIFACTS: the table's rows but for what the task removes and the artifacts replace
remaining() {
	sed -n "s/^remove$tab//p" task >tmp/gone
	rows 'FILENAME ~ /gone$/ { gone[$0]; next } FILENAME ~ /artifacts$/ { gone[$2]; next }
		!(($1 "@" $2) in gone) && !($1 in gone)' tmp/gone "$2" "$1"
}

# generation NAME: makes it of the table that is read
generation() {
	to=$gens/$1
	rm -rf "$to" && mkdir -p "$to/active" "$to/values"
	cat >"$to/table"
	while IFS=$tab read -r name _version home package _rest; do
		ln -s "../../../$home" "$to/active/$name"
		[ -d "$to/values/$package" ] || cp -pr "$gens/$before/values/$package" "$to/values/"
	done <"$to/table"
}

write_generation() {
	cp staging/package/control/artifacts tmp/artifacts
	{
		remaining "$table" tmp/artifacts
		rows -v package="$(fact package)" -v digest="$(fact digest)" -v size="$(fact size)" \
			'{ print $2, $3, $4, package, $5, $6, $7, $8, $13, $14, digest, size }' tmp/artifacts
	} | generation "$1"
	values=$gens/$1/values/$(fact package)
	rm -rf "$values" && mkdir "$values"
	sed -n "s/^value$tab//p" task | while IFS=$tab read -r key value; do
		case $key in *[!A-Za-z0-9_.-]* | .* | -* | '') continue ;; esac
		(umask 077 && printf '%b' "$value" >"$values/$key")
	done
	sync
}

# healthy: the evidence for what was brought or is to be started
healthy() {
	[ "$action" = start ] || artifact=
	rows -v package="$(fact package)" -v name="$artifact" '$4 == package || $1 == name' "$table" >tmp/brought
	while IFS=$tab read -r name version home package _requested start _keep _size check up _rest <&3; do
		[ "$start" = 0 ] || start_one "$name"
		left=$(($(whole "${up%%.*}" 0) + 1))
		while [ "$start" = 1 ] && [ "$left" -ge 0 ]; do
			is_up "$name" || { fail health health "$name did not stay up" || return 1; }
			[ "$left" = 0 ] || sleep 1
			left=$((left - 1))
		done
		[ "$check" != - ] || continue
		uptime
		deadline=$((now + 60))
		until limited 60 environment "$packages/$package" "$(current)" "$package" sh -c '
			export LEONORE_NAME="$1" LEONORE_VERSION="$2" LEONORE_HOME="$LEONORE_ROOT/$3" LEONORE_DATA="$LEONORE_ROOT/data/$1"
			cd "$LEONORE_HOME" && exec sh "./$4"' check "$name" "$version" "$home" "$check"; do
			uptime
			[ "$start" = 0 ] || is_up "$name" || deadline=0
			[ "$now" -lt "$deadline" ] ||
				{ fail health health "the check of $name failed: $(tail -c 500 tmp/output)" || return 1; }
			sleep 1
		done
	done 3<tmp/brought
}

step() { printf '%s\n' "$1" "$before" "$after" "$placed" "$begun" | put journal; }

undoable() { [ "$next" != undo ] && [ "$next" != cleanup ]; }

next_name() { echo $(($(ls "$gens" | sort -n | tail -n 1) + 1)); }

# deliver [AGAIN]: carries out the task in `task`, from the step that the journal names
deliver() {
	take_up
	dropped=
	{ read -r next && read -r before && read -r after && read -r placed && read -r begun; } <journal
	old=$gens/$before/table
	if [ $# -gt 0 ]; then
		begun=$((begun + 1))
		if [ "$begun" -gt 5 ] && [ "$next" != download ] && undoable; then
			fail internal "$next" "the agent was ended $begun times in this step" || next=undo begun=0
		fi
		step "$next"
	fi
	archive=$own/downloads/$(fact digest)
	while [ "$next" != ended ]; do
		log "delivery $delivery: $next"
		at=$next next=undo begun=0
		case $at in
			download)
				report downloading 1
				send_reports
				if [ -n "$dropped" ]; then
					next=ended
				elif fetch "$(fact digest)" "$(fact size)" "$archive" 6; then
					next=install
					[ "$(fact removeFirst)" != true ] || next=makeRoom
				else fail "$why" download "the package cannot be had: $status"; fi
				;;
			makeRoom) inspect "$archive" "$(fact package)" && make_room && next=install ;;
			install)
				report installing 2
				collect "$before"
				if unpack "$archive" "$(fact package)"; then
					after=$(next_name)
					[ -f data-before ] || ls "$container/data" | put data-before
					step install
					write_generation "$after"
					if put_in_place "$(fact package)" "$after"; then next=switch placed=1; else
						fail script install "$(cat tmp/output)"
					fi
				fi
				;;
			change)
				report installing 2
				collect "$before"
				after=$(next_name)
				rows -v name="$artifact" -v action="$action" '
					$1 == name && action == "uninstall" { next } $1 == name { $6 = action == "start" } 1' "$old" | generation "$after"
				if [ "$action" = uninstall ] || cut -f 1 "$old" | grep -qxF "$artifact"; then next=switch; else
					fail internal change "$artifact is not installed"
				fi
				;;
			switch)
				watching=
				rm -f downloads/*
				[ "$(current)" = "$after" ] || { stop_all && switch_to "$after"; }
				next=start
				;;
			start)
				watching=
				healthy && next=cleanup
				;;
			cleanup)
				watching=1 next=ended
				[ ! -d "$gens/$before" ] || uninstall "$old" "$table" "$before"
				collect
				report succeeded 3
				;;
			undo)
				undo
				next=ended
				;;
		esac
		# Undoing makes room; a journal that is behind does no harm.
		if [ "$next" != ended ] && ! step "$next" && undoable; then
			fail space "$next" 'the disk is full' || next=undo
		fi
	done
	watching=1
	rm -f journal && sync
	sweep
}

sweep() { rm -rf staging downloads/* failure data-before ./*.new reports/*.new ended/*.new; }

# make_room: the old goes before the new is unpacked; it can be fetched again
make_room() {
	watching=
	stop_all
	if [ "$(current)" = "$before" ]; then
		gap=$(next_name)
		remaining "$table" /dev/null | generation "$gap"
		switch_to "$gap"
	fi
	cp "$table" tmp/rest
	# Listed without homes they are uninstalled, and their data stays.
	rows '{ print $1, "-", "-", "-" }' "$old" >>tmp/rest
	uninstall "$old" tmp/rest "$before"
}

undo() {
	watching=
	rm -rf staging downloads/*
	stop_all
	if old_is_whole; then
		[ "$(current)" = "$before" ] || switch_to "$before"
		watching=1
		drop_new
	else
		# They do not fit together: the new goes before the old can come back.
		if [ "$(current)" = "$after" ]; then
			gap=$(next_name)
			while IFS=$tab read -r name version home rest; do
				[ ! -d "$container/$home" ] || printf '%s\t%s\t%s\t%s\n' "$name" "$version" "$home" "$rest"
			done <"$old" | generation "$gap"
			switch_to "$gap"
		fi
		drop_new
		collect "$before"
		watching=1
		restore || log 'what was there before cannot be restored'
	fi
	collect
	keep_up
	report failed 3 "${failure:-$(cat failure)}"
}

old_is_whole() {
	while IFS=$tab read -r _name _version home _rest; do
		[ -d "$container/$home" ] || return 1
	done <"$old"
}

drop_new() {
	if [ -n "$placed" ] && [ -f "$gens/$after/table" ]; then
		uninstall "$gens/$after/table" "$old" "$after"
	fi
	[ -f data-before ] || return 0
	for directory in "$container"/data/*; do
		[ ! -d "$directory" ] || grep -qxF "${directory##*/}" data-before || rm -rf "$directory"
	done
}

# restore: fetches again what is missing of the old generation
restore() {
	while IFS=$tab read -r name _version home package _requested _start _keep _size _check _up digest size <&4; do
		[ ! -d "$container/$home" ] || continue
		fetch "$digest" "$size" "downloads/$digest" 40 && unpack "downloads/$digest" "$package" &&
			put_in_place "$package" "$before" "$name" || return 1
	done 4<"$old"
	rm -f downloads/*
	[ "$(current)" = "$before" ] || { stop_all && switch_to "$before"; }
}

prepare() {
	(umask 077 && rm -rf tmp && mkdir -p tmp reports ended downloads)
	mkdir -p "$container/store" "$packages" "$gens" "$container/data" "$container/log"
	if [ ! -L "$link" ]; then
		mkdir -p "$gens/0/active" "$gens/0/values" && : >"$gens/0/table"
		switch_to 0
	fi
	token=$(value_of token identity) node=$(value_of nodeAddress identity) interval=$(value_of pollInterval identity)
	mac=$(cat /sys/class/net/*/address | grep -v ^00:00:00 | grep -E '^([0-9a-f]{2}:){5}..$' | head -n 1)
	[ -n "$id" ] || id=gw-$(printf '%s' "${mac:-$mark}" | tr -d :)
}

poll() {
	send_reports || return 0
	etag=$(cat tmp/etag)
	ask "$node/device/v1/tasks" "$token" tmp/tasks ${etag:+--header "If-None-Match: $etag"}
	case $status in
		200) ;;
		304) unreachable=0 failures=0 && return 0 ;;
		*) after_failure && return 0 ;;
	esac
	unreachable=0 failures=0
	sed -n 's/^ *[Ee][Tt]ag: *//p' tmp/headers | tr -d '\r' | tail -n 1 >tmp/etag
	# There is no PUT, so a fresh profile goes with a registration.
	[ "$(value_of profileWanted tmp/tasks)" != true ] || register
	# One that was cut off, or makes no sense, is left out.
	rm -f tmp/task.*
	rows -v file=tmp/task. '
		$1 == "task" || $1 == "order" { text = ""; sound = $1 == "order"; id = $2 ~ /^[0-9A-Za-z][0-9A-Za-z._-]*$/ && length($2) <= 128 ? $2 : "" }
		{ text = text $0 "\n" }
		$1 == "package" || $1 == "digest" { sound += length($2) == 64 && $2 !~ /[^0-9a-f]/ }
		$1 == "size" || $1 == "lastSequence" { sound += $2 ~ /^[0-9]+$/ && length($2) < 13 }
		$1 == "action" || $1 == "artifact" { sound += $2 ~ /^[a-z0-9._+-]+$/ }
		($1 == "end" || $1 == "endOrder") && $2 == id && id != "" && sound == 4 { printf "%s", text > (file (100 + ++tasks)) }
	' tmp/tasks
	for file in tmp/task.*; do
		[ -f "$file" ] && put task <"$file" || continue
		rm -f tmp/etag "$file"
		take_up
		if [ -f "$ended" ]; then
			repeat_report
			continue
		fi
		before=$(current) after='' placed='' begun=0 failure='' first=download
		[ -z "$action" ] || first=change
		step $first && deliver
		send_reports
	done
}

[ ! -f log ] || logged=$(wc -c <log)
# One agent a root. A lock left behind names a process that is gone, or began at another time.
began() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }
boot=$(cat /proc/sys/kernel/random/boot_id)
until ln -s "$boot $$ $(began $$)" lock; do
	held=$(readlink lock) || exit 2
	pid=${held#* } pid=${pid% *}
	if [ "$held" = "$boot $pid $(began "$pid")" ]; then
		log "another agent is running on $root"
		exit 2
	fi
	# Of several, one moves it away; who moved a fresh one puts it back.
	mv lock "lock.$$" && [ "$(readlink "lock.$$")" != "$held" ] && mv "lock.$$" lock
	rm -f "lock.$$"
done
[ -s mark ] || random 24 | put mark
mark=$(cat mark)
end_leftovers
prepare
finish() {
	trap '' TERM INT HUP
	watching=
	[ -z "$asking" ] || kill "$asking"
	[ -z "$child" ] || end_group "$child"
	stop_all
	rm -f lock
	exit 0
}
trap finish TERM INT HUP
exec 2>>tmp/complaints
watching=1 failure=
if [ -f journal ]; then deliver again; else sweep; fi
keep_up
if [ -z "$token" ] || [ -z "$node" ]; then register; fi
while :; do
	poll
	: >tmp/complaints
	wait_for=$(whole "${every:-${interval%%.*}}" 30)
	[ "$failures" = 0 ] || [ "$wait_for" -ge $((1 << failures)) ] || wait_for=$((1 << failures))
	patience $((wait_for > 0 ? wait_for : 1))
done
