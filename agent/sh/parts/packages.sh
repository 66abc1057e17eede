# shellcheck shell=sh
fail() {
	message=$(quoted "$3")
	log "failed at $2: $message"
	failure="{\"class\":\"$1\",\"step\":\"$2\",\"message\":$message}"
	echo "$failure" | put failure
	return 1
}

full() { fail space "$1" 'the disk is full'; }

# fetch DIGEST SIZE FILE ATTEMPTS
fetch() {
	attempts=$4 why=network came_before=0 pause=1
	while [ "$(digest_of "$3")" != "$1" ]; do
		[ "$attempts" -gt 0 ] || return 1
		attempts=$((attempts - 1))
		touch "$3"
		came=$(length_of "$3")
		# Attempts that bring next to nothing count.
		[ "$came" -lt $((came_before + 4096)) ] || [ $why = integrity ] || attempts=$4 pause=1
		came_before=$came
		if [ "$came" -ge "$2" ]; then
			: >"$3"
			why=integrity came_before=0
		fi
		[ "$(kib_of a)" -gt $((($2 - came_before) / 1024 + 32)) ] || { why=space && return 1; }
		ask_file "$node$device/packages/$1" "$3" "$2" "$1"
		case $status in
			200 | 206) ;;
			416) : >"$3" ;;
			403 | 404 | 410) return 1 ;;
			*)
				after_failure
				patience $pause
				pause=$((pause < 60 ? pause * 2 : 60))
				;;
		esac
	done
}

# in_time COMMAND...: runs it while applications are kept up
in_time() {
	"$@" &
	asking=$!
	attend $asking
	result=$?
	asking=
	return $result
}

# promised MANIFEST: mode, size, digest and path of each file. It is canonical, so keys stand in this order.
promised() {
	tr '{' '\n' <"$1" |
		sed -n 's/^"mode":"\(0[0-7]*\)","path":"\([^"\\]*\)","sha256":"\([0-9a-f]*\)","size":\([0-9]*\)}.*/\1 \4 \3 \2/p'
}

# Its id and manifest come first; a manifest is no larger than this.
open_head() { gunzip -c "$1" | head -c 8388608 | tar -xof - -C "$staged" id manifest.json; }
has_bytes() { [ "$(gunzip -c "$1" | head -c $(($2 + 1)) | wc -c)" = "$2" ]; }
# Of a whole gzip member no byte can be spared; the last four say how much it holds.
is_one_member() {
	[ "$(head -c 4 "$1" | od -An -tx1)" = ' 1f 8b 08 00' ] &&
		[ $((0x$(tail -c 4 "$1" | od -An -tx4 | tr -d ' '))) = $(($2 % 4294967296)) ] &&
		! head -c $(($(length_of "$1") - 1)) "$1" | gunzip -t
}
list() { tar -tvzf "$1" 2>tmp/errors | cat >tmp/raw && [ ! -s tmp/errors ]; }

# inspect ARCHIVE ID: from its manifest, its length and its listing alone
inspect() {
	rm -rf "$staged" && mkdir -p "$staged"
	differs='it is not what its manifest says'
	while :; do
		message='the package is another one'
		in_time open_head "$1"
		say "$2" | cmp -s - "$staged/id" && [ "$(digest_of "$manifest")" = "$2" ] || break
		message=$differs
		promised "$manifest" | cat >tmp/promised || message='no room' || break
		read -r wanted content <<-END
			$(awk -v manifest="$(length_of "$manifest")" '
				function add(size) { bytes += 512 + int((size + 511) / 512) * 512; content += int(size / 1024) + 2 }
				{ add($2) } END { add(65); add(manifest); printf "%.0f %.0f", bytes + 1024, content }' tmp/promised)
		END
		# What no disk here could hold is not even looked at: a bomb costs no more than what fits.
		[ "$content" -lt "$(kib_of b)" ] ||
			fail space unpack "$content KiB are needed" || return 1
		in_time has_bytes "$1" "$wanted" && is_one_member "$1" "$wanted" || break
		message='the archive cannot be read'
		in_time list "$1" || break
		# Plain files below the directories of a package, each once, and nothing else that takes up space.
		message='it holds what no package may hold'
		awk '{
			path = $0
			sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /, "", path)
			mode = $1 == "-rw-r--r--" ? "0644" : $1 == "-rwxr-xr-x" ? "0755" : ""
			if ((NR == 1) != (path == "id") || (NR == 2) != (path == "manifest.json")) exit 1
			if (mode == "" || tolower(path) in seen || path ~ / -> |\\|\/\// || ("/" path "/") ~ /\/\.\.?\//) exit 1
			if (path !~ /^(id|manifest\.json|path|control\/(artifacts|install|uninstall|start|stop)|(binary|dependencies)\/.+\/.+)$/) exit 1
			seen[tolower(path)]
			if (NR > 2) print mode, $3, path
		} END { print "end" }' tmp/raw | cat >tmp/listed && [ "$(tail -n 1 tmp/listed)" = end ] || break
		message=$differs
		{ cut -d ' ' -f 1,2,4- tmp/promised && echo end; } | cmp -s - tmp/listed || break
		with_signatures is_published "${1##*/}" || break
		return 0
	done
	fail integrity unpack "$message"
}

check_sums() { sed 's/^[^ ]* [^ ]* \([^ ]*\) /\1  /' tmp/promised | (cd "$staged" && sha256sum -c - >/dev/null); }

# unpack ARCHIVE ID: into staging, file by file verified
unpack() {
	inspect "$1" "$2" || return 1
	free=$(kib_of a)
	[ "$free" -gt $((content + 64)) ] || fail space unpack "$content KiB are needed and $free are free" || return 1
	in_time tar -xzof "$1" -C "$staged" 2>tmp/errors || fail space unpack "$(tail -c 500 tmp/errors)" || return 1
	in_time check_sums || fail integrity unpack 'a file is not what the manifest says' || return 1
	# The tables name these files, and places in the store alone.
	[ "$(rows '{ print $4 " " $5 " " $2 }' "$staged/path" | sort)" = \
		"$(grep -E '^[^ ]* [^ ]* [^ ]* (binary|dependencies)/' tmp/promised | cut -d ' ' -f 1,3- | sort)" ] && rows '
		function is_home(text) { return text ~ /^store\/[a-z0-9][a-z0-9._+-]*\/[0-9A-Za-z][0-9A-Za-z.+-]*-[0-9a-f]+$/ }
		FILENAME ~ /path$/ {
			inside = $2
			sub(/^[^\/]*\/[^\/]*/, "", inside)
			home = substr($3, 1, length($3) - length(inside))
			if (!is_home(home) || home inside != $3) exit 1
			next
		}
		NF != 14 || $2 !~ /^[a-z0-9][a-z0-9._+-]*$/ || !is_home($4) || index($4, "store/" $2 "/" $3 "-") != 1 ||
			($5 $6 $7) !~ /^[01][01][01]$/ || $8 !~ /^[0-9]+$/ { exit 1 }
	' "$staged/path" "$placements" || fail integrity unpack 'the tables lead elsewhere'
}

# brought ATTEMPTS: has the package of a row of the table unpacked again
brought() { fetch "$digest" "$size" "downloads/$digest" "$1" && unpack "downloads/$digest" "$package"; }

# put_in_place PACKAGE-ID GENERATION [NAME]
put_in_place() {
	# In the store nothing is verified again, so it is on the disk first.
	sync
	homes=$(cut -f 4 "$placements" | sed "s|^|$container/|") || return 1
	for home in $homes; do
		open_to_all "${home%/*}"
		# One that is damaged comes anew.
		[ ! -d "$home" ] || sound_home "$staged" "$home" || rm -rf "$home"
	done
	give "$staged/binary" "$staged/dependencies" $homes
	control 300 "$staged" "$2" "$1" install "${3:-}" || return 1
	[ $level = none ] || chown -Rh 0:0 $homes
	if [ ! -d "$packages/$1" ]; then
		rm -rf "$staged/binary" "$staged/dependencies"
		sync
		mv "$staged" "$packages/$1" || return 1
	fi
	rm -rf "$staged"
	sync
}

# sound_home PACKAGE-DIRECTORY HOME: whether its files are as the package promised
sound_home() {
	rows -v home="${2#"$container/"}/" 'index($3, home) == 1 { print $5 "  " substr($3, length(home) + 1) }' "$1/path" |
		(cd "$2" && $nicely sha256sum -c - >/dev/null)
}

# tree_of PACKAGE-DIRECTORY HOME: the digest of its files as they are, which ends the name of one that is whole
tree_of() {
	rows -v home="$2/" 'index($3, home) == 1 { print substr($3, length(home) + 1), $4 }' "$1/path" | while columns file mode; do
		printf '%s\t%s\t%s\n' "$file" "$mode" "$(digest_of "$container/$2/$file")"
	done | sum | cut -c 1-12
}

# verify: what is installed against what its packages promised; what is damaged is asked for again
verify() {
	damaged='' trees=' '
	while row <&6; do
		[ -n "$name" ] || continue
		[ "$(digest_of "$packages/$package/manifest.json")" = "$package" ] && in_time sound_home "$packages/$package" "$container/$home" && continue
		log "$name is damaged"
		damaged="$damaged,\"$name\"" trees="$trees$home:$(tree_of "$packages/$package" "$home") "
		if brought 6; then
			watching=
			stop_all
			rm -rf "${container:?}/$home"
			put_in_place "$package" "$(current)" "$name" && damaged=${damaged%,*}
			watching=1
		fi
		rm -rf "$staged" downloads/* failure
	done 6<<-END
		$(cat "$table")
	END
	[ -z "$damaged" ] || tell=1
}
