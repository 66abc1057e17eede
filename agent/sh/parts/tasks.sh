# shellcheck shell=sh
poll() {
	send_reports || return 0
	ask "$node/device/v1/tasks" "$mine" ${etag:+"If-None-Match: $etag"}
	case $status in 200 | 304) ;; *) after_failure && return 0 ;; esac
	unreachable=0 failures=0
	[ "$status" = 200 ] || return 0
	etag=$(header etag)
	tasks=$body number=0
	# There is no PUT, so a fresh profile goes with a registration.
	[ "$(said profileWanted)" != true ] || tell=1
	while :; do
		number=$((number + 1))
		one=$(say "$tasks" | sound_task $number)
		[ -n "$one" ] || break
		etag=
		say "$one" | put task || continue
		take_up
		if [ -f "$ended" ]; then
			repeat_report
			continue
		fi
		before=$(current) after='' placed='' begun=0 failure='' first=download
		[ -z "$action" ] || first=change
		case $(fact startState) in
			# There may be more to do already; a journal that has no room must wait.
			'' | "$(state_digest)") step $first && { deliver; at_once=1; } ;;
			*)
				fail state state-changed 'the gateway is in another state'
				report failed 3 "$failure"
				sweep
				;;
		esac
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
		$1 == "action" { wipes = $2 == "wipe" }
		$1 == "action" || $1 == "artifact" { sound += $2 ~ /^[a-z0-9._+-]+$/ || $2 == "" && wipes }
		($1 == "end" || $1 == "endOrder") && $2 == id && id != "" && sound == 4 && ++count == wanted { printf "%s", text }'
}
