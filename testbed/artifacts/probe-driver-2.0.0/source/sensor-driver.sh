# The interface `sensor-driver`, version 2, for a thermometer probe whose readings are corrected. Needs sh-decimal.

# sensor_source FILE...: the first of the kernel's files that can be read, or nothing
sensor_source() {
	for sensor_file in "$@"; do
		if [ -r "$sensor_file" ] && [ -n "$(cat "$sensor_file" 2>/dev/null)" ]; then
			printf '%s\n' "$sensor_file"
			return
		fi
	done
}

# sensor_read FILE: the corrected temperature in degrees Celsius; simulated without a file: 20 to 24 degrees
sensor_read() {
	if [ -n "$1" ]; then
		sensor_milli=$(cat "$1")
	else
		sensor_milli=$((20000 + $(date +%s) * 7919 % 4000))
	fi
	decimal_of_milli "$(sensor_correct "$sensor_milli")" 2
}
