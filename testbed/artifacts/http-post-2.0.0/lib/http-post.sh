# Posts JSON from POSIX sh with whichever HTTP client the gateway has, and tries again when it fails.

# http_post_json URL TEXT [ATTEMPTS]: exits 0 when the server took it; 3 attempts by default, 1 s apart
http_post_json() {
	http_post_left=${3:-3}
	until http_post_once "$1" "$2"; do
		http_post_left=$((http_post_left - 1))
		[ "$http_post_left" -gt 0 ] || return 1
		sleep 1
	done
}

# wget's own time limit, -T, ends some builds of BusyBox by a segmentation fault.
http_post_once() {
	if command -v curl >/dev/null 2>&1; then
		curl -s -f -m 10 -o /dev/null -H 'Content-Type: application/json' --data-binary "$2" "$1"
	elif command -v wget >/dev/null 2>&1; then
		timeout 10 wget -q -O /dev/null --header 'Content-Type: application/json' --post-data "$2" "$1"
	else
		busybox timeout 10 busybox wget -q -O /dev/null --header 'Content-Type: application/json' --post-data "$2" "$1"
	fi
}
