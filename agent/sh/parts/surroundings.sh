#!/bin/sh
# The gateway agent for devices with BusyBox and nothing else: docs/agent-protocol.md in its text form,
# docs/package-format.md, and the container of docs/gateway.md.
#
#   LEONORE_SERVER            address of LEONORE (required)
#   LEONORE_ROOT_DIR          directory that it stays in (required); its path holds neither white space nor patterns
#   LEONORE_ENROLMENT_TOKEN   until LEONORE knows the gateway's key
#   LEONORE_ENROLMENT_TOKEN_FILE  file that holds it, which is removed then
#   LEONORE_ID                default: gw- and the first mac, or a random one that is kept
#   LEONORE_INTERVAL          seconds between polls; default: what LEONORE says
#   LEONORE_LABELS            such as 'building=b1 floor=2'
#   LEONORE_COMPONENTS        hardware components, such as 'gpio=1.0.0'
#   LEONORE_ISOLATION         the most that is tried: full (default), user or none
#   LEONORE_TRUST_ROOT        file with the root of who may sign, for the agent that verifies signatures (signatures.sh)
#   LEONORE_SIGNATURES        `required`: nothing is carried out that is not signed, whatever LEONORE allows
#
# Lines that begin with `with_signatures` or `without_signatures` are of that agent alone, or of the other alone
# (scripts/assemble-busybox-agent.mjs).
#
# INVARIANTS
#  - The journal names a step, on the disk, before the step begins; each step may be begun again from its start.
#  - `current` always names a complete generation; old to new is one rename.
#  - A report is kept until LEONORE has taken it; a delivery that has ended is remembered.
#  - What comes from the network is bounded, checked before it is used, and never evaluated.
umask 022
with_signatures trust_root=$LEONORE_TRUST_ROOT signatures=$LEONORE_SIGNATURES
# Whoever relies on signatures is not to be served by an agent that does not look at them.
without_signatures [ -z "$LEONORE_TRUST_ROOT$LEONORE_SIGNATURES" ] || exit 2
set -u -- "${LEONORE_SERVER:?}" "${LEONORE_ROOT_DIR:?}" "$LEONORE_ENROLMENT_TOKEN" "$LEONORE_ENROLMENT_TOKEN_FILE" "$LEONORE_ID" \
	"$LEONORE_INTERVAL" "$LEONORE_LABELS" "$LEONORE_COMPONENTS" "${LEONORE_ISOLATION:-full}"
# Of what this was started with, PATH and TZ alone reach applications.
for name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
	case $name in PATH | TZ | PPID) ;; *) unset "$name" ;; esac
done
export PATH="${PATH:-/usr/sbin:/usr/bin:/sbin:/bin}" LC_ALL=C
server=${1%/} enrolment=$3 enrolment_file=$4 id=$5 every=$6 labels=$7 components=$8 most_level=$9
mkdir -p "$2/agent" && cd "$2/agent" && chmod 700 . && own=$(pwd) && root=${own%/agent} || exit 2
# Names of places are not quoted in the assembled agent.
case $own in *[!!-~]* | *[][*?]*) exit 2 ;; esac
container=$root/container
gens=$container/generations packages=$container/packages link=$container/current table=$container/current/table staged=$container/staging/package
manifest=$staged/manifest.json placements=$staged/control/artifacts
tab=$(printf '\t') cr=$(printf '\r')
nl='
'
past='its windows have passed' device=/device/v1 proves='Authorization: Bearer'
token='' node='' interval='' watching='' asking='' delivery=- refused='' pids=' ' dues=' ' child='' logged=0 units=0
override_keep='' groups='' rules=' ' checks=' '
direct='' after_head='' speaks='' sent='' secret='' key='' counter=0 mine='' subject='' trees=' '
action='' waits=' ' opens=0 ahead=0 heard=0 unsent='' tell='' plain='' damaged='' level=none limits=false wrap='' verify_at=0

exec 9>&2 2>/dev/null
# stamp [OPTION...]: a time
stamp() { date -u "$@" +%Y-%m-%dT%H:%M:%SZ; }
log() {
	line="$(stamp) $*"
	echo "$line" >&9
	logged=$((logged + ${#line}))
	[ "$logged" -lt 65536 ] || { mv log log.old && logged=0; }
	echo "$line" >>log
}
# kib_of LETTER: of the file system's blocks those that are free (a), or all (b)
kib_of() { stat -fc "%$1 %S" "$root" | awk '{ printf "%.0f", $1 * $2 / 1024 }'; }
# rows PROGRAM...: awk over tab separated columns
rows() { awk -F "$tab" -v OFS="$tab" "$@"; }
sum() { sha256sum | cut -c 1-64; }
length_of() { wc -c <"$1"; }
digest_of() { sum <"$1"; }
# put FILE: standard input becomes its content, whole or not at all, also after a power cut. On a full disk room is made
# for it while applications are held still: one may take whatever becomes free.
put() {
	content=$(cat && echo .) content=${content%.}
	written "$1" && return
	hold STOP
	spare "$1.new"
	written "$1"
	result=$?
	# An order may be what frees the disk: until it is carried out they stay so.
	[ -n "$action" ] || hold CONT
	return $result
}
hold() { for entry in $pids; do kill "-$1" "-${entry#*:}"; done; }
# spare [FILE]: gives up what can be done without, and 8 KiB of the reserve, which is kept for the journal and for reports:
# not all at once, since somebody else may take what is left over.
spare() {
	rm -f log.old tmp/raw tmp/listed tmp/promised "$container"/log/*.old "$@"
	size=$(length_of reserve)
	[ "${size:-0}" -gt 8192 ] && dd if=/dev/null of=reserve bs=1 seek=$((size - 8192)) || rm -f reserve
}
# cat notices when it cannot write; not every builtin does.
written() { (umask 077 && printf %s "$content" | cat >"$1.new") && sync && mv "$1.new" "$1" && sync; }
keep_reserve() {
	size=$(length_of reserve) missing=$((64 - ${size:-0} / 1024))
	[ $missing -gt 0 ] || return 0
	# On a disk that is almost full, as much of it as there is; what is kept already is not given up meanwhile.
	room=$(($(kib_of a) - 8))
	[ $room -lt 4 ] || dd if=/dev/urandom bs=1k count=$((room < missing ? room : missing)) >>reserve
}
quoted() { printf '"%s"' "$(printf %s "$1" | tr '\000-\037\177' ' ' | sed 's/[\\"]/\\&/g')"; }
say() { printf '%s\n' "$1"; }
# among COLUMN ROWS TEXT: whether one of the rows has the text there
among() { say "$2" | cut -f "$1" | grep -qxF "$3"; }
# columns NAME...: reads a line of tab separated columns
columns() { IFS=$tab read -r "$@"; }
# row: reads one of a generation's table. It is read by whoever has nothing running that reads one, too.
row() { columns name version home package _requested start _keep _size check up digest size; }
value_of() { sed -n "s/^$1$tab//p" "$2" | head -n 1 | tr -d '\r'; }
said() { say "$body" | value_of "$1" -; }
# whole TEXT DEFAULT: a number of seconds, a month of them too
whole() { case $1 in '' | *[!0-9]* | ????????*) echo "$2" ;; *) echo "$1" ;; esac }
# look LIST NAME: what a list of NAME:VALUE says of it, in $entry, and the list without it in $others
look() {
	entry='' others=$1
	case $1 in *" $2:"*) entry=${1#*" $2:"} others="${1%%" $2:"*} ${entry#* }" entry=${entry%% *} ;; *) return 1 ;; esac
}
uptime() { read -r now _idle </proc/uptime && now=${now%%.*}; }
random() { head -c 32 /dev/urandom | sum | cut -c "1-$1"; }

# Not every BusyBox can sleep for less than a second.
nap() { sleep 1; }
a_second=1
usleep 1 && nap() { usleep 100000; } && a_second=10
# Nor has each nice.
nicely=''
nice -n 19 true && nicely='nice -n 19'

# To check ports.
nc=no help=$(nc --help 2>&1)
case $help in *'-e PROG'*) nc= ;; esac

attend() {
	while kill -0 "$1"; do
		nap
		keep_up
	done
	wait "$1"
}

# pause_for SECONDS: with jitter of a half
pause_for() {
	left=$(($1 + 0x$(random 4) * $1 / 131072))
	while [ "$left" -gt 0 ]; do
		sleep 1
		left=$((left - 1))
		keep_up
		look_after
	done
}
