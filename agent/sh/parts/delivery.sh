# shellcheck shell=sh
# healthy: the evidence for what was brought or is to be started
healthy() {
	reload=$(reload_of)
	case $action in start | configure) ;; *) artifact= ;; esac
	touched=" $(cat touched) "
	while row <&3; do
		[ -n "$name" ] || continue
		if ! is_up "$name"; then
			[ "$start" = 0 ] || start_one "$name"
		elif [ -n "$reload" ]; then
			limited 300 checking "$name" "$version" "$home" "$package" "$reload" || fail script reload "$(cat tmp/output)" || return 1
		fi
		naps=$(awk -v up="$up" -v naps=$a_second 'BEGIN { printf "%.0f", (up == "-" ? 1 : up) * naps + 0.5 }')
		while [ "$start" = 1 ]; do
			if ! is_up "$name"; then
				wait "$app_pid"
				last=$?
				rule_of "$name"
				[ $last = 0 ] && is_done 0 || fail health health "$name did not stay up" || return 1
				set_due "$name" 9999999999 0 0 0
				break
			fi
			[ "$naps" -gt 0 ] || break
			naps=$((naps - 1))
			nap
		done
		uptime
		deadline=$((now + 60))
		until probe "$name" "$version" "$home" "$package" "$check"; do
			uptime
			[ "$start" = 0 ] || is_up "$name" || deadline=0
			[ "$now" -lt "$deadline" ] ||
				fail health health "not well within 60 s: the check of $name failed: $(tail -c 500 tmp/output)" || return 1
			nap
		done
	done 3<<-END
		$(rows -v package="$wanted_package" -v name="$artifact" -v touched="$touched" '
			$4 == package || $6 == 1 && ($1 == name || index(touched, " " $1 " "))' "$table")
	END
}

# reload_of: the script by which what an order configures takes over its values while it is up; nothing else has one
reload_of() { [ "$action" != configure ] || ! is_up "$artifact" || text_in reload "$(declared "$packages/$(package_of "$artifact")" "$artifact")"; }

step() { printf '%s\n' "$1" "$before" "$after" "$placed" "$begun" | put journal; }

# is_met STEP: whether what artifacts need of each other holds in the end
is_met() {
	lacking=$(unmet "$after")
	[ -z "$lacking" ] || fail state "$1" "$lacking"
}

undoable() { case $next in undo | cleanup) false ;; esac }

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
			fail internal "$next" "ended in it $begun times" || next=undo begun=0
		fi
		step "$next"
	fi
	archive=downloads/$(fact digest)
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
					opens=$(opens_at <task)
					case $opens in
						-*) fail state window "$past" || next=undo ;;
						[1-9]*) next=ended waits="$waits$delivery " ;;
					esac
				elif [ "$why/${status%??}" = network/4 ] && [ "$refused" != "$delivery" ]; then
					# It may have given way to another: it counts if it is offered again.
					refused=$delivery next=ended
					rm -f "$archive"
				else fail "$why" download "the package cannot be had: $status"; fi
				;;
			makeRoom) inspect "$archive" "$wanted_package" && make_room && next=install ;;
			install)
				report installing 2
				if collect "$before" && unpack "$archive" "$wanted_package" && is_isolated; then
					after=$(next_name)
					[ -f data-before ] || ls "$container/data" | put data-before
					step install
					if ! write_generation "$after"; then
						full install
					elif is_met unpack; then
						if put_in_place "$wanted_package" "$after"; then next=switch placed=1; else
							fail script install "$(cat tmp/output)"
						fi
					fi
				fi
				;;
			change)
				report installing 2
				collect "$before"
				after=$(next_name)
				if ! changed | generation "$after" && ! { in_need && changed | generation "$after"; }; then
					full change
				elif ! is_met change; then :
				elif [ "$action" = uninstall ] || [ "$action" = wipe ] || cut -f 1 "$old" | grep -qxF "$artifact"; then
					next=switch
					[ "$action" != configure ] || write_values "$gens/$after/values/$(package_of "$artifact")" || full change || next=undo
				else
					fail internal change "$artifact is not installed"
				fi
				;;
			switch)
				watching=
				rm -f downloads/*
				if [ "$(current)" != "$after" ]; then
					[ -n "$(reload_of)" ] || stop_touched
					switch_to "$after" || full switch
				fi
				[ "$(current)" != "$after" ] || next=start
				;;
			start)
				watching=
				healthy && next=cleanup
				;;
			cleanup)
				watching=1 next=ended
				override_keep=$(fact keepData)
				[ ! -d "$gens/$before" ] || uninstall_from "$old" "$table" "$before"
				override_keep=
				collect
				report succeeded 3
				[ "$action" != wipe ] || { rm -rf "$container"/data/* "$container"/log/* log.old ended/* && : >log; }
				;;
			undo)
				undo_delivery
				next=ended
				;;
		esac
		# Undoing makes room; a journal that is behind does no harm.
		if [ "$next" != ended ] && ! step "$next" && undoable; then
			full "$next" || next=undo
		fi
	done
	watching=1
	rm -f journal && sync
	sweep
}

sweep() {
	action=
	hold CONT
	# What waits for its window is there already.
	[ "$waits" != ' ' ] || rm -f downloads/*
	rm -rf "$staged" failure data-before touched ./*.new reports/*.new ended/*.new
	keep_reserve
}

# stop_touched: what was up before the change has to be up after it
stop_touched() {
	[ -f touched ] || for app in $(cut -f 1 "$table"); do ! is_up "$app" || printf '%s ' "$app"; done | put touched
	stop_all
}

# changed: the rows of the old generation as the order wants them
changed() {
	rows -v name="$artifact" -v action="$action" -v gone="$nl$artifact$nl$(facts also)$nl" '
		action == "wipe" || action == "uninstall" && index(gone, "\n" $1 "\n") { next }
		$1 == name && action != "configure" { $6 = action == "start" } 1' "$old"
}

# is_isolated: as far as artifacts of the package demand; and what they are to be asked can be asked
is_isolated() {
	all=$(described "$staged")
	case $nc$level-$all in
		*none-*'"isolation":"'* | *user-*'"isolation":"full"'*) fail state isolation "it is $level here" ;;
		no*'"tcp":'*) fail state health 'nc cannot do it' ;;
	esac || return 1
	least=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start || echo 1024)
	for port in $(listed ports "$all"); do
		[ $level = none ] || [ "$port" -ge "$least" ] || fail state isolation "port $port is privileged" || return 1
	done
	{ listed devices "$all" && listed paths "$all"; } | while read -r place; do
		[ -e "$place" ] || fail state isolation "$place is not there" || return 1
	done
}

# in_need: room for an order on a full disk. Nothing runs that could take it, and what goes anyway goes first.
in_need() {
	watching=
	stop_touched
	spare reserve
	case $action in start | stop) return ;; esac
	uninstall_from "$old" - "$before" <<-END
		$(changed)
	END
}

# make_room: the old goes before the new is unpacked; it can be fetched again
make_room() {
	watching=
	stop_touched
	if [ "$(current)" = "$before" ]; then
		gap=$(next_name)
		{ remaining "$table" | generation "$gap"; } && switch_to "$gap" || full makeRoom || return 1
	fi
	# Listed without homes they are uninstalled, and their data stays.
	{ cat "$table" && rows '{ print $1, "-", "-", "-" }' "$old"; } | cat >tmp/rest || full makeRoom || return 1
	uninstall_from "$old" tmp/rest "$before"
}

undo_delivery() {
	watching=
	rm -rf "$staged" downloads/*
	# What was refused before anything was touched disturbs nobody.
	[ "$(current)" = "$before" ] || stop_all
	if old_is_whole; then
		[ "$(current)" = "$before" ] || switch_to "$before"
		watching=1
		drop_new
	else
		# They do not fit together: the new goes before the old can come back.
		if [ "$(current)" = "$after" ]; then
			gap=$(next_name)
			standing <"$old" | generation "$gap"
			switch_to "$gap"
		fi
		drop_new
		collect "$before"
		watching=1
		restore || log 'the old cannot be restored'
	fi
	collect
	keep_up
	report failed 3 "${failure:-$(cat failure)}"
}

old_is_whole() {
	while columns _name _version home _rest; do
		[ -d "$container/$home" ] || return 1
	done <"$old"
}

drop_new() {
	[ -n "$placed" ] && [ -f "$gens/$after/table" ] && uninstall_from "$gens/$after/table" "$old" "$after"
	[ -f data-before ] || return 0
	for directory in "$container"/data/*; do
		[ ! -d "$directory" ] || grep -qxF "${directory##*/}" data-before || rm -rf "$directory"
	done
}

# restore: fetches again what is missing of the old generation
restore() {
	while row <&4; do
		[ ! -d "$container/$home" ] || continue
		brought 40 && put_in_place "$package" "$before" "$name" || return 1
	done 4<"$old"
	rm -f downloads/*
	[ "$(current)" = "$before" ] || { stop_all && switch_to "$before"; }
}
