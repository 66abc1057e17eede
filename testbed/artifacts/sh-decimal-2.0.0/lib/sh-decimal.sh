# Fixed-point numbers for POSIX sh: whole thousandths in, decimal notation out.

# decimal_of_milli N [DIGITS]: writes N thousandths with 1 to 3 digits (default 3), rounded half away from zero:
# -1250 1 -> -1.3
decimal_of_milli() {
	decimal_value=$1
	decimal_digits=${2:-3}
	decimal_sign=
	if [ "$decimal_value" -lt 0 ]; then
		decimal_sign=-
		decimal_value=$((-decimal_value))
	fi
	decimal_step=1
	decimal_left=$decimal_digits
	while [ "$decimal_left" -lt 3 ]; do
		decimal_step=$((decimal_step * 10))
		decimal_left=$((decimal_left + 1))
	done
	decimal_value=$(((decimal_value + decimal_step / 2) / decimal_step))
	decimal_whole=$((1000 / decimal_step))
	printf "%s%d.%0${decimal_digits}d\n" "$decimal_sign" \
		$((decimal_value / decimal_whole)) $((decimal_value % decimal_whole))
}
