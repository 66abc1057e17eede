#!/bin/sh
# Turns the calibration table into a shell function beside the driver.
set -eu
expected=5
lines=0
mkdir -p "$LEONORE_OUTPUT/lib"
{
	cat sensor-driver.sh
	echo
	echo '# sensor_correct MILLI: made from calibration.csv by build.sh'
	echo 'sensor_correct() {'
} >"$LEONORE_OUTPUT/lib/sensor-driver.sh"
while IFS=, read -r below offset; do
	lines=$((lines + 1))
	case "$below,$offset" in
	*[!0-9,-]* | ,* | *,)
		echo "calibration.csv: line $lines: expected two whole numbers, found \"$below,$offset\"" >&2
		exit 1
		;;
	esac
	echo "	if [ \"\$1\" -lt $below ]; then echo \$((\$1 + $offset)); return; fi"
done <calibration.csv >>"$LEONORE_OUTPUT/lib/sensor-driver.sh"
if [ "$lines" -ne "$expected" ]; then
	echo "calibration.csv: $lines lines, expected $expected" >&2
	exit 1
fi
{
	echo '	echo "$1"'
	echo '}'
} >>"$LEONORE_OUTPUT/lib/sensor-driver.sh"
