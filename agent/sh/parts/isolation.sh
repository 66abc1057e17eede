# shellcheck shell=sh
# hidden_ones STATUS...: those of the own user that hide where they came from
hidden_ones() {
	for file in $(grep -ls "^Uid:$tab$user$tab" "$@"); do
		grep -q '^State:.*Z' $file || grep -q LEONORE_CONTAINER= ${file%st*}environ || echo " $file"
	done
}

# end_unit UNIT: kills all that it ever started. From a control group nothing gets away.
end_unit() {
	[ -n "$groups" ] || { end_marked "$mark:$1:" && return; }
	for group in $groups; do
		rounds=50
		until rmdir "$group/$1" || [ ! -d "$group/$1" ] || [ $rounds = 0 ]; do
			rounds=$((rounds - 1))
			while read -r found; do kill -KILL "$found"; done <"$group/$1/cgroup.procs"
			nap
		done
	done
}

# end_marked MARK: kills all that carries it in its environment, and who hides; in an exec a process has none: look twice
# The mark is the agent's own: an agent beside this one may have a unit of the same name.
# Not grep -F: it stops at the NUL that ends the first variable.
end_marked() {
	for _ in 1 2 3 4 5 6 7 8; do
		found=$(grep -ls "$1" /proc/[0-9]*/environ)
		[ $level != none ] && seen=$(hidden_ones /proc/[0-9]*/status | grep .) && nap && found=$found$(hidden_ones $seen)
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
	find_groups
	half=$(awk '/^MemTotal/ { printf "%.0f", $2 * 512 }' /proc/meminfo)
	user=$((61184 + 0x$(printf %s "$mark" | sha256sum | cut -c 1-7) % 4000))
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
	# An empty store has made one of that name.
	rmdir "$container/store/*"
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

# find_groups: control groups of version 2 or 1, where they may be written
find_groups() {
	for group in /sys/fs/cgroup /sys/fs/cgroup/pids /sys/fs/cgroup/memory /sys/fs/cgroup/cpu; do
		[ -w $group/cgroup.procs ] || continue
		echo '+memory +pids +cpu' >$group/cgroup.subtree_control
		group=$group/leonore-$mark
		mkdir -p $group || continue
		echo '+memory +pids +cpu' >$group/cgroup.subtree_control
		groups="$groups $group"
	done
}

# join_groups LIMITS: with what its manifest says of memoryBytes, processes and cpuPercent; both versions' names are tried
join_groups() {
	cpu=$(number_in cpuPercent "$1")
	for group in $groups; do
		mkdir -p "$group/$unit" && cd "$group/$unit" || continue
		set_limit pids.max "$(number_in processes "$1")" 256
		set_limit memory.max "$(number_in memoryBytes "$1")" "$half"
		set_limit memory.limit_in_bytes "$(number_in memoryBytes "$1")" "$half"
		[ -z "$cpu" ] || set_limit cpu.max "${cpu}000 100000"
		[ -z "$cpu" ] || set_limit cpu.cfs_quota_us "${cpu}000"
		echo 0 >cgroup.procs
	done
}
set_limit() { [ ! -f "$1" ] || echo "${2:-$3}" >"$1"; }

isolation_tools() {
	case $level in full) printf ',{"name":"isolation-full","version":"1.0.0"}' ;; esac
	[ $level = none ] || printf ',{"name":"isolation-user","version":"1.0.0"}'
}
