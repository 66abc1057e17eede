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
		end_marked "$mark:app.$name:"
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
				end_marked "$mark:app.$app:"
				;;
		esac
		[ "$now" -lt $((due + 60)) ] || delay=0
		delay=$((delay == 0 ? 1 : delay < 30 ? delay * 2 : 60))
		set_due "$app" $((now + delay)) $delay $restarts "$last"
		start_one "$app"
	done 5<"$table"
}
