# Fixed-point numbers for POSIX sh: whole thousandths in, decimal notation out.

# decimal_of_milli N: writes N thousandths, N may be negative: -1250 -> -1.250
decimal_of_milli() {
	decimal_value=$1
	decimal_sign=
	if [ "$decimal_value" -lt 0 ]; then
		decimal_sign=-
		decimal_value=$((-decimal_value))
	fi
	printf '%s%d.%03d\n' "$decimal_sign" $((decimal_value / 1000)) $((decimal_value % 1000))
}
