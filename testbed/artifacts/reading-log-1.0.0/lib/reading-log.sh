# Keeps the last readings in a file, for times without a network.

# reading_log_add FILE TEXT: appends a line and keeps the last hundred
reading_log_add() {
	printf '%s\n' "$2" >>"$1"
	if [ "$(wc -l <"$1")" -gt 200 ]; then
		tail -n 100 "$1" >"$1.new" && mv "$1.new" "$1"
	fi
}
