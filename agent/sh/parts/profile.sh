# shellcheck shell=sh
profile() {
	arch=$(uname -m)
	case $arch in armv[0-9]l) arch=${arch%l} ;; i[3-6]86) arch=i686 ;; esac
	kernel=$(uname -r | sed 's/^\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/; t; s/^\([0-9]*\.[0-9]*\).*/\1.0/')
	kilobytes() { sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo; }
	printf '{"id":%s,' "$(quoted "$id")"
	[ -z "$mac" ] || printf '"mac":"%s",' "$mac"
	printf '"hardware":{"arch":%s,"cpus":%s,"memoryTotal":%s,"memoryFree":%s,' "$(quoted "$arch")" \
		"$(grep -c ^processor /proc/cpuinfo)" $(($(kilobytes MemTotal) * 1024)) $(($(kilobytes MemAvailable) * 1024))
	# Not df: it looks for the place of the mount, which a root of its own may not show.
	stat -f -c '%a %b %S' "$root" | awk '{ printf "\"diskTotal\":%.0f,\"diskFree\":%.0f,", $2 * $3, $1 * $3 }'
	printf '"components":['
	pairs '%s{"name":%s,"version":%s}' "$components"
	printf ']},"software":{"os":"linux","kernel":"%s",' "$kernel"
	case $(echo /lib*/ld-*) in
		*musl*) printf '"libc":"musl",' ;;
		*ld-linux*) printf '"libc":"glibc",' ;;
	esac
	printf '"tools":[{"name":"busybox","version":"%s"}%s]},"strategies":["pull"],"protocols":["http"],"labels":{' \
		"$(busybox 2>&1 | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')" "$(isolation_tools)"
	pairs '%s%s:%s' "$labels"
	printf '},"installed":%s' "$(installed)"
	[ -n "$plain" ] || state
	printf '}'
}

# state: what became of what is installed
state() {
	printf ',"state":{"isolation":"%s","limits":%s,"digest":"%s","applications":[' $level "$([ -n "$groups" ] && echo true || echo false)" "$(state_digest)"
	comma=
	while IFS=$tab read -r name _version _home _package _requested starts _rest <&3; do
		[ "$starts" = 1 ] || continue
		due_of "$name"
		up=false
		! is_up "$name" || up=true
		sick=
		case $checks in *" $name:"*:[1-9]*) sick=${checks#*" $name:"*:} sick=${sick%% *} sick=${sick#0} ;; esac
		printf '%s{"name":"%s","up":%s,"restarts":%s%s%s}' "$comma" "$name" $up "$restarts" \
			"${last:+,\"lastExit\":\"ended with status $last\"}" "${sick:+,\"check\":\"failed $sick times\"}"
		comma=,
	done 3<"$table"
	printf '],"damaged":['
	comma=
	for name in $damaged; do printf '%s"%s"' "$comma" "$name" && comma=,; done
	printf ']}'
}

# state_digest: names what is installed and its values, in a way that nobody else can make
state_digest() { (cat mark "$table" && cd "$link/values" && find . -type f | sort | while read -r file; do echo "$file" && cat "$file"; done) | sha256sum | cut -d ' ' -f 1; }

pairs() {
	comma=
	for pair in $2; do
		printf "$1" "$comma" "$(quoted "${pair%%=*}")" "$(quoted "${pair#*=}")"
		comma=,
	done
}

installed() {
	rows '{
		printf "%s{\"name\":\"%s\",\"version\":\"%s\",\"installedSize\":%s,\"requested\":%s}", (NR > 1 ? "," : "["), $1, $2, $8,
			$5 == 1 ? "true" : "false"
	} END { print NR ? "]" : "[]" }' "$table"
}
