# shellcheck shell=sh
# What publishers, builders and directors have signed, judged as the TypeScript agent does (docs/security.md): with a tool
# of the device that verifies Ed25519, by metadata that go back to a root. A part of leonore-agent-signatures.sh alone.
#
# INVARIANTS
#  - Once a root is pinned, nothing is carried out that is not signed by whom that root, through its chain, has it signed;
#    without a tool nothing is.
#  - What is judged is what was signed, to the byte; JSON with escapes is refused, since nothing here reads them.
#  - A package's tables are those that follow from its manifest: what runs is what was judged.
#
# trust/ROLE holds what the metadata of a role say, as `flat` writes it.
learn_at=0 tool='' untrusted='' lines=''

# flat TEXT: what JSON says, a line each: the way to a value, its steps joined by slashes, and the value
flat() {
	say "$1" | sed 's/"[^"]*"/\n&\n/g' | sed '/^"/!s/[][{},:]/\n&\n/g' | awk '
		function put(value, way, i) {
			for (i = 1; i <= depth; i++) way = way (i > 1 ? "/" : "") step[i]
			print way "\t" value
		}
		/^[ \t\r]*$/ { next }
		$0 == "{" || $0 == "[" { list[++depth] = $0 == "["; step[depth] = 0; named = 0; next }
		$0 == "}" || $0 == "]" { depth--; next }
		$0 == "," { if (list[depth]) step[depth]++; else named = 0; next }
		$0 == ":" { next }
		{ gsub(/"/, "") }
		!list[depth] && !named { step[depth] = $0; named = 1; next }
		{ put($0) }'
}

# value_at WAY FILE: the value there
value_at() { rows -v way="$1" '$1 == way { print $2; exit }' "$2"; }
# below WAY FILE: the values below it, a line each
below() { rows -v way="$1/" 'index($1, way) == 1 { print $2 }' "$2"; }

# armoured HEX: as usign and signify keep keys and signatures; the number of the key, which both hold, is zero
armoured() {
	echo 'untrusted comment: LEONORE'
	awk -v hex="45640000000000000000$1" 'BEGIN {
		letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		for (rest = length(hex) % 6; length(hex) % 6; ) hex = hex "0"
		for (i = 1; i < length(hex); i += 3) {
			bits = 0
			for (j = 0; j < 3; j++) bits = bits * 16 + index("0123456789abcdef", substr(hex, i + j, 1)) - 1
			text = text substr(letters, int(bits / 64) + 1, 1) substr(letters, bits % 64 + 1, 1)
		}
		print rest ? substr(text, 1, length(text) - 1) "=" : text
	}'
}

# is_signature KEY SIGNATURE: whether it is that of tmp/message; both in hex
is_signature() {
	case $tool in
		openssl)
			bytes "302a300506032b6570032100$1" 0 >tmp/key
			bytes "$2" 0 >tmp/signature
			openssl pkeyutl -verify -pubin -keyform DER -inkey tmp/key -rawin -in tmp/message -sigfile tmp/signature >/dev/null
			;;
		*)
			armoured "$1" >tmp/key
			armoured "$2" >tmp/signature
			"$tool" -V -q -p tmp/key -x tmp/signature -m tmp/message >/dev/null
			;;
	esac
}

# find_tool: the first that says yes to what is signed, and no to what is not (RFC 8032, section 7.1, test 2)
find_tool() {
	mkdir -p trust
	for tool in openssl usign signify signify-openbsd ''; do
		[ -n "$tool" ] || break
		set -- 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c \
			92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
		printf r >tmp/message
		is_signature "$@" || continue
		printf s >tmp/message
		is_signature "$@" || break
	done
	log "signatures are verified by: ${tool:-nothing}"
}

# verifying_tools: for the profile, after other tools. `signatures` means that what is installed is verified.
verifying_tools() {
	[ -n "$tool" ] || return 0
	printf ',{"name":"%s","version":"%s"}' "$tool" "$("$tool" version 2>&1 | sed -n '1s/^[^0-9]*\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p' | grep . || echo 1.0.0)"
	[ ! -s trust/sum ] || printf ',{"name":"signatures","version":"1.0.0"}'
}

# enough FILE HOLDERS KEYS LINES: whether tmp/message is signed by as many as must of those that a file names there. A key
# counts once: its name has to be that of its content. LINES are those that came with the message.
enough() {
	holding=0
	for holder in $(below "$2/keyids" "$1" | grep -x '[0-9a-f]*' | sort -u); do
		public=$(value_at "$3/$holder/keyval/public" "$1")
		signature=$(say "$4" | rows -v holder="$holder" '$1 == "signature" && $2 "" == holder "" { print $3; exit }')
		case $public$signature in *[!0-9a-f]*) continue ;; esac
		[ ${#public}/${#signature} = 64/128 ] &&
			[ "$(printf '{"keytype":"ed25519","keyval":{"public":"%s"},"scheme":"ed25519"}' "$public" | sum)" = "$holder" ] &&
			is_signature "$public" "$signature" && holding=$((holding + 1))
	done
	[ "$holding" -gt 0 ] && [ "$holding" -ge "$(value_at "$2/threshold" "$1")" ]
}

# is_unexpired FILE...: by the latest time that was signed, and what has passed since
is_unexpired() {
	uptime
	[ "$(rows -v time="$(stamp -d "@$((heard + now))")" '$1 == "expires" && $2 > time' "$@" | wc -l)" = $# ]
}

# told PATH: asks for something that is signed: its $lines, in tmp/message what is signed and in tmp/told what that says
told() {
	ask "$node$device/$1" "$mine"
	[ "$status" = 200 ] && lines=$body && taken "$(said signed)"
}

# taken TEXT: as above
taken() {
	: >tmp/told
	case $1 in *\\* | '') return 1 ;; esac
	printf %s "$1" >tmp/message
	flat "$1" >tmp/told
}

# is_role ROLE [FILE]: whether what was told is of the role, signed by those that a root names
is_role() { [ "$(value_at _type tmp/told)" = "$1" ] && enough "${2:-trust/root}" "roles/$1" keys "$lines"; }

# is_since WAY ROLE: whether a number has not gone down since it was believed last
is_since() { [ "$(value_at "$1" tmp/told)" -ge "$(value_at "$1" "trust/$2" | grep . || echo 0)" ]; }

# keep_root FILE: twice, and by its digest it is known which copy is whole
keep_root() { put trust/copy <"$1" && digest_of "$1" | put trust/sum && put trust/root <"$1"; }

is_pinned() { [ -s trust/sum ] || [ -n "$trust_root" ]; }

# pin: the first root that is believed: the one that came with the device, else the first that LEONORE has
pin() {
	if [ -s trust/sum ]; then
		[ "$(digest_of trust/root)" = "$(cat trust/sum)" ] || put trust/root <trust/copy
		return
	fi
	if [ -n "$trust_root" ]; then
		flat "$(tr -d '\n' <"$trust_root")" | sed -n 's/^signed\///p' >tmp/told
	else
		told trust/1.root.json && is_role root tmp/told && [ "$(value_at version tmp/told)" = 1 ]
	fi && [ "$(value_at _type tmp/told)" = root ] && keep_root tmp/told && tell=1
}

# follow_roots: each next one is signed by those of the one before, and by its own
follow_roots() {
	while next_version=$(value_at version trust/root) && next_version=$((next_version + 1)) && told "trust/$next_version.root.json" &&
		is_role root && is_role root tmp/told && [ "$(value_at version tmp/told)" = "$next_version" ]; do
		gone=''
		for role in timestamp snapshot targets; do
			below "roles/$role/keyids" tmp/told >tmp/holders
			# Whoever held keys that are gone may have counted as far as he liked.
			[ -z "$(below "roles/$role/keyids" trust/root | grep -vxFf tmp/holders)" ] || gone="$gone $role"
		done
		case $gone in
			*timestamp* | *snapshot*) rm -f trust/timestamp trust/snapshot trust/targets ;;
			*targets*) rm -f trust/targets ;;
		esac
		keep_root tmp/told || return
	done
}

# learn: who may sign now, at most once a minute. What is refused on the way changes nothing, but roots that were sound.
learn() {
	uptime
	[ -n "$tool" ] && [ "$now" -ge "$learn_at" ] || return 0
	learn_at=$((now + 60))
	pin || return 0
	follow_roots
	told trust/timestamp.json && is_role timestamp && is_since version timestamp &&
		is_since meta/snapshot.json/version timestamp && is_unexpired tmp/told trust/root && cp tmp/told trust/timestamp.told || return 0
	# Of one version there is one content: the one that was seen first.
	[ "$(value_at version trust/timestamp.told)" != "$(value_at version trust/timestamp)" ] || cp trust/timestamp trust/timestamp.told
	next_version=$(value_at meta/snapshot.json/version trust/timestamp.told)
	if [ "$(value_at version trust/snapshot)" = "$next_version" ]; then cp trust/snapshot trust/snapshot.told; else
		told "trust/$next_version.snapshot.json" && is_role snapshot && [ "$(value_at version tmp/told)" = "$next_version" ] &&
			is_since meta/targets.json/version snapshot && is_unexpired tmp/told && cp tmp/told trust/snapshot.told || return 0
	fi
	next_version=$(value_at meta/targets.json/version trust/snapshot.told)
	if [ "$(value_at version trust/targets)" = "$next_version" ]; then cp trust/targets trust/targets.told; else
		told "trust/$next_version.targets.json" && is_role targets && [ "$(value_at version tmp/told)" = "$next_version" ] &&
			is_since version targets && is_unexpired tmp/told && cp tmp/told trust/targets.told || return 0
	fi
	for role in timestamp snapshot targets; do cmp -s "trust/$role.told" "trust/$role" || put "trust/$role" <"trust/$role.told"; done
}

# is_current: whether what is known of who may sign holds now, and belongs together
is_current() {
	is_unexpired trust/root trust/timestamp trust/snapshot trust/targets &&
		[ "$(value_at meta/targets.json/version trust/snapshot)" = "$(value_at version trust/targets)" ] || doubt 'it is not known who may sign now'
}

doubt() {
	untrusted=$1
	log "not to be trusted: $1"
	return 1
}

# matches WAY TEXT: whether one of the patterns below it is of the text; no star stands for a slash
matches() {
	rows -v way="$1/" -v text="$2" '
		index($1, way) == 1 {
			pattern = $2
			gsub(/[^A-Za-z0-9*?\/_^-]/, "[&]", pattern)
			gsub(/\^/, "\\^", pattern)
			gsub(/[*]/, "[^/]*", pattern)
			gsub(/[?]/, "[^/]", pattern)
			if (text ~ ("^" pattern "$")) found = 1
		}
		END { exit !found }' trust/targets
}

# is_delegated PATH LINES: whether tmp/message is signed by those to whom it is delegated: delegations in their order, and
# one that ends the search has the last word
is_delegated() {
	for role in $(sed -n 's/^delegations\/roles\/\([0-9]*\)\/name.*/\1/p' trust/targets); do
		role=delegations/roles/$role
		matches "$role/paths" "$1" || continue
		! enough trust/targets "$role" delegations/keys "$2" || return 0
		[ "$(value_at "$role/terminating" trust/targets)" != true ] || return 1
	done
	return 1
}

# is_signed: whether $one is a task that a director has given this gateway. Who is asked anew once, since keys may have changed.
is_signed() {
	answered=$body
	learn
	is_directed || { learn_at=1 && learn && is_directed; }
	judged=$?
	body=$answered
	return $judged
}

is_directed() {
	# Before there is a root, all is as it was before there were signatures.
	is_pinned || { [ "$signatures" != required ] || doubt 'signatures are required, and no root is known'; return; }
	[ -n "$tool" ] || doubt 'nothing here verifies signatures' || return
	# The number and the time are judged by the tag already; it is of the same text.
	[ -n "$tag" ] && [ "$(of_one gateway)" = "$id" ] || doubt 'the task is not for this gateway' || return
	is_current || return
	printf 'leonore-task-1\n%s' "${one%hmac*}" >tmp/message
	is_delegated "tasks/$id" "$(say "$tasks" | rows -v id="$delivery" '
		$1 == "task" || $1 == "order" { own = 0 }
		own
		($1 == "end" || $1 == "endOrder") && $2 == id { own = 1 }')" ||
		doubt 'the task is not signed by those who may give this gateway tasks'
}

# is_published DIGEST: whether the package whose manifest is unpacked is what publishers and builders have signed; else $message
is_published() {
	is_pinned || return 0
	untrusted=''
	answered=$body
	{ [ -n "$tool" ] || doubt 'nothing here verifies signatures'; } && is_current && follows_from_manifest && is_stated "$1"
	judged=$?
	body=$answered message=${untrusted:-$message}
	return $judged
}

# fact_of NUMBER WAY: what the manifest says of an artifact
fact_of() { value_at "artifacts/$1/$2" tmp/manifest; }

# follows_from_manifest: whether it says what a manifest may and nothing else, and the tables are those that follow from it.
# tmp/trees then has for each artifact its number and the digest of its files.
follows_from_manifest() {
	! grep -q '\\' "$manifest" && flat "$(cat "$manifest")" >tmp/manifest &&
		rows '
			{ split($1, way, "/"); top = way[1]; place = index(" artifacts contentSize files format installedSize tree ", " " top " ") }
			place < last || !place { exit bad = 1 }
			{ last = place }
			top == "artifacts" && !($1 ~ /^artifacts\/[0-9]+\/(control|health|limits|needs|restart)\// ||
				$1 ~ /^artifacts\/[0-9]+\/(digest|installedSize|isolation|keepData|kind|name|requested|start|version)$/) { exit bad = 1 }
			$1 in seen { exit bad = 1 }
			{ seen[$1] }
			$1 ~ /\/name$/ && top == "artifacts" && $2 in names { exit bad = 1 }
			$1 ~ /\/name$/ && top == "artifacts" { names[$2] }
			END { exit bad }' tmp/manifest || doubt 'its manifest cannot be judged' || return
	: >tmp/trees
	: >tmp/table
	: >tmp/paths
	order=0
	for nth in $(sed -n 's/^artifacts\/\([0-9]*\)\/name.*/\1/p' tmp/manifest); do
		order=$((order + 1)) key_of=$(fact_of "$nth" name)-$(fact_of "$nth" version) inside=dependencies
		[ "$(fact_of "$nth" requested)" != true ] || inside=binary
		rows -v inside="$inside/$key_of/" '
			$1 ~ /^files\/[0-9]+\/mode$/ { mode = $2 }
			$1 ~ /^files\/[0-9]+\/path$/ { path = $2 }
			$1 ~ /^files\/[0-9]+\/sha256$/ && index(path, inside) == 1 { print substr(path, length(inside) + 1), mode, $2 }' tmp/manifest >tmp/tree
		whole_tree=$(digest_of tmp/tree)
		place=store/$(fact_of "$nth" name)/$(fact_of "$nth" version)-$(echo "$whole_tree" | cut -c 1-12)
		rows -v order="$order" -v from="$inside/$key_of/" -v to="$place/" '{ print order, from $1, to $1, $2, $3 }' tmp/tree >>tmp/paths
		echo "$nth$tab$whole_tree" >>tmp/trees
		{
			printf '%s\t%s\t%s\t%s' "$order" "$(fact_of "$nth" name)" "$(fact_of "$nth" version)" "$place"
			for column in requested start keepData; do
				case $(fact_of "$nth" $column) in true) printf '\t1' ;; *) printf '\t0' ;; esac
			done
			for column in installedSize control/install control/uninstall control/start control/stop health/check health/staysUpSeconds; do
				value=$(fact_of "$nth" $column)
				printf '\t%s' "${value:--}"
			done
			echo
		} >>tmp/table
	done
	# Who looks for an artifact finds each once.
	[ "$(grep -o '{"control":' "$manifest" | wc -l)" = "$order" ] && [ "$(listed_sum path)" = "$(digest_of tmp/paths)" ] && [ "$(listed_sum control/artifacts)" = "$(digest_of tmp/table)" ] ||
		doubt 'its tables do not follow from its manifest'
}

# listed_sum PATH: the digest of a file of the package, as its manifest has it
listed_sum() {
	rows -v wanted="$1" '
		$1 ~ /^files\/[0-9]+\/path$/ { path = $2 }
		$1 ~ /^files\/[0-9]+\/sha256$/ && path == wanted { print $2 }' tmp/manifest
}

# stated KIND NUMBER: that one of the statements of a kind: its $lines, in tmp/message and tmp/told what it says
stated() {
	lines=$(say "$statements" | rows -v kind="$1" -v wanted="$2" '
		$1 == "artifact" || $1 == "build" { own = $1 == kind && ++count == wanted }
		own')
	taken "$(say "$lines" | value_of "$1" -)"
	[ -n "$lines" ]
}

# is_about TYPE: whether what is stated is of the artifact that is judged
is_about() { [ "$(value_at _type tmp/told) $(value_at name tmp/told)@$(value_at version tmp/told)" = "$1 $of" ]; }

# is_variant KIND DIGEST: whether the publisher names it of one of the variants
is_variant() {
	rows -v kind="$1" -v digest="$2" '
		$1 ~ ("^variants/[0-9]+/" kind "$") && $2 "" == digest "" { found = 1 }
		END { exit !found }' tmp/stated
}

# is_artifact_stated: whether the artifact $nth, $of, has the files of $whole_tree and is run as who may publish it has
# signed; tmp/stated has what he says. Where nobody has signed it there is nothing to doubt.
is_artifact_stated() {
	index=0
	while index=$((index + 1)) && stated artifact $index; do
		is_about leonore-artifact-1 && is_delegated "artifacts/$name_of" "$lines" || continue
		cp tmp/told tmp/stated
		[ "$(sed -n "s/^artifacts\/$nth\///p" tmp/manifest | grep -vE "^(digest|installedSize|name|requested|version)$tab" | sort)" = \
			"$(sed -n "s/^operation\///p;/^kind$tab/p" tmp/stated | sort)" ] ||
			doubt "$of: it would be run otherwise than its publisher has signed" || return
		is_variant tree "$whole_tree" || is_built || doubt "$of: its files are not those that its publisher has signed"
		return
	done
	return 1
}

# is_built: whether who may build it has made these files of sources that its publisher has signed
is_built() {
	index=0
	while index=$((index + 1)) && stated build $index; do
		is_about leonore-build-1 && [ "$(value_at tree tmp/told)" = "$whole_tree" ] && is_variant source "$(value_at source tmp/told)" &&
			is_delegated "builds/$name_of" "$lines" && return
	done
	return 1
}

# is_stated DIGEST: whether each artifact is as its publisher has signed, and was asked for or is required by another
is_stated() {
	attempts=6 pause=1
	while ask "$node$device/packages/$1/statements" "$mine" && [ "$status" != 200 ]; do
		[ "$attempts" -gt 0 ] || doubt "what was signed of it cannot be had: $status" || return
		attempts=$((attempts - 1))
		patience $pause
		pause=$((pause * 2))
	done
	statements=$body bare='' strict=''
	: >tmp/required
	: >tmp/offered
	while columns nth whole_tree <&3; do
		name_of=$(fact_of "$nth" name) of=$(fact_of "$nth" name)@$(fact_of "$nth" version) free=''
		[ "$signatures" = required ] || ! matches unsigned "$name_of" || free=1
		[ -n "$free" ] || strict=1
		if is_artifact_stated; then
			below requires tmp/stated >>tmp/required
			{ echo "$name_of" && below provides tmp/stated; } | sed "s/^/$nth$tab/" >>tmp/offered
		else
			[ -n "$free" ] && [ -z "$untrusted" ] || doubt "${untrusted:-$of: it is not signed by those who may publish it}" || return
			bare=1
		fi
	done 3<tmp/trees
	# Where all may be unsigned, so may be the scripts that handle them.
	[ -n "$strict" ] || return 0
	for script in install uninstall start stop; do
		below control trust/targets | grep -qxF "$(listed_sum "control/$script")" ||
			doubt "control/$script is not a script of LEONORE that this gateway knows" || return
	done
	# What an artifact without a statement requires is not known.
	[ -z "$bare" ] || return 0
	while columns nth _tree <&3; do
		[ "$(fact_of "$nth" requested)" = true ] || rows -v nth="$nth" '
			FNR == NR { required[$1]; next }
			$1 == nth && $2 in required { found = 1 }
			END { exit !found }' tmp/required tmp/offered ||
			doubt "$(fact_of "$nth" name)@$(fact_of "$nth" version): nobody asked for it, and nothing in the package requires it" || return
	done 3<tmp/trees
}
