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

# give PATH...: may be written by scripts and applications
give() { [ $level = none ] || chown -Rh "$user:$user" "$@"; }
# open_to_all DIRECTORY...: everybody may make entries in it, and remove his own
open_to_all() { mkdir -p "$@" && if [ $level = none ]; then chmod 755 "$@"; else chmod 1777 "$@"; fi; }

open_places() { open_to_all "$container/data" "$container/store" "$container/staging" "$container/tmp" "$@"; }

# isolate: finds the highest level that this device gives, by trying: see docs/gateway.md
isolate() {
	find_groups
	half=$(awk '/^MemTotal/ { printf "%.0f", $2 * 512 }' /proc/meminfo)
	user=$((61184 + 0x$(printf %s "$mark" | sum | cut -c 1-7) % 4000))
	level=none as="-S $user -G $user setpriv --nnp"
	case $(id -u)$most_level in 0full) levels='full user' ;; 0user) levels=user ;; *) levels= ;; esac
	for level in $levels none; do
		[ $level != none ] || break
		open_places
		wrap="nsenter $as"
		[ $level != full ] || { view && wrap="nsenter -m/proc/$$/fd/8 $as"; } || continue
		$wrap sh -c '[ "$(id -u)" = "$1" ] && [ "$(grep -cE "^(NoNewPrivs:.1|CapEff:.0*)$" /proc/self/status)" = 2 ] &&
			touch "$2/tmp/probe" && rm "$2/tmp/probe" && ! ls "$3/reports" && ! touch "$2/probe" &&
			{ [ "$4" = user ] || { ! touch /tmp/leonore-probe && ! touch "$3/probe"; }; }' probe "$user" "$container" "$own" $level && break
	done
	[ $level != none ] || wrap=
	open_places "$container"/store/*/
	# An empty store has made one of that name.
	rmdir "$container/store/*"
	give "$container"/data/*/ "$link"/values/*/
	log "isolation: $level"
}

# In a mount namespace of its own: leaves the container as the only place that can be written, the agent's own directory
# empty, and in /dev what does no harm. $1 the container, $2 the agent's directory, $3 the user, then devices and paths
# that he is given, each list ended by --, and the command that it becomes.
scene='M() { mount -o "$@"; }
X() { exit 1; }
c=$1 o=$2 u=$3
shift 3
M bind "$c" "$c" && m=$(cat /proc/self/mounts) || X
while read -r _ p _ f _; do
	p=$(printf %b "$p")
	[ "$p" = "$c" ] || M "remount,bind,ro$(echo ",$f" | grep -o ",no[a-z]*" | tr -d "\n")" "$p" || X
done <<E
$m
E
awk -v c="$c" "{o[\$2]=\",\"\$4\",\"}END{for(p in o)if(p!=c&&o[p]!~/,ro,/)exit 1}" /proc/self/mounts &&
	M size=64k,mode=755 -t tmpfs tmpfs "$o" && cd "$o" || X
for d in null zero full random urandom tty; do cp -a /dev/$d .; done
for d in fd fd/0:stdin fd/1:stdout fd/2:stderr; do ln -s /proc/self/${d%:*} ${d#*:}; done
while [ "$1" != -- ]; do
	d=.${1#/dev}
	mkdir -p "$d" && rmdir "$d" && cp -a "$1" "$d" && chown "$u" "$d" && chmod 600 "$d" || X
	shift
done
shift
M remount,ro . && M move . /dev && M size=4k,mode=555,ro -t tmpfs tmpfs "$o" || X
while [ "$1" != -- ]; do
	case $o/ in "${1%/}"/*) X ;; esac
	M bind "$1" "$1" && M remount,bind,rw "$1" || X
	shift
done
shift
cd "$c" && exec "$@"'

# view: such a namespace for all that need nothing more, held by descriptor 8
view() {
	rm -f tmp/ready && mkfifo tmp/ready || return 1
	unshare -m sh -c "$scene" scene "$container" "$own" "$user" -- -- sh -c 'echo ready && exec sleep 60' >tmp/ready &
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
	for sub in '' /pids /memory /cpu; do
		group=/sys/fs/cgroup$sub
		[ -w $group/cgroup.procs ] && mkdir -p $group/leonore-$mark || continue
		for tree in $group $group/leonore-$mark; do echo '+memory +pids +cpu' >$tree/cgroup.subtree_control; done
		groups="$groups $tree" limits=true
	done
}

# join_limits TEXT: with what its manifest says of memoryBytes, processes and cpuPercent; both versions' names are tried.
# Without groups a process is held to what it can be.
join_limits() {
	memory=$(number_in memoryBytes "$1") most=$(number_in processes "$1") cpu=$(number_in cpuPercent "$1")
	disk=$(number_in diskBytes "$1")
	[ -z "$disk" ] || ulimit -f $((disk / 512))
	for group in $groups; do
		mkdir -p "$group/$unit" && cd "$group/$unit" || continue
		set_limit pids.max "${most:-256}"
		set_limit memory.max "${memory:-$half}"
		set_limit memory.limit_in_bytes "${memory:-$half}"
		set_limit cpu.max "${cpu:+${cpu}000 100000}"
		set_limit cpu.cfs_quota_us "${cpu:+${cpu}000}"
		echo 0 >cgroup.procs
	done
	[ -n "$groups" ] || [ -z "$memory" ] || ulimit -v $((memory / 1024))
	[ -n "$groups" ] || [ -z "$most" ] || ulimit -u "$most" || ulimit -p "$most"
}
set_limit() { [ ! -f "$1" ] || [ -z "$2" ] || echo "$2" >"$1"; }
