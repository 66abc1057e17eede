# Posts JSON from POSIX sh with whichever HTTP client the gateway has.

# http_post_json URL TEXT: exits 0 when the server took it
http_post_json() {
	if command -v curl >/dev/null 2>&1; then
		curl -s -f -m 10 -o /dev/null -H 'Content-Type: application/json' --data-binary "$2" "$1"
	elif command -v wget >/dev/null 2>&1; then
		wget -q -T 10 -O /dev/null --header 'Content-Type: application/json' --post-data "$2" "$1"
	else
		busybox wget -q -T 10 -O /dev/null --header 'Content-Type: application/json' --post-data "$2" "$1"
	fi
}
