# shellcheck shell=sh
# control SECONDS DIRECTORY GENERATION PACKAGE-ID SCRIPT [NAME]: runs a control script
control() { limited "$1" environment "$2" "$3" "$4" sh "$2/control/$5" ${6:+"$6"}; }

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
	started=$packages/$(package_of "$1") pipe=tmp/pipe.$1 unit=app.$1
	# Without a log rather than not at all.
	if rm -f "$pipe" && mkfifo "$pipe"; then keep_log "$container/log/$1.log" <"$pipe" >/dev/null & else pipe=/dev/null; fi
	environment "$started" "$(current)" "${started##*/}" sh "$started/control/start" "$1" >"$pipe" 2>&1 </dev/null &
	# NAME:PROCESS of each; the disk may be full.
	case $pids in *" $1:"*) app_pid=${pids#*" $1:"} && pids="${pids%%" $1:"*} ${app_pid#* }" ;; esac
	pids="$pids$1:$! "
	rule=$(declared "$started" "$1")
	period=$(number_in periodSeconds "$rule") most=$(number_in mostBackoffSeconds "$rule")
	policy=$(printf %s "$rule" | sed -n 's/.*"policy":"\([a-zA-Z]*\)".*/\1/p')
	case $rules in *" $1:"*) ;; *) rules="$rules$1:${period:-0}:${most:-60}:${policy:-always} " ;; esac
	log "started $1"
}

# due_of NAME: when it may be started again, after what $delay, its $restarts, and the status of its $last end
due_of() {
	due=0 delay=0 restarts=0 last=
	case $dues in *" $1:"*) entry=${dues#*" $1:"} entry=${entry%% *} ;; *) return ;; esac
	due=${entry%%:*} entry=${entry#*:} delay=${entry%%:*} entry=${entry#*:} restarts=${entry%%:*} last=${entry#*:}
}

# rule_of NAME: the $period of its checks, the $most to wait until it is started again, and the $policy
rule_of() {
	period=0 most=60 policy=always
	case $rules in *" $1:"*) entry=${rules#*" $1:"} entry=${entry%% *} ;; *) return ;; esac
	period=${entry%%:*} entry=${entry#*:} most=${entry%%:*} policy=${entry#*:}
}

# is_done STATUS: whether the application of the rule is not to be started again after such an end
is_done() { [ "$policy" = never ] || { [ "$policy" = onFailure ] && [ "$1" = 0 ]; }; }

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
		end_unit "app.$name"
	done
	pids=' ' dues=' ' rules=' ' checks=' '
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
				end_unit "app.$app"
				;;
		esac
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

# probe NAME VERSION HOME PACKAGE-ID SCRIPT: one look at whether it works: all that its manifest names must hold
probe() {
	[ "$5" = - ] || limited 60 environment "$packages/$4" "$(current)" "$4" sh -c '
		export LEONORE_NAME="$1" LEONORE_VERSION="$2" LEONORE_HOME="$LEONORE_ROOT/$3" LEONORE_DATA="$LEONORE_ROOT/data/$1"
		cd "$LEONORE_HOME" && exec sh "./$4"' check "$1" "$2" "$3" "$5" || return 1
	asked=$(declared "$packages/$4" "$1")
	port=$(number_in tcp "$asked")
	[ -z "$port" ] || in_time timeout 9 nc -w 5 127.0.0.1 "$port" -e true || { echo "port $port is closed" >tmp/output && return 1; }
	port=$(number_in port "$asked")
	[ -z "$port" ] || in_time timeout 9 wget -q -O /dev/null "http://127.0.0.1:$port$(
		printf %s "$asked" | sed 's/.*"http":{"path":"\([^"]*\)".*/\1/'
	)" || { echo "port $port does not answer" >tmp/output && return 1; }
}

# look_after: the checks whose time has come. After three failures in a row an application is ended, and started again.
look_after() {
	case $rules in *:[1-9]*:*:*) ;; *) return ;; esac
	while IFS=$tab read -r name version home package _requested starts _keep _size check _rest <&7; do
		rule_of "$name"
		[ "$period" != 0 ] && [ "$starts" = 1 ] && is_up "$name" || continue
		uptime
		failed=0 entry=0
		case $checks in *" $name:"*) entry=${checks#*" $name:"} checks="${checks%%" $name:"*} ${entry#* }" entry=${entry%% *} failed=${entry#*:} ;; esac
		if [ "$now" -ge "${entry%%:*}" ]; then
			if probe "$name" "$version" "$home" "$package" "$check"; then
				[ "$failed" = 0 ] || tell=1
				failed=0
			else
				failed=$((failed + 1)) tell=1
				log "check of $name: $(tail -c 200 tmp/output)"
				if [ "$failed" -gt 2 ] && [ "$policy" != never ] && is_up "$name"; then
					failed=0 && end_group "${app_pid%% *}"
				fi
			fi
			entry=$((now + period))
		fi
		checks="$checks$name:${entry%%:*}:$failed "
	done 7<"$table"
}
