# shellcheck shell=sh
[ ! -f log ] || logged=$(length_of log)
# One agent a root. A lock left behind names a process that is gone, or began at another time.
began() { sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; }
boot=$(cat /proc/sys/kernel/random/boot_id)
until ln -s "$boot $$ $(began $$)" lock; do
	held=$(readlink lock) || exit 2
	pid=${held#* } pid=${pid% *}
	if [ "$held" = "$boot $pid $(began "$pid")" ]; then
		log 'another agent is running'
		exit 2
	fi
	# Of several, one moves it away; who moved a fresh one puts it back.
	mv lock "lock.$$" && [ "$(readlink "lock.$$")" != "$held" ] && mv "lock.$$" lock
	rm -f "lock.$$"
done
[ -s mark ] || random 24 | put mark
mark=$(cat mark)
# By it a copy of this device is noticed that has the same token: two of them take turns.
run=$(random 16)
etag=''
end_leftovers
prepare
with_signatures find_tool
isolate
# By what units are called: BusyBox lists a group's files too where a pattern ends in a slash and matches no directory.
for group in $groups; do for unit in "$group"/app.* "$group"/script.*; do end_unit "${unit##*/}"; done; done
end_marked "LEONORE_CONTAINER=$mark"
finish() {
	trap '' TERM INT HUP
	watching=
	[ -z "$asking" ] || kill "$asking"
	[ -z "$child" ] || end_group "$child"
	stop_all
	for group in $groups; do rmdir "$group"; done
	end_leftovers
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
[ -n "$token" ] && [ -n "$node" ] || register
while :; do
	at_once=
	poll
	uptime
	[ "$now" -lt "$verify_at" ] || { verify && verify_at=$((now + 3600)); }
	[ -z "$tell" ] || register
	keep_reserve
	: >tmp/complaints
	[ -z "$at_once" ] || continue
	wait_for=$(whole "${every:-${interval%%.*}}" 30)
	[ "$failures" = 0 ] || [ "$wait_for" -ge $((1 << failures)) ] || wait_for=$((1 << failures))
	patience $((wait_for > 0 ? wait_for : 1))
done
