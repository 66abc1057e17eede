# shellcheck shell=sh
profile() {
	arch=$(uname -m)
	case $arch in armv[0-9]l) arch=${arch%l} ;; i[3-6]86) arch=i686 ;; esac
	kernel=$(uname -r | awk -F '[^0-9]' '{ print $1 "." $2 "." $3 + 0 }')
	printf '{"id":%s,' "$(quoted "$id")"
	[ -z "$mac" ] || printf '"mac":"%s",' "$mac"
	printf '"hardware":{"arch":%s,"cpus":%s,' "$(quoted "$arch")" "$(grep -c ^processor /proc/cpuinfo)"
	awk '{ kib[$1] = $2 } END {
		printf "\"memoryTotal\":%.0f,\"memoryFree\":%.0f,", kib["MemTotal:"] * 1024, kib["MemAvailable:"] * 1024 }' /proc/meminfo
	# Not df: it looks for the place of the mount, which a root of its own may not show.
	stat -fc '%a %b %S' "$root" | awk '{ printf "\"diskTotal\":%.0f,\"diskFree\":%.0f,", $2 * $3, $1 * $3 }'
	printf '"components":['
	pairs '%s{"name":%s,"version":%s}' "$components"
	printf ']},"software":{"os":"linux","kernel":"%s",' "$kernel"
	case $(echo /lib*/ld-*) in
		*musl*) printf '"libc":"musl",' ;;
		*ld-linux*) printf '"libc":"glibc",' ;;
	esac
	printf '"tools":[{"name":"busybox","version":"%s"}' "$(busybox 2>&1 | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')"
	[ $level != full ] || printf ',{"name":"isolation-full","version":"1.0.0"}'
	[ $level = none ] || printf ',{"name":"isolation-user","version":"1.0.0"}'
	with_signatures verifying_tools
	printf ']},"strategies":["pull"],"protocols":["http"],"labels":{'
	pairs '%s%s:%s' "$labels"
	printf '},"installed":%s' "$(installed)"
	[ -n "$plain" ] || state
	printf '}'
}

# state: what became of what is installed
state() {
	printf ',"state":{"isolation":"%s","limits":%s,"digest":"%s","applications":[' $level "$limits" "$(state_digest)"
	comma=
	while row <&3; do
		[ "$start" = 1 ] || continue
		due_of "$name"
		up=false
		! is_up "$name" || up=true
		look "$checks" "$name"
		sick=${entry#*:} sick=${sick#0}
		printf '%s{"name":"%s","up":%s,"restarts":%s%s%s}' "$comma" "$name" $up "$restarts" \
			"${last:+,\"lastExit\":\"ended with status $last\"}" "${sick:+,\"check\":\"failed $sick times\"}"
		comma=,
	done 3<"$table"
	printf '],"damaged":[%s],"trees":{' "${damaged#,}"
	comma=
	# What came since the last verification was verified as it came.
	while row <&3; do
		look "$trees" "$home" || entry=${home##*-}
		printf '%s"%s":"%s"' "$comma" "$name" "$entry" && comma=,
	done 3<"$table"
	printf '}}'
}

# state_digest: names what is installed and its values, in a way that nobody else can make
state_digest() { (cat mark "$table" && cd "$link/values" && find . -type f | sort | while read -r file; do echo "$file" && cat "$file"; done) | sum; }

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
