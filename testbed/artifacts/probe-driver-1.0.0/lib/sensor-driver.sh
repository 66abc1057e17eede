# The interface `sensor-driver`, version 1, for a thermometer probe. Needs sh-decimal.

# sensor_source FILE...: the first of the kernel's files that can be read, or nothing
sensor_source() {
	for sensor_file in "$@"; do
		if [ -r "$sensor_file" ] && [ -n "$(cat "$sensor_file" 2>/dev/null)" ]; then
			printf '%s\n' "$sensor_file"
			return
		fi
	done
}

# sensor_read FILE: the temperature in degrees Celsius. Without a file it is simulated: 20 to 24 degrees, changing
# with the time, so that a program can be tried where there is no probe.
sensor_read() {
	if [ -n "$1" ]; then
		sensor_milli=$(cat "$1")
	else
		sensor_milli=$((20000 + $(date +%s) * 7919 % 4000))
	fi
	decimal_of_milli "$sensor_milli"
}
