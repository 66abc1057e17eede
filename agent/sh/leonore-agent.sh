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
#   LEONORE_ISOLATION         the most that is tried: full (default), user or none
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
gens=$container/generations packages=$container/packages link=$container/current table=$container/current/table staged=$container/staging/package
server=${LEONORE_SERVER%/} enrolment=${LEONORE_ENROLMENT_TOKEN:-} id=${LEONORE_ID:-} every=${LEONORE_INTERVAL:-}
labels=${LEONORE_LABELS:-} components=${LEONORE_COMPONENTS:-} most_level=${LEONORE_ISOLATION:-full}
unset LEONORE_SERVER LEONORE_ROOT_DIR LEONORE_ENROLMENT_TOKEN LEONORE_ID LEONORE_INTERVAL LEONORE_LABELS LEONORE_COMPONENTS LEONORE_ISOLATION
tab=$(printf '\t')
nl='
'
token='' node='' interval='' watching='' asking='' delivery=- pids=' ' dues=' ' child='' logged=0 units=0
unsent='' tell='' plain='' damaged='' level=none wrap='' verify_at=0

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
# put FILE: standard input becomes its content, whole or not at all, also after a power cut. On a full disk the reserve
# is given up for it: it is kept for the journal and for reports.
put() {
	content=$(cat && echo .) content=${content%.}
	written "$1" || { rm -f reserve "$1.new" && written "$1"; } || { rm -f "$1.new" && false; }
}
# cat notices when it cannot write; not every builtin does.
written() { (umask 077 && printf %s "$content" | cat >"$1.new") && sync && mv "$1.new" "$1" && sync; }
keep_reserve() {
	[ -s reserve ] || [ "$(free_kib)" -lt 256 ] || dd if=/dev/zero of=reserve bs=1k count=64 || rm -f reserve
}
quoted() { printf '"%s"' "$(printf '%s' "$1" | tr '\000-\037\177' ' ' | sed 's/[\\"]/\\&/g')"; }
value_of() { sed -n "s/^$1$tab//p" "$2" | head -n 1 | tr -d '\r'; }
said() { printf '%s\n' "$body" | value_of "$1" -; }
whole() { case $1 in '' | *[!0-9]* | ?????*) echo "$2" ;; *) echo "$1" ;; esac }
uptime() { read -r now _idle </proc/uptime && now=${now%%.*}; }
random() { head -c 12 /dev/urandom | sha256sum | cut -c "1-$1"; }

# Not every BusyBox can sleep for less than a second.
nap() { sleep 1; }
a_second=1
usleep 1 && nap() { usleep 200000; } && a_second=5
# Nor has each nice.
nicely=''
nice -n 19 true && nicely='nice -n 19'

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
	printf '"tools":[{"name":"busybox","version":"%s"}%s]},"strategies":["pull"],"protocols":["http"],"labels":{' \
		"$(busybox 2>&1 | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')" "$(isolation_tools)"
	pairs '%s%s:%s' "$labels"
	printf '},"installed":%s' "$(installed)"
	[ -n "$plain" ] || state
	printf '}'
}

# state: what became of what is installed
state() {
	printf ',"state":{"isolation":"%s","limits":false,"digest":"%s","applications":[' $level "$(state_digest)"
	comma=
	while IFS=$tab read -r name _version _home _package _requested starts _rest <&3; do
		[ "$starts" = 1 ] || continue
		due_of "$name"
		up=false
		! is_up "$name" || up=true
		printf '%s{"name":"%s","up":%s,"restarts":%s%s}' "$comma" "$name" $up "$restarts" \
			"${last:+,\"lastExit\":\"ended with status $last\"}"
		comma=,
	done 3<"$table"
	printf '],"damaged":['
	comma=
	for name in $damaged; do printf '%s"%s"' "$comma" "$name" && comma=,; done
	printf ']}'
}

# state_digest: names what is installed and its values, in a way that nobody else can make
state_digest() { (cat mark "$table" && cd "$link/values" && find . -type f | sort | while read -r file; do echo "$file" && cat "$file"; done) | sha256sum | cut -d ' ' -f 1; }

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
		fresh=$(said token) address=$(said nodeAddress)
		fresh=${fresh:-$token}
		case $status/$fresh/$address in *[!!-~]*) ;; 200/?*/http*://?*)
			token=$fresh node=$address interval=$(said pollInterval) unreachable=0 tell=''
			printf 'token\t%s\nnodeAddress\t%s\npollInterval\t%s\n' "$token" "$node" "$interval" | put identity
			log "registered at $node"
			return
			;;
		esac
		log "registration failed: $status"
		# An older LEONORE refuses what it does not know.
		case $status in 400 | 422) [ -n "$plain" ] && plain='' || plain=1 ;; esac
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

# report STATE NUMBER [FAILURE-JSON]: kept in memory where there is no room for it, since nothing waits for room
report() {
	text=$(
		printf '{"deliveryId":%s,"sequence":%s,"state":"%s"' "$(quoted "$delivery")" $(($(fact lastSequence) + $2)) "$1"
		[ -z "${3:-}" ] || printf ',"error":%s' "$3"
		if [ "$2" = 3 ]; then
			[ -z "$(fact startState)" ] || printf ',"stateDigest":"%s"' "$(state_digest)"
			printf ',"installed":%s' "$(installed)"
		fi
		printf '}'
	)
	queue_report
	[ "$2" != 3 ] || printf '%s' "$text" | put "$ended" || log 'no room to remember a delivery'
	for file in $(ls -t ended | tail -n +33); do rm -f "ended/$file"; done
}

# Begun again, a step says the same: once is enough.
queue_report() {
	last=$(ls reports | grep -v new | sort -n | tail -n 1)
	[ "$text" = "$(cat "reports/$last")" ] || printf '%s' "$text" | put "reports/$((${last:-0} + 1))" || unsent="$unsent$text$nl"
}

take_up() { delivery=$(fact task)$(fact order) artifact=$(fact artifact) action=$(fact action) && ended=ended/$(echo "$delivery" | sha256sum | cut -c 1-16); }

# repeat_report: answers a task that was carried out before
repeat_report() {
	text=$(sed "s/\"sequence\":[0-9]*/\"sequence\":$(($(fact lastSequence) + 1))/" "$ended")
	queue_report
}

# send_reports: oldest first. $dropped: LEONORE has ended the delivery
send_reports() {
	for queued in $(ls reports | grep -v new | sort -n); do
		send "$(cat "reports/$queued")" || return 1
		rm -f "reports/$queued"
	done
	while [ -n "$unsent" ]; do
		send "${unsent%%"$nl"*}" || return 1
		unsent=${unsent#*"$nl"}
	done
}

send() {
	useless=
	post "$node/device/v1/reports" "$token" "{\"reports\":[$1]}"
	case $status in
		200) case $body in *'"outcome":"ended"'* | *'"outcome":"unknown"'*) useless=1 ;; esac ;;
		0 | 401 | 408 | 421 | 429 | 5??)
			after_failure
			return 1
			;;
		*) log "a report was refused: $status" && useless=1 ;;
	esac
	case $useless$1 in 1*"\"$delivery\""*) dropped=1 ;; esac
}

# environment DIRECTORY GENERATION PACKAGE-ID COMMAND...: becomes the command, with the surroundings of a package's
# scripts, as the leader of a process group. To be run in the background: it does not return.
environment() {
	unset LEONORE_AGENT LC_ALL
	set -a
	LEONORE_ROOT=$container LEONORE_PACKAGE=$1 LEONORE_VALUES=$gens/$2/values/$3 LEONORE_ACTIVE=$gens/$2/active
	[ "$2" != "$(current)" ] || LEONORE_ACTIVE=$link/active
	LEONORE_GATEWAY_ID=$id LEONORE_CONTAINER=$mark LEONORE_UNIT=:$unit: LEONORE_KEEP_DATA=${keep_data:-}
	HOME=$container/data TMPDIR=$container/tmp LANG=C
	set +a
	for file in "$LEONORE_VALUES"/*; do
		[ -f "$file" ] || continue
		key=$(printf '%s' "${file##*/}" | tr 'a-z.-' 'A-Z__')
		export "LEONORE_VALUE_$key=$(cat "$file")"
	done
	shift 3
	cd "$container" || exit 1
	trap - TERM INT HUP
	exec setsid $wrap "$@" 3<&- 4<&- 5<&- 6<&- 8<&- 9>&-
}

current() { readlink "$link" | sed 's/.*\///'; }

# limited SECONDS COMMAND...: the end of what it prints is in tmp/output
limited() {
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
	end_marked "LEONORE_UNIT=:script.$units:"
	child=
	kill -0 $reader && nap && kill $reader
	wait $reader
	[ "$naps" -gt 0 ] || { echo 'did not end in time' >>tmp/output && return 124; }
	return $result
}

# end_marked VARIABLE=VALUE: kills all that carries it, and whoever of the own user hides where he came from
# Not grep -F: it stops at the NUL that ends the first variable.
end_marked() {
	for _round in 1 2 3 4 5 6 7 8; do
		found=$(grep -ls "$1" /proc/[0-9]*/environ)
		[ $level = none ] || for file in $(grep -ls "^Uid:$tab$user$tab" /proc/[0-9]*/status); do
			grep -q '^State:.*Z' "$file" || grep -q LEONORE_CONTAINER= "${file%status}environ" || found="$found $file"
		done
		[ -n "$found" ] || return 0
		for file in $found; do
			file=${file#/proc/}
			kill -KILL "${file%%/*}"
		done
		nap
	done
}

# give PATH..., take PATH...: may be written by scripts and applications, or read only
give() { [ $level = none ] || chown -Rh "$user:$user" "$@"; }
take() { [ $level = none ] || chown -Rh 0:0 "$@"; }
# open_to_all DIRECTORY...: everybody may make entries in it, and remove his own
open_to_all() { mkdir -p "$@" && if [ $level = none ]; then chmod 755 "$@"; else chmod 1777 "$@"; fi; }

# isolate: finds the highest level that this device gives, by trying: see docs/gateway.md
isolate() {
	user=$((61184 + 0x$(printf %s "$container" | sha256sum | cut -c 1-7) % 4000))
	level=none
	[ "$(id -u)" = 0 ] && [ "$most_level" != none ] && for level in full user none; do
		[ $level != none ] || break
		case $most_level-$level in user-full) continue ;; esac
		open_to_all "$container/data" "$container/store" "$container/staging" "$container/tmp"
		wrap="nsenter -S $user -G $user setpriv --nnp"
		if [ $level = full ]; then
			view || continue
			wrap="nsenter -m/proc/$$/fd/8 -S $user -G $user setpriv --nnp"
		fi
		$wrap sh -c '[ "$(id -u)" = "$1" ] && grep -q "^NoNewPrivs:.1" /proc/self/status && grep -q "^CapEff:.0*$" /proc/self/status &&
			touch "$2/tmp/probe" && rm "$2/tmp/probe" && ! ls "$3/reports" && ! touch "$2/probe" &&
			{ [ "$4" = user ] || { ! touch /tmp/leonore-probe && ! touch "$3/probe"; }; }' probe "$user" "$container" "$own" $level && break
	done
	[ $level != none ] || wrap=
	open_to_all "$container/data" "$container/store" "$container/staging" "$container/tmp" "$container"/store/*/
	give "$container"/data/*/ "$link"/values/*/
	log "isolation: $level"
}

# view: a mount namespace, held by descriptor 8, in which the container is the only place that can be written
view() {
	rm -f tmp/ready && mkfifo tmp/ready || return 1
	unshare -m sh -c 'mount -o bind "$1" "$1" && mount -t tmpfs -o size=4k,mode=0555 tmpfs "$2" || exit 1
		mounts=$(cat /proc/self/mounts)
		while read -r _device point _type options _rest; do
			point=$(printf %b "$point") flags=
			[ "$point" != "$1" ] || continue
			for flag in nosuid nodev noexec; do case ,$options, in *",$flag,"*) flags=$flags,$flag ;; esac; done
			mount -o "remount,bind,ro$flags" "$point" || exit 1
		done <<-END
			$mounts
		END
		awk -v container="$1" "{ options[\$2] = \",\" \$4 \",\" }
			END { for (point in options) if (point != container && options[point] !~ /,ro,/) exit 1 }" /proc/self/mounts &&
			echo ready && exec sleep 60' view "$container" "$own" >tmp/ready &
	holder=$!
	read -r answer <tmp/ready
	[ "$answer" = ready ] && exec 8<"/proc/$holder/ns/mnt"
	result=$?
	kill $holder
	wait $holder
	return $result
}

isolation_tools() {
	case $level in full) printf ',{"name":"isolation-full","version":"1.0.0"}' ;; esac
	[ $level = none ] || printf ',{"name":"isolation-user","version":"1.0.0"}'
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
	started=$packages/$(package_of "$1") pipe=tmp/pipe.$1 unit=app.$1
	# Without a log rather than not at all.
	if rm -f "$pipe" && mkfifo "$pipe"; then keep_log "$container/log/$1.log" <"$pipe" >/dev/null & else pipe=/dev/null; fi
	environment "$started" "$(current)" "${started##*/}" sh "$started/control/start" "$1" >"$pipe" 2>&1 </dev/null &
	# NAME:PROCESS of each; the disk may be full.
	case $pids in *" $1:"*) app_pid=${pids#*" $1:"} && pids="${pids%%" $1:"*} ${app_pid#* }" ;; esac
	pids="$pids$1:$! "
	log "started $1"
}

# due_of NAME: when it may be started again, after what $delay, its $restarts, and the status of its $last end
due_of() {
	due=0 delay=0 restarts=0 last=
	case $dues in *" $1:"*) entry=${dues#*" $1:"} entry=${entry%% *} ;; *) return ;; esac
	due=${entry%%:*} entry=${entry#*:} delay=${entry%%:*} entry=${entry#*:} restarts=${entry%%:*} last=${entry#*:}
}

set_due() {
	case $dues in *" $1:"*) entry=${dues#*" $1:"} && dues="${dues%%" $1:"*} ${entry#* }" ;; esac
	[ $# = 1 ] || dues="$dues$1:$2:$3:$4:$5 "
}

is_up() { case $pids in *" $1:"*) app_pid=${pids#*" $1:"} && kill -0 "${app_pid%% *}" ;; *) false ;; esac }

stop_all() {
	for entry in $pids; do
		name=${entry%%:*} app_pid=${entry#*:}
		package=$(package_of "$name")
		if [ -n "$package" ] && kill -0 "$app_pid"; then
			control 5 "$packages/$package" "$(current)" "$package" stop "$name"
		fi
		end_group "$app_pid"
		end_marked "LEONORE_UNIT=:app.$name:"
	done
	pids=' ' dues=' '
}

# keep_up: starts again what has ended, after a second, two, ... a minute; forks nothing while all is well
keep_up() {
	[ -n "$watching" ] || return 0
	while IFS=$tab read -r app _version _home _package _requested app_starts _rest <&5; do
		if [ "$app_starts" != 1 ] || is_up "$app"; then continue; fi
		uptime
		due_of "$app"
		[ "$now" -ge "$due" ] || continue
		case $pids in
			*" $app:"*)
				wait "${app_pid%% *}"
				last=$? restarts=$((restarts + 1))
				[ $restarts != 3 ] || tell=1
				end_marked "LEONORE_UNIT=:app.$app:"
				;;
		esac
		[ "$now" -lt $((due + 60)) ] || delay=0
		delay=$((delay == 0 ? 1 : delay < 30 ? delay * 2 : 60))
		set_due "$app" $((now + delay)) $delay $restarts "$last"
		start_one "$app"
	done 5<"$table"
}

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
		printf '%s\n' "$kept" | cut -f 3 | grep -qxF "${home#"$container/"}" || rm -rf "$home"
		rmdir "${home%/*}"
	done
	for directory in "$container"/packages/*; do
		[ ! -d "$directory" ] || printf '%s\n' "$kept" | cut -f 4 | grep -qxF "${directory##*/}" || rm -rf "$directory"
	done
	for directory in "$container"/generations/*; do
		case ${directory##*/} in "$(current)" | "${1:-}") ;; *) rm -rf "$directory" ;; esac
	done
}

# uninstall TABLE OTHER-TABLE GENERATION: what the first alone has, the last installed first
uninstall() {
	others=$(cat "$2") || return 1
	while IFS=$tab read -r name _version home package _rest <&3; do
		[ -n "$name" ] || continue
		printf '%s\n' "$others" | cut -f 3 | grep -qxF "$home" && continue
		keep_data=
		printf '%s\n' "$others" | cut -f 1 | grep -qxF "$name" && keep_data=1
		[ -d "$packages/$package" ] || continue
		give "$container/$home"
		control 300 "$packages/$package" "$3" "$package" uninstall "$name" || log "uninstalling $name failed"
	done 3<<-END
		$(sed '1!G;h;$!d' "$1")
	END
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
		continued=
		# An empty file is not continued: its first answer is without a range.
		[ ! -s "$3" ] || continued=1
		ask_file "$node/device/v1/packages/$1" "$token" "$3" "$2" ${continued:+-c --header "If-Range: \"$1\""}
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

# in_time COMMAND...: runs it while applications are kept up
in_time() {
	"$@" &
	asking=$!
	attend $asking
	result=$?
	asking=
	return $result
}

# promised MANIFEST: mode, size, digest and path of each file. It is canonical, so keys stand in this order.
promised() {
	tr '{' '\n' <"$1" |
		sed -n 's/^"mode":"\(0[0-7]*\)","path":"\([^"\\]*\)","sha256":"\([0-9a-f]*\)","size":\([0-9]*\)}.*/\1 \4 \3 \2/p'
}

# Its id and manifest come first; a manifest is no larger than this.
open_head() { gunzip -c "$1" | head -c 8388608 | tar -xf - -C "$staged" id manifest.json; }
has_bytes() { [ "$(gunzip -c "$1" | head -c $(($2 + 1)) | wc -c)" = "$2" ]; }
# Of a whole gzip member no byte can be spared; the last four say how much it holds.
is_one_member() {
	[ "$(head -c 4 "$1" | od -An -tx1)" = ' 1f 8b 08 00' ] &&
		[ $((0x$(tail -c 4 "$1" | od -An -tx4 | tr -d ' '))) = $(($2 % 4294967296)) ] &&
		! head -c $(($(wc -c <"$1") - 1)) "$1" | gunzip -t
}
list() { tar -tvzf "$1" 2>tmp/errors | cat >tmp/raw && [ ! -s tmp/errors ]; }

# inspect ARCHIVE ID: from its manifest, its length and its listing alone
inspect() {
	rm -rf "$staged" && mkdir -p "$staged"
	while :; do
		message='the package is another one'
		in_time open_head "$1"
		printf '%s\n' "$2" | cmp -s - "$staged/id" && [ "$(digest_of "$staged/manifest.json")" = "$2" ] || break
		message='it is not what its manifest says'
		promised "$staged/manifest.json" | cat >tmp/promised || message='no room' || break
		read -r bytes content <<-END
			$(awk -v manifest="$(wc -c <"$staged/manifest.json")" '
				function add(size) { bytes += 512 + int((size + 511) / 512) * 512; content += int(size / 1024) + 2 }
				{ add($2) } END { add(65); add(manifest); printf "%.0f %.0f", bytes + 1024, content }' tmp/promised)
		END
		# What no disk here could hold is not even looked at: a bomb costs no more than what fits.
		free=$(free_kib)
		[ "$content" -lt $(($(stat -f -c %b "$root") * $(stat -f -c %S "$root") / 1024)) ] ||
			{ fail space unpack "$content KiB are needed" || return 1; }
		in_time has_bytes "$1" "$bytes" && is_one_member "$1" "$bytes" || break
		message='the archive cannot be read'
		in_time list "$1" || break
		# Plain files below the directories of a package, each once, and nothing else that takes up space.
		message='it holds what no package may hold'
		awk '{
			path = $0
			sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /, "", path)
			mode = $1 == "-rw-r--r--" ? "0644" : $1 == "-rwxr-xr-x" ? "0755" : ""
			if ((NR == 1) != (path == "id") || (NR == 2) != (path == "manifest.json")) exit 1
			if (mode == "" || $2 != "0/0" || tolower(path) in seen || path ~ / -> |\\|\/\// || ("/" path "/") ~ /\/\.\.?\//) exit 1
			if (path !~ /^(id|manifest\.json|path|control\/(artifacts|install|uninstall|start|stop)|(binary|dependencies)\/.+\/.+)$/) exit 1
			seen[tolower(path)]
			if (NR > 2) print mode, $3, path
		} END { print "end" }' tmp/raw | cat >tmp/listed && [ "$(tail -n 1 tmp/listed)" = end ] || break
		message='it is not what its manifest says'
		{ cut -d ' ' -f 1,2,4- tmp/promised && echo end; } | cmp -s - tmp/listed && return 0
		break
	done
	fail integrity unpack "$message"
}

check_sums() { sed 's/^[^ ]* [^ ]* \([^ ]*\) /\1  /' tmp/promised | (cd "$staged" && sha256sum -c - >/dev/null); }

# unpack ARCHIVE ID: into staging, file by file verified
unpack() {
	inspect "$1" "$2" || return 1
	free=$(free_kib)
	[ "$free" -gt $((content + 64)) ] || { fail space unpack "$content KiB are needed and $free are free" || return 1; }
	in_time tar -xzf "$1" -C "$staged" 2>tmp/errors || { fail space unpack "$(tail -c 500 tmp/errors)" || return 1; }
	in_time check_sums || { fail integrity unpack 'a file is not what the manifest says' || return 1; }
	# The tables name these files, and places in the store alone.
	[ "$(rows '{ print $4 " " $5 " " $2 }' "$staged/path" | sort)" = \
		"$(grep -E '^[^ ]* [^ ]* [^ ]* (binary|dependencies)/' tmp/promised | cut -d ' ' -f 1,3- | sort)" ] && rows '
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
	' "$staged/path" "$staged/control/artifacts" || fail integrity unpack 'the tables lead elsewhere'
}

# put_in_place PACKAGE-ID GENERATION [NAME]
put_in_place() {
	# In the store nothing is verified again, so it is on the disk first.
	sync
	homes=$(cut -f 4 "$staged/control/artifacts" | sed "s|^|$container/|") || return 1
	for home in $homes; do
		open_to_all "${home%/*}"
		# One that is damaged comes anew.
		[ ! -d "$home" ] || sound_home "$staged" "$home" || rm -rf "$home"
	done
	give "$staged/binary" "$staged/dependencies" $homes
	control 300 "$staged" "$2" "$1" install "${3:-}" || return 1
	take $homes
	if [ ! -d "$packages/$1" ]; then
		rm -rf "$staged/binary" "$staged/dependencies"
		sync
		mv "$staged" "$packages/$1" || return 1
	fi
	rm -rf "$staged"
	sync
}

# sound_home PACKAGE-DIRECTORY HOME: whether its files are as the package promised
sound_home() {
	rows -v home="${2#"$container/"}/" 'index($3, home) == 1 { print $5 "  " substr($3, length(home) + 1) }' "$1/path" |
		(cd "$2" && $nicely sha256sum -c - >/dev/null)
}

# verify: what is installed against what its packages promised; what is damaged is asked for again
verify() {
	damaged=
	while IFS=$tab read -r name _version home package _requested _start _keep _size _check _up digest size <&6; do
		[ -n "$name" ] || continue
		[ "$(digest_of "$packages/$package/manifest.json")" = "$package" ] && in_time sound_home "$packages/$package" "$container/$home" && continue
		log "$name is damaged"
		damaged="$damaged $name"
		if fetch "$digest" "$size" "downloads/$digest" 6 && unpack "downloads/$digest" "$package"; then
			watching=
			stop_all
			rm -rf "${container:?}/$home"
			put_in_place "$package" "$(current)" "$name" && damaged=${damaged% "$name"}
			watching=1
		fi
		rm -rf "$staged" downloads/* failure
	done 6<<-END
		$(cat "$table")
	END
	[ -z "$damaged" ] || tell=1
}

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

# healthy: the evidence for what was brought or is to be started
healthy() {
	[ "$action" = start ] || artifact=
	# What was up before the change has to be up after it.
	touched=" $(cat touched) "
	while IFS=$tab read -r name version home package _requested start _keep _size check up _rest <&3; do
		[ -n "$name" ] || continue
		[ "$start" = 0 ] || is_up "$name" || start_one "$name"
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
	done 3<<-END
		$(rows -v package="$(fact package)" -v name="$artifact" -v touched="$touched" '
			$4 == package || $1 == name || $6 == 1 && index(touched, " " $1 " ")' "$table")
	END
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
				if collect "$before" && unpack "$archive" "$(fact package)"; then
					after=$(next_name)
					[ -f data-before ] || ls "$container/data" | put data-before
					step install
					if ! write_generation "$after"; then
						fail space install 'there is no room for what is installed'
					elif put_in_place "$(fact package)" "$after"; then next=switch placed=1; else
						fail script install "$(cat tmp/output)"
					fi
				fi
				;;
			change)
				report installing 2
				collect "$before"
				after=$(next_name)
				if ! rows -v name="$artifact" -v action="$action" '
					$1 == name && action == "uninstall" { next } $1 == name { $6 = action == "start" } 1' "$old" | generation "$after"; then
					fail space change 'there is no room for the change'
				elif [ "$action" = uninstall ] || cut -f 1 "$old" | grep -qxF "$artifact"; then next=switch; else
					fail internal change "$artifact is not installed"
				fi
				;;
			switch)
				watching=
				rm -f downloads/*
				if [ "$(current)" != "$after" ]; then
					[ -f touched ] || for name in $(cut -f 1 "$table"); do ! is_up "$name" || printf '%s ' "$name"; done | put touched
					stop_all
					switch_to "$after" || fail space switch 'the disk is full'
				fi
				[ "$(current)" != "$after" ] || next=start
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

sweep() {
	rm -rf "$staged" downloads/* failure data-before touched ./*.new reports/*.new ended/*.new
	keep_reserve
}

# make_room: the old goes before the new is unpacked; it can be fetched again
make_room() {
	watching=
	[ -f touched ] || for name in $(cut -f 1 "$table"); do ! is_up "$name" || printf '%s ' "$name"; done | put touched
	stop_all
	if [ "$(current)" = "$before" ]; then
		gap=$(next_name)
		{ remaining "$table" | generation "$gap"; } && switch_to "$gap" || { fail space makeRoom 'the disk is full' || return 1; }
	fi
	# Listed without homes they are uninstalled, and their data stays.
	{ cat "$table" && rows '{ print $1, "-", "-", "-" }' "$old"; } | cat >tmp/rest || { fail space makeRoom 'the disk is full' || return 1; }
	uninstall "$old" tmp/rest "$before"
}

undo() {
	watching=
	rm -rf "$staged" downloads/*
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
	mkdir -p "$container/store" "$packages" "$gens" "$container/data" "$container/log" "$container/staging" "$container/tmp"
	before=$(current)
	[ -L "$link" ] && sound "$before" || rescue
	token=$(value_of token identity) node=$(value_of nodeAddress identity) interval=$(value_of pollInterval identity)
	mac=$(cat /sys/class/net/*/address | grep -v ^00:00:00 | grep -E '^([0-9a-f]{2}:){5}..$' | head -n 1)
	[ -n "$id" ] || id=gw-$(printf '%s' "${mac:-$mark}" | tr -d :)
}

# sound GENERATION: whether its table can be believed; one that was damaged is taken from its copy
sound() {
	sum=$(cat "$gens/$1/sum") || { [ -f "$gens/$1/table" ] && return; }
	[ "$(digest_of "$gens/$1/table")" != "$sum" ] || return 0
	[ "$(digest_of "$gens/$1/copy")" = "$sum" ] && cp "$gens/$1/copy" "$gens/$1/table"
}

# rescue: the newest generation that is whole counts, else what packages and store still hold; a new container is empty
rescue() {
	[ -L "$link" ] || rm -rf "$link"
	for name in $(ls "$gens" | sort -rn); do
		old=$gens/$name/table
		if sound "$name" && old_is_whole; then
			log "generation $name counts again" && switch_to "$name"
			return
		fi
	done
	name=$(next_name)
	[ "$name" = 1 ] && name=0
	ls -tr "$packages" | while read -r directory; do
		rows -v package="$directory" '{ print $2, $3, $4, package, $5, $6, $7, $8, $13, $14, "-", 0 }' "$packages/$directory/control/artifacts"
	done | while IFS=$tab read -r artifact version home rest; do
		[ ! -d "$container/$home" ] || printf '%s\t%s\t%s\t%s\n' "$artifact" "$version" "$home" "$rest"
	done | rows '{ if (!($1 in row)) order[++count] = $1; row[$1] = $0 } END { for (i = 1; i <= count; i++) print row[order[i]] }' |
		generation "$name"
	switch_to "$name"
}

poll() {
	send_reports || return 0
	ask "$node/device/v1/tasks" "$token" ${etag:+--header "If-None-Match: $etag"}
	case $status in
		200) ;;
		304) unreachable=0 failures=0 && return 0 ;;
		*) after_failure && return 0 ;;
	esac
	unreachable=0 failures=0
	etag=$(printf '%s\n' "$headers" | sed -n 's/^ *[Ee][Tt]ag: *//p' | tr -d '\r' | tail -n 1)
	tasks=$body number=0
	# There is no PUT, so a fresh profile goes with a registration.
	[ "$(said profileWanted)" != true ] || tell=1
	while :; do
		number=$((number + 1))
		one=$(printf '%s\n' "$tasks" | sound_task $number)
		[ -n "$one" ] || break
		etag=
		if ! printf '%s\n' "$one" | put task; then
			log 'no room for a task'
			continue
		fi
		take_up
		if [ -f "$ended" ]; then
			repeat_report
			continue
		fi
		before=$(current) after='' placed='' begun=0 failure='' first=download
		[ -z "$action" ] || first=change
		start_state=$(fact startState)
		if [ -n "$start_state" ] && [ "$start_state" != "$(state_digest)" ]; then
			report failed 3 '{"class":"state","step":"state-changed","message":"the plan is for another state than the one that the gateway is in"}'
		else
			step $first && deliver
		fi
		send_reports
	done
}

# sound_task NUMBER: that one of the tasks that are read. One that was cut off, or makes no sense, does not count.
sound_task() {
	rows -v wanted="$1" '
		$1 == "task" || $1 == "order" { text = ""; sound = $1 == "order"; id = $2 ~ /^[0-9A-Za-z][0-9A-Za-z._-]*$/ && length($2) <= 128 ? $2 : "" }
		{ text = text $0 "\n" }
		$1 == "package" || $1 == "digest" { sound += length($2) == 64 && $2 !~ /[^0-9a-f]/ }
		$1 == "size" || $1 == "lastSequence" { sound += $2 ~ /^[0-9]+$/ && length($2) < 13 }
		$1 == "action" || $1 == "artifact" { sound += $2 ~ /^[a-z0-9._+-]+$/ }
		($1 == "end" || $1 == "endOrder") && $2 == id && id != "" && sound == 4 && ++count == wanted { printf "%s", text }'
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
etag='' most_level=${most_level:-full}
end_leftovers
prepare
isolate
end_marked "LEONORE_CONTAINER=$mark"
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
# A journal that makes no sense is none: what counts is what is installed.
if grep -qxE 'download|makeRoom|install|change|switch|start|cleanup|undo' journal && [ -s task ] &&
	[ -f "$gens/$(sed -n 2p journal)/table" ]; then
	deliver again
else
	rm -f journal
	sweep
fi
keep_up
if [ -z "$token" ] || [ -z "$node" ]; then register; fi
while :; do
	poll
	uptime
	if [ "$now" -ge "$verify_at" ]; then verify && verify_at=$((now + 3600)); fi
	[ -z "$tell" ] || register
	keep_reserve
	: >tmp/complaints
	wait_for=$(whole "${every:-${interval%%.*}}" 30)
	[ "$failures" = 0 ] || [ "$wait_for" -ge $((1 << failures)) ] || wait_for=$((1 << failures))
	patience $((wait_for > 0 ? wait_for : 1))
done
