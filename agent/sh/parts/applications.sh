# shellcheck shell=sh
# control SECONDS DIRECTORY GENERATION PACKAGE-ID SCRIPT [NAME]: runs a control script
control() { subject='' && limited "$1" environment "$2" "$3" "$4" sh "$2/control/$5" ${6:+"$6"}; }

# end_group PROCESS: asks, then kills
end_group() {
	kill -TERM "-$1" || return 0
	patient=$((5 * a_second))
	while kill -0 "-$1" && [ "$patient" -gt -$((5 * a_second)) ]; do
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
	started=$packages/$(package_of "$1") pipe=tmp/pipe.$1 unit=app.$1 subject=$1
	# Without a log rather than not at all.
	if rm -f "$pipe" && mkfifo "$pipe"; then keep_log "$container/log/$1.log" <"$pipe" >/dev/null & else pipe=/dev/null; fi
	environment "$started" "$(current)" "${started##*/}" sh "$started/control/start" "$1" >"$pipe" 2>&1 </dev/null &
	# NAME:PROCESS of each; the disk may be full.
	look "$pids" "$1"
	pids="$others$1:$! "
	rule=$(declared "$started" "$1")
	period=$(number_in periodSeconds "$rule") most=$(number_in mostBackoffSeconds "$rule")
	policy=$(text_in policy "$rule")
	case $rule in *diskBytes*) period=${period:-10} ;; esac
	look "$rules" "$1" || rules="$rules$1:${period:-0}:${most:-60}:${policy:-always} "
	log "started $1"
}

# due_of NAME: when it may be started again, after what $delay, its $restarts, and the status of its $last end
due_of() {
	due=0 delay=0 restarts=0 last=
	look "$dues" "$1" || return
	due=${entry%%:*} entry=${entry#*:} delay=${entry%%:*} entry=${entry#*:} restarts=${entry%%:*} last=${entry#*:}
}

# rule_of NAME: the $period of its checks, the $most to wait until it is started again, and the $policy
rule_of() {
	period=0 most=60 policy=always
	look "$rules" "$1" || return
	period=${entry%%:*} entry=${entry#*:} most=${entry%%:*} policy=${entry#*:}
}

# is_done STATUS: whether the application of the rule is not to be started again after such an end
is_done() { [ "$policy" = never ] || { [ "$policy" = onFailure ] && [ "$1" = 0 ]; }; }

set_due() {
	look "$dues" "$1"
	dues="$others$1:$2:$3:$4:$5 "
}

is_up() { look "$pids" "$1" && app_pid=$entry && kill -0 "$entry"; }

stop_all() {
	for entry in $pids; do
		ending=${entry%%:*} leader=${entry#*:}
		its=$(package_of "$ending")
		[ -n "$its" ] && kill -0 "$leader" && control 5 "$packages/$its" "$(current)" "$its" stop "$ending"
		end_group "$leader"
		end_unit "app.$ending"
	done
	pids=' ' dues=' ' rules=' ' checks=' '
}

# keep_up: starts again what has ended, after a second, two, ... a minute; forks nothing while all is well
keep_up() {
	[ -n "$watching" ] || return 0
	while columns app _version _home _package _requested app_starts _rest <&5; do
		[ "$app_starts" = 1 ] && ! is_up "$app" || continue
		uptime
		due_of "$app"
		[ "$now" -ge "$due" ] || continue
		if look "$pids" "$app"; then
			wait "$entry"
			last=$? restarts=$((restarts + 1))
			[ $restarts != 3 ] || tell=1
			end_unit "app.$app"
		fi
		[ "$now" -lt $((due + 60)) ] || delay=0
		rule_of "$app"
		delay=$((delay == 0 ? 1 : delay * 2 < most ? delay * 2 : most))
		if [ -n "$last" ] && is_done "$last"; then
			set_due "$app" 9999999999 0 $((restarts - 1)) "$last"
			continue
		fi
		set_due "$app" $((now + delay)) $delay $restarts "$last"
		start_one "$app"
	done 5<"$table"
}

checking() {
	export LEONORE_NAME="$1" LEONORE_VERSION="$2" LEONORE_HOME="$container/$3" LEONORE_DATA="$container/data/$1"
	environment "$packages/$4" "$(current)" "$4" sh -c 'cd "$LEONORE_HOME" && exec sh "./$0"' "$5"
}

ill() { echo "$1" >tmp/output && return 1; }

# probe NAME VERSION HOME PACKAGE-ID SCRIPT: one look at whether it works: all that its manifest names must hold
probe() {
	subject=$1
	[ "$5" = - ] || limited 60 checking "$@" || return 1
	asked=$(declared "$packages/$4" "$1")
	port=$(number_in tcp "$asked")
	[ -z "$port" ] || in_time timeout 9 nc -w 5 127.0.0.1 "$port" -e true || ill "port $port is closed" || return 1
	port=$(number_in port "$asked")
	[ -z "$port" ] || in_time timeout 9 wget -q -O /dev/null "http://127.0.0.1:$port$(text_in path "$asked")" || ill "port $port is silent" || return 1
	most=$(number_in diskBytes "$asked")
	[ -z "$most" ] || [ "$(du -sk "$container/data/$1" | cut -f 1)" -le $((most / 1024)) ] || ill "keeps more than $most bytes"
}

# look_after: the checks whose time has come. After three failures in a row an application is ended, and started again.
# It runs while others wait, so what it names is its own.
look_after() {
	case $rules in *:[1-9]*:*:*) ;; *) return ;; esac
	while columns seen seen_version seen_home seen_package _requested seen_starts _keep _size seen_check _rest <&7; do
		rule_of "$seen"
		[ "$period" != 0 ] && [ "$seen_starts" = 1 ] && is_up "$seen" || continue
		uptime
		look "$checks" "$seen" || entry=0:0
		checks=$others failed=${entry#*:}
		if [ "$now" -ge "${entry%%:*}" ]; then
			if probe "$seen" "$seen_version" "$seen_home" "$seen_package" "$seen_check"; then
				[ "$failed" = 0 ] || tell=1
				failed=0
			else
				failed=$((failed + 1)) tell=1
				log "check of $seen: $(tail -c 200 tmp/output)"
				if [ "$failed" -gt 2 ] && [ "$policy" != never ] && is_up "$seen"; then
					failed=0 && end_group "$app_pid"
				fi
			fi
			entry=$((now + period))
		fi
		checks="$checks$seen:${entry%%:*}:$failed "
	done 7<"$table"
}
