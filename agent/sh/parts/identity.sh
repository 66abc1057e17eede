# shellcheck shell=sh
# Who the gateway is: a secret that it makes at its first start, and a counter that only grows. That it has the secret it
# proves by HMAC-SHA256, for which sha256sum is enough.

# bytes HEX NUMBER: the bytes, each xored with the number
bytes() {
	hex=$1
	while [ -n "$hex" ]; do
		byte=$((0x${hex%"${hex#??}"} ^ $2)) hex=${hex#??}
		printf "\\$((byte >> 6))$((byte >> 3 & 7))$((byte & 7))"
	done
}

# hmac TEXT: in hex. The secret is filled up to a block with zeros.
hmac() {
	block=$secret$(printf %064d 0)
	inner=$({ bytes "$block" 54 && printf %s "$1"; } | sum)
	{ bytes "$block" 92 && bytes "$inner" 0; } | sum
}

is_secret() { case $secret in *[!0-9a-f]*) false ;; *) [ ${#secret} = 64 ] ;; esac }

# identify: reads who it is, or makes it up and keeps it, twice. What cannot be kept is not used.
identify() {
	secret=$(cat secret)
	is_secret || secret=$(cat secret.copy)
	is_secret || { secret=$(random 64) && printf %s "$secret" | put secret && printf %s "$secret" | put secret.copy; } || secret=
	[ -z "$secret" ] || key=hmac-sha256:$(bytes "$secret" 0 | sum)
	counter=$(cat counter)
	case $counter in '' | *[!0-9]*) counter=0 ;; esac
	[ ! -f "$enrolment_file" ] || enrolment=$(cat "$enrolment_file")
}

# register: with what it has, by order: its token (0), its key alone (1), the token for enrolment (2); a proof goes with each
register() {
	pause=1 first=2 replayed=''
	[ -n "$enrolment" ] && [ ! -f bound ] || first=1
	[ -z "$token" ] || first=0
	way=$first
	while :; do
		case $way in 0) bearer=$token ;; 1) bearer= ;; *) bearer=$enrolment ;; esac
		set -- ${bearer:+"$proves $bearer"}
		sent="{\"profile\":$(profile),\"agentVersion\":\"sh\"}"
		if [ -n "$secret" ]; then
			counter=$((counter + 1))
			echo $counter | put counter
			set -- "$@" "Leonore-Key: $key" "Leonore-Counter: $counter" "Leonore-Proof: $(
				hmac "leonore-register-1$nl$id$nl$key$nl$counter$nl$(printf %s "$sent" | sum)"
			)"
			[ -f bound ] || set -- "$@" "Leonore-Secret: $secret"
		fi
		ask "$server$device/register" "$@"
		sent=
		fresh=$(said token) address=$(said nodeAddress)
		fresh=${fresh:-$token}
		case $status/$fresh/$address in *[!!-~]*) ;; 200/?*/http*://?*)
			token=$fresh node=$address interval=$(said pollInterval) unreachable=0 tell=''
			mine="$proves $token"
			printf 'token\t%s\nnodeAddress\t%s\npollInterval\t%s\n' "$token" "$node" "$interval" | put identity
			log "registered at $node"
			# LEONORE names the key that it knows the gateway by: one before keys does not, and has to be shown a token.
			[ "$(said key)" != "$key" ] || [ -z "$key" ] || { echo 1 | put bound && rm -f "$enrolment_file"; }
			return
			;;
		esac
		log "registration failed: $status"
		case $status in
			# An older LEONORE refuses what it does not know.
			400 | 422) [ -n "$plain" ] && plain='' || plain=1 ;;
			401)
				way=$((way + 1))
				case $way$enrolment in 1* | 2?*) continue ;; esac
				;;
			409)
				# The number has been used: by a copy of this gateway, or before its own was lost.
				last=$(number_in lastCounter "$body")
				counter=$((${last:-0} > counter ? ${last:-0} : counter < 1 << 40 ? counter * 2 : counter))
				[ -z "$last" ] || [ -n "$replayed" ] || { replayed=1 && continue; }
				;;
		esac
		way=$first
		# A window may open meanwhile.
		[ "$waits" = ' ' ] || return 0
		patience $pause
		pause=$((pause < 60 ? pause * 2 : 60))
	done
}
