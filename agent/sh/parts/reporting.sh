# shellcheck shell=sh
# after_failure: does what the status of a node's answer asks for
unreachable=0 failures=0
after_failure() {
	failures=$((failures < 6 ? failures + 1 : 6))
	case $status in
		401) token='' && register ;;
		421) register ;;
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
		case $2-$opens in 1-[1-9]*) printf ',"detail":"waits for its window at %s"' "$(stamp -d "@$opens")" ;; esac
		if [ "$2" = 3 ]; then
			[ -z "$(fact startState)" ] || printf ',"stateDigest":"%s"' "$(state_digest)"
			printf ',"installed":%s' "$(installed)"
		fi
		printf '}'
	)
	queue_report
	[ "$2" != 3 ] || printf %s "$text" | put "$ended"
	for file in $(ls -t ended | tail -n +33); do rm -f "ended/$file"; done
}

queued_reports() { ls reports | grep -v new | sort -n; }

# Begun again, a step says the same: once is enough.
queue_report() {
	last=$(queued_reports | tail -n 1)
	[ "$text" = "$(cat "reports/$last")" ] || printf %s "$text" | put "reports/$((${last:-0} + 1))" || unsent="$unsent$text$nl"
}

take_up() { delivery=$(fact task)$(fact order) artifact=$(fact artifact) action=$(fact action) wanted_package=$(fact package) && ended=ended/$(echo "$delivery" | sum | cut -c 1-16); }

# repeat_report: answers a task that was carried out before
repeat_report() {
	text=$(sed "s/\"sequence\":[0-9]*/\"sequence\":$(($(fact lastSequence) + 1))/" "$ended")
	queue_report
}

# send_reports: oldest first. $dropped: LEONORE has ended the delivery
send_reports() {
	for queued in $(queued_reports); do
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
	sent="{\"reports\":[$1]}"
	ask "$node$device/reports" "$mine"
	sent=
	case $status in
		200) case $body in *'"outcome":"ended"'* | *'"outcome":"unknown"'*) useless=1 ;; esac ;;
		0 | 401 | 408 | 421 | 429 | 5??)
			after_failure
			return 1
			;;
		*) log "report refused: $status" && useless=1 ;;
	esac
	case $useless$1 in 1*"\"$delivery\""*) dropped=1 ;; esac
}
