# Posts JSON from POSIX sh with whichever HTTP client the gateway has.

# http_post_json URL TEXT: exits 0 when the server took it
# wget's own time limit, -T, ends some builds of BusyBox by a segmentation fault.
http_post_json() {
	if command -v curl >/dev/null 2>&1; then
		curl -s -f -m 10 -o /dev/null -H 'Content-Type: application/json' --data-binary "$2" "$1"
	elif command -v wget >/dev/null 2>&1; then
		timeout 10 wget -q -O /dev/null --header 'Content-Type: application/json' --post-data "$2" "$1"
	else
		busybox timeout 10 busybox wget -q -O /dev/null --header 'Content-Type: application/json' --post-data "$2" "$1"
	fi
}
