# shellcheck shell=sh
poll() {
	send_reports || return 0
	with_signatures [ "$learn_at" != 0 ] || learn
	ask "$node$device/tasks" "$mine" "Leonore-Run: $run" ${etag:+"If-None-Match: $etag"}
	case $status in
		200)
			etag=$(header etag)
			tasks=$body
			# There is no PUT, so a fresh profile goes with a registration.
			[ "$(said profileWanted)" != true ] || tell=1
			;;
		304) ;;
		*)
			after_failure
			# A window may have opened while nobody answers.
			[ "$waits" != ' ' ] || return 0
			status=200 body=
			;;
	esac
	[ -z "$body" ] || unreachable=0 failures=0
	[ "$status" = 200 ] || return 0
	# What is offered no longer has been ended by LEONORE.
	number=0 waited=$waits waits=' '
	while number=$((number + 1)) one=$(say "$tasks" | sound_task $number) && [ -n "$one" ]; do
		etag=
		opens=0 wrong=1
		is_genuine && read_clock && wrong='' && opens=$(say "$one" | opens_at)
		# What waited, and is given no more, ends with its time.
		[ "$wrong$body" != 1 ] || continue
		delivery=${one#*"$tab"} delivery=${delivery%%"$nl"*}
		with_signatures [ -n "$wrong" ] || is_signed || wrong=1
		case $opens$waited in [1-9]*" $delivery "*) waits="$waits$delivery " && continue ;; esac
		say "$one" | put task || continue
		take_up
		if [ -f "$ended" ]; then
			repeat_report
			continue
		fi
		before=$(current) after='' placed='' begun=0 failure='' first=download
		[ -z "$action" ] || first=change
		case $wrong/$opens/$action/$(fact startState) in
			1*) refuse integrity verify 'LEONORE has not given it, or it has expired' ;;
			/-*) refuse state window "$past" ;;
			*/ | *"/$(state_digest)")
				[ -z "$tag" ] || echo "$(fact counter) $((ahead + now))" | put counted
				case $opens/$action in
					[1-9]*/?*) report downloading 1 && waits="$waits$delivery " ;;
					# There may be more to do already; a journal that has no room must wait.
					*) step $first && { deliver; at_once=1; } ;;
				esac
				;;
			*) refuse state state-changed 'it is in another state' ;;
		esac
		send_reports
	done
}

refuse() {
	fail "$@"
	report failed 3 "$failure"
	sweep
}

of_one() { say "$one" | value_of "$1" -; }

# is_genuine: whether LEONORE has given $one, and nothing that is newer. Who was given one with a tag takes no other.
is_genuine() {
	tag=$(of_one hmac) last=''
	read -r last _floor <counted
	[ -z "$tag$last" ] || {
		[ "$(hmac "leonore-task-1$nl${one%hmac*}")" = "$tag" ] && [ "$(of_one counter)" -ge "${last:-0}" ]
	}
}

# seconds NAME: a time that $one says, in Unix seconds; the device's own when it says none
seconds() {
	at=$(of_one "$1") at=${at%%[.Z]*}
	date -u ${at:+-d "$(echo "$at" | tr T ' ')"} +%s
}

# read_clock: how far the time is $ahead of what has passed since the start, in seconds; the device's clock may be wrong.
# What a tag has said is the least that it is from then on: $heard, which is on the disk too. False: $one has expired.
read_clock() {
	uptime
	ahead=$(($(seconds signedAt) - now))
	[ -n "$tag" ] || return 0
	ahead=$((ahead > heard ? ahead : heard)) heard=$ahead
	[ "$(seconds expires)" -gt $((heard + now)) ]
}

# opens_at: when the window of the task that is read opens, in Unix seconds; 0: it is open; -1: the last has passed
opens_at() {
	uptime
	rows -v time="$((ahead + now))" '
		$1 != "window" { next }
		{ count++ }
		$3 > time && (!found++ || $2 < first) { first = $2 }
		END { printf "%.0f", (!count ? 0 : !found ? -1 : first > time ? first : 0) }'
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
		($1 == "end" || $1 == "endOrder") && $2 == id && id != "" && sound == 4 && ++count == wanted { printf "%s", text; tagged = 1; next }
		$1 ~ /^(task|order)$/ { tagged = 0 }
		$1 == "hmac" && tagged'
}
