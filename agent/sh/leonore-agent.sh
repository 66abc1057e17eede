#!/bin/sh
# The gateway agent for devices that have BusyBox and nothing else: the protocol of docs/agent-protocol.md in its text
# form, the packages of docs/package-format.md, and the container of docs/gateway.md, pulled.
#
#   LEONORE_SERVER            address of LEONORE (required)
#   LEONORE_ROOT_DIR          directory of the agent; everything it does stays below it (required)
#   LEONORE_ENROLMENT_TOKEN   needed until the gateway has a token of its own
#   LEONORE_ID                default: gw- and the mac of the first interface
#   LEONORE_INTERVAL          seconds between two polls; default: what LEONORE says
#   LEONORE_LABELS            such as 'building=b1 floor=2'
#   LEONORE_COMPONENTS        hardware components, such as 'gpio=1.0.0'
#   LEONORE_ONCE              not empty: poll once, carry out what there is, leave applications running, and end
#
# INVARIANTS
#  - The journal names a step, on the disk, before the step begins; each step may be begun again from its start.
#  - `current` always names a complete generation; old to new is one rename.
#  - A report is kept until LEONORE has taken it; a delivery that has ended is remembered.
# shellcheck disable=SC2010,SC2012,SC2013 # what is listed here has names of digits and plain words
set -u
umask 022
export PATH="${PATH:-/usr/sbin:/usr/bin:/sbin:/bin}"
: "${LEONORE_SERVER:?must be the address of LEONORE}" "${LEONORE_ROOT_DIR:?must name a directory}"
mkdir -p "$LEONORE_ROOT_DIR" && root=$(cd "$LEONORE_ROOT_DIR" && pwd) || exit 2
own=$root/agent
container=$root/container
tab=$(printf '\t')
grace=5
check_within=60
default_interval=30
token='' node='' interval=''
enrolment=${LEONORE_ENROLMENT_TOKEN:-}
# What is started from here must not find it.
unset LEONORE_ENROLMENT_TOKEN

log() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >&2; }
digest_of() { sha256sum "$1" | cut -d ' ' -f 1; }
# put FILE: standard input becomes the file's content, whole or not at all, also after a power cut
put() { cat >"$1.new" && chmod 600 "$1.new" && sync && mv "$1.new" "$1" && sync; }
# quoted TEXT: as a JSON string
quoted() { printf '"%s"' "$(printf '%s' "$1" | tr '\n\t\r' '   ' | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')"; }

# ---- the network ---------------------------------------------------------------------------------------------------

# ask URL TOKEN FILE [OPTION...]: status of the answer in $status, its body in FILE
# The time limit is not wget's own: -T ends some builds of it by a segmentation fault.
ask() {
  url=$1 bearer=$2 answer=$3
  shift 3
  timeout "${time_limit:-30}" wget -q -S -O "$answer" --header "Authorization: Bearer $bearer" --header 'Accept: text/plain' "$@" "$url" \
    2>"$own/tmp/headers"
  failed=$?
  status=$(sed -n 's/.*HTTP\/1\.[01] \([0-9][0-9][0-9]\).*/\1/p' "$own/tmp/headers" | tail -n 1)
  # Without a status nobody answered.
  [ -n "$status" ] || status=0
  [ "$failed" = 0 ] || [ "$status" -ge 300 ] || status=0
}

profile() {
  mac=$(cat /sys/class/net/*/address 2>/dev/null | grep -v '^00:00:00:00:00:00$' | grep -E '^([0-9a-f]{2}:){5}[0-9a-f]{2}$' | head -n 1)
  id=${LEONORE_ID:-gw-$(printf '%s' "${mac:-unknown}" | tr -d ':')}
  arch=$(uname -m)
  case $arch in armv[0-9]l) arch=${arch%l} ;; i[3-6]86) arch=i686 ;; esac
  kernel=$(uname -r | sed 's/^\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/; t; s/^\([0-9]*\.[0-9]*\).*/\1.0/')
  kilobytes() { sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo; }
  # Not df: it looks for the place where the file system is mounted, which a root of its own may not show.
  # shellcheck disable=SC2046 # free blocks, all blocks, their size
  set -- $(stat -f -c '%a %b %S' "$root")
  printf '{"id":%s,' "$(quoted "$id")"
  [ -z "$mac" ] || printf '"mac":"%s",' "$mac"
  printf '"hardware":{"arch":%s,"cpus":%s,"memoryTotal":%s,"memoryFree":%s,"diskTotal":%s,"diskFree":%s,"components":[' \
    "$(quoted "$arch")" "$(grep -c ^processor /proc/cpuinfo)" $(($(kilobytes MemTotal) * 1024)) \
    $(($(kilobytes MemAvailable) * 1024)) $(($2 * $3)) $(($1 * $3))
  pairs name version "${LEONORE_COMPONENTS:-}"
  printf ']},"software":{"os":"linux","kernel":"%s","tools":[{"name":"busybox","version":"%s"}]},' "$kernel" \
    "$(busybox 2>&1 | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')"
  printf '"strategies":["pull"],"protocols":["http"],"labels":{'
  comma=
  for label in ${LEONORE_LABELS:-}; do
    printf '%s%s:%s' "$comma" "$(quoted "${label%%=*}")" "$(quoted "${label#*=}")"
    comma=,
  done
  printf '},"installed":%s}' "$(installed)"
}

# pairs KEY KEY 'A=B C=D': objects of a JSON array
pairs() {
  comma=
  for pair in $3; do
    printf '%s{"%s":%s,"%s":%s}' "$comma" "$1" "$(quoted "${pair%%=*}")" "$2" "$(quoted "${pair#*=}")"
    comma=,
  done
}

installed() {
  printf '['
  comma=
  while IFS=$tab read -r name version _home _package requested _start _keep size _rest; do
    [ "$requested" = 1 ] && requested=true || requested=false
    printf '%s{"name":"%s","version":"%s","installedSize":%s,"requested":%s}' "$comma" "$name" "$version" "$size" "$requested"
    comma=,
  done <"$container/current/table"
  printf ']'
}

# register: asks at the registration address, for as long as it takes
register() {
  pause=1
  while :; do
    used=${token:-$enrolment}
    ask "$LEONORE_SERVER/device/v1/register" "$used" "$own/tmp/answer" --header 'Content-Type: application/json' \
      --post-data "{\"profile\":$(profile),\"agentVersion\":\"sh\"}"
    if [ "$status" = 200 ] || [ "$status" = 201 ]; then
      fresh=$(value_of token "$own/tmp/answer")
      token=${fresh:-$token}
      node=$(value_of nodeAddress "$own/tmp/answer")
      interval=$(value_of pollInterval "$own/tmp/answer")
      if [ -n "$token" ] && [ -n "$node" ]; then
        printf 'token\t%s\nnodeAddress\t%s\npollInterval\t%s\n' "$token" "$node" "$interval" | put "$own/identity"
        log "registered at $node"
        return
      fi
    fi
    log "registration failed: $status"
    if [ "$status" = 401 ] && [ -n "$token" ]; then
      token=
      continue
    fi
    pause_for "$pause"
    pause=$((pause < 60 ? pause * 2 : 60))
  done
}

value_of() { sed -n "s/^$1$tab//p" "$2" | head -n 1; }

# pause_for SECONDS: with jitter of a half, and watching over applications
pause_for() {
  seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
  left=$(($1 + (seed % 1000) * $1 / 2000))
  [ "$left" -gt 0 ] || left=1
  while [ "$left" -gt 0 ]; do
    sleep 1
    left=$((left - 1))
    keep_up
  done
}

# after_failure: what the status of an answer of the node asks for; the caller tries again later
unreachable=0
after_failure() {
  case $status in
    401)
      token=
      register
      ;;
    421) register ;;
    0)
      unreachable=$((unreachable + 1))
      [ $unreachable -lt 3 ] || { unreachable=0 && register; }
      ;;
  esac
}

# ---- reports -------------------------------------------------------------------------------------------------------

# report STATE NUMBER [FAILURE-JSON]: queues a report of the present delivery
report() {
  {
    printf '{"deliveryId":%s,"sequence":%s,"state":"%s"' "$(quoted "$delivery")" $(($(fact lastSequence) + $2)) "$1"
    [ -z "${3:-}" ] || printf ',"error":%s' "$3"
    [ "$2" != 3 ] || printf ',"installed":%s' "$(installed)"
    printf '}'
  } >"$own/tmp/report"
  put "$(next_report)" <"$own/tmp/report"
  [ "$2" = 3 ] || return 0
  put "$own/ended/$(ended_name)" <"$own/tmp/report"
  for file in $(ls -t "$own/ended" | tail -n +33); do rm -f "$own/ended/$file"; done
}

next_report() {
  last=$(ls "$own/reports" | grep -v new | sort -n | tail -n 1)
  printf '%s/%s' "$own/reports" $((${last:-0} + 1))
}

ended_name() { printf '%s' "$delivery" | sha256sum | cut -c 1-16; }

# repeat_report: answers a task that was carried out before, whose end LEONORE does not know
repeat_report() {
  grep -qF "$(quoted "$delivery"),\"sequence\"" "$own"/reports/* 2>/dev/null && return 0
  sed "s/\"sequence\":[0-9]*/\"sequence\":$(($(fact lastSequence) + 1))/" "$own/ended/$(ended_name)" >"$own/tmp/report"
  put "$(next_report)" <"$own/tmp/report"
}

# send_reports: oldest first; stops at the first that cannot be sent
send_reports() {
  for queued in $(ls "$own/reports" | grep -v new | sort -n); do
    ask "$node/device/v1/reports" "$token" "$own/tmp/answer" --header 'Content-Type: application/json' \
      --post-data "{\"reports\":[$(cat "$own/reports/$queued")]}"
    case $status in
      200) rm "$own/reports/$queued" ;;
      401 | 421 | 429 | 0 | 5??)
        after_failure
        return 1
        ;;
      *) log "a report was refused: $status" && rm "$own/reports/$queued" ;;
    esac
  done
}

# ---- applications --------------------------------------------------------------------------------------------------

# environment PACKAGE-DIRECTORY GENERATION PACKAGE-ID COMMAND...: becomes the command, as the scripts of a package run,
# as the leader of a process group of its own. To be run in the background: it does not return.
environment() {
  LEONORE_ROOT=$container LEONORE_PACKAGE=$1 LEONORE_VALUES=$container/generations/$2/values/$3
  LEONORE_ACTIVE=$container/generations/$2/active
  [ "$2" != "$(current)" ] || LEONORE_ACTIVE=$container/current/active
  LEONORE_GATEWAY_ID=$id LEONORE_CONTAINER=$mark HOME=$container/data TMPDIR=$own/tmp LANG=C
  export LEONORE_ROOT LEONORE_PACKAGE LEONORE_VALUES LEONORE_ACTIVE LEONORE_GATEWAY_ID LEONORE_CONTAINER HOME TMPDIR LANG
  for file in "$LEONORE_VALUES"/*; do
    [ -f "$file" ] || continue
    key=$(printf '%s' "${file##*/}" | tr 'a-z.-' 'A-Z__')
    export "LEONORE_VALUE_$key=$(cat "$file")"
  done
  shift 3
  cd "$container" || exit 1
  trap - TERM INT HUP
  # The tables that are being read are not for it.
  exec setsid "$@" 3<&- 4<&-
}

current() { readlink "$container/current" | sed 's/.*\///'; }

# limited SECONDS COMMAND...: ends the command's group when its time is up
limited() {
  naps=$(($1 * naps_a_second))
  shift
  "$@" >"$own/tmp/output" 2>&1 </dev/null &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    if [ "$naps" -le 0 ]; then
      end_group "$child"
      wait "$child" 2>/dev/null
      echo "did not end in time" >>"$own/tmp/output"
      return 124
    fi
    naps=$((naps - 1))
    nap
  done
  wait "$child"
  result=$?
  # What it left running in the background ends with it.
  kill -KILL "-$child" 2>/dev/null
  return $result
}

end_group() {
  kill -TERM "-$1" 2>/dev/null || return 0
  patience=$((grace * naps_a_second))
  while kill -0 "-$1" 2>/dev/null; do
    [ $patience -gt 0 ] || kill -KILL "-$1" 2>/dev/null
    patience=$((patience - 1))
    nap
  done
}

# Not every BusyBox can sleep for less than a second.
if usleep 1 2>/dev/null; then
  naps_a_second=5
  nap() { usleep 200000; }
else
  naps_a_second=1
  nap() { sleep 1; }
fi

# column NAME NUMBER: of the current generation's table
column() { awk -F "$tab" -v name="$1" -v number="$2" '$1 == name { print $number }' "$container/current/table"; }

# start_application NAME: from the current generation
start_application() {
  started=$container/packages/$(column "$1" 4)
  app_log=$container/log/$1.log
  [ ! -f "$app_log" ] || [ "$(wc -c <"$app_log")" -lt 262144 ] || : >"$app_log"
  environment "$started" "$(current)" "${started##*/}" sh "$started/control/start" "$1" >>"$app_log" 2>&1 </dev/null &
  echo $! >"$own/run/$1"
  log "started $1"
}

is_up() { [ -f "$own/run/$1" ] && kill -0 "$(cat "$own/run/$1")" 2>/dev/null; }

stop_applications() {
  for file in "$own"/run/*; do
    [ -f "$file" ] || continue
    name=${file##*/}
    package=$(column "$name" 4)
    if [ -n "$package" ] && is_up "$name"; then
      limited $grace environment "$container/packages/$package" "$(current)" "$package" \
        sh "$container/packages/$package/control/stop" "$name"
    fi
    end_group "$(cat "$file")"
    rm -f "$file"
  done
}

# keep_up: starts again what has ended, each at most once in five seconds
keep_up() {
  [ -n "${supervising:-}" ] || return 0
  for watched in $(awk -F "$tab" '$6 == 1 { print $1 }' "$container/current/table"); do
    is_up "$watched" && continue
    now=$(cut -d . -f 1 /proc/uptime)
    [ "$now" -ge $(($(cat "$own/tmp/started.$watched" 2>/dev/null || echo -5) + 5)) ] || continue
    echo "$now" >"$own/tmp/started.$watched"
    start_application "$watched"
  done
}

# end_leftovers: processes of an earlier run, known by the mark in their environment
end_leftovers() {
  for file in /proc/[0-9]*/environ; do
    grep -q "LEONORE_CONTAINER=$mark" "$file" 2>/dev/null || continue
    pid=${file#/proc/}
    group=$(sed 's/.*) //' "/proc/${pid%/environ}/stat" 2>/dev/null | cut -d ' ' -f 3)
    [ -z "$group" ] || end_group "$group"
  done
  rm -f "$own"/run/*
}

# ---- the container -------------------------------------------------------------------------------------------------

switch_to() {
  rm -f "$container/current.new"
  ln -s "generations/$1" "$container/current.new" && mv -T "$container/current.new" "$container/current" && sync
}

# collect_garbage [GENERATION]: removes what neither the current generation nor the given one refers to
collect_garbage() {
  cat "$container/current/table" ${1:+"$container/generations/$1/table"} 2>/dev/null >"$own/tmp/kept"
  for home in "$container"/store/*/*; do
    [ -d "$home" ] || continue
    cut -f 3 "$own/tmp/kept" | grep -qxF "${home#"$container/"}" || rm -rf "$home"
    rmdir "${home%/*}" 2>/dev/null
  done
  for directory in "$container"/packages/*; do
    [ ! -d "$directory" ] || cut -f 4 "$own/tmp/kept" | grep -qxF "${directory##*/}" || rm -rf "$directory"
  done
  for directory in "$container"/generations/*; do
    case ${directory##*/} in "$(current)" | "${1:-}") ;; *) rm -rf "$directory" ;; esac
  done
}

# uninstall TABLE-FROM TABLE-TO GENERATION: what the first has and the second has not, the last installed first
uninstall() {
  sed '1!G;h;$!d' "$1" >"$own/tmp/reversed"
  while IFS=$tab read -r name _version home package _rest <&3; do
    [ -n "$name" ] || continue
    cut -f 3 "$2" | grep -qxF "$home" && continue
    keep=
    cut -f 1 "$2" | grep -qxF "$name" && keep=1
    [ -d "$container/packages/$package" ] || continue
    LEONORE_KEEP_DATA=$keep limited 300 environment "$container/packages/$package" "$3" "$package" \
      sh "$container/packages/$package/control/uninstall" "$name" || log "uninstalling $name failed"
  done 3<"$own/tmp/reversed"
}

# ---- a delivery ----------------------------------------------------------------------------------------------------

# fail CLASS STEP MESSAGE
fail() {
  log "failed at $2: $3"
  printf '{"class":"%s","step":"%s","message":%s}' "$1" "$2" "$(quoted "$3")" | put "$own/failure"
  return 1
}

# fetch DIGEST SIZE FILE: resumed, and only what was promised
fetch() {
  attempts=6 why=network before_bytes=0
  while [ "$(digest_of "$3" 2>/dev/null)" != "$1" ]; do
    [ "$attempts" -gt 0 ] || return 1
    attempts=$((attempts - 1))
    touch "$3"
    bytes=$(wc -c <"$3")
    # Only what brings nothing counts.
    [ "$bytes" -le "$before_bytes" ] || attempts=5
    before_bytes=$bytes
    if [ "$(wc -c <"$3")" -ge "$2" ]; then
      : >"$3"
      why=integrity
    fi
    # The limit is in blocks of 512 bytes; an endless body ends there.
    (
      ulimit -f $(($2 / 512 + 1))
      # The file is only ever continued, so its first answer is without a range.
      if [ -s "$3" ]; then set -- "$@" -c --header "If-Range: \"$1\""; fi
      digest=$1 part=$3 time_limit=300
      shift 3
      ask "$node/device/v1/packages/$digest" "$token" "$part" "$@"
      echo "$status" >"$own/tmp/status"
    ) || : >"$3"
    status=$(cat "$own/tmp/status" 2>/dev/null || echo 0)
    case $status in
      200 | 206) ;;
      416) : >"$3" ;;
      404 | 403 | 410) return 1 ;;
      *)
        after_failure
        pause_for 2
        ;;
    esac
  done
}

# unpack ARCHIVE ID: into staging, verified file by file
unpack() {
  rm -rf "$own/staging" && mkdir -p "$own/staging/package" && stage=$own/staging/package
  # Names and kinds first: nothing but plain files below the directories of a package.
  tar -tzf "$1" >"$own/tmp/names" 2>/dev/null || { fail integrity unpack 'the archive cannot be read' && return 1; }
  tar -tvzf "$1" 2>/dev/null | grep -vE '^-rw(x|-)r-(x|-)r-(x|-) 0/0 ' >"$own/tmp/odd"
  if [ -s "$own/tmp/odd" ] || [ -n "$(sort "$own/tmp/names" | uniq -d)" ] ||
    grep -qvE '^(id|manifest\.json|path|control/(artifacts|install|uninstall|start|stop)|(binary|dependencies)/.+)$' "$own/tmp/names" ||
    grep -qE '(^|/)\.\.?(/|$)|//|[\\]' "$own/tmp/names"; then
    fail integrity unpack 'the archive holds what no package may hold'
    return 1
  fi
  size=$(tar -tvzf "$1" 2>/dev/null | awk '{ total += $3 } END { print int(total / 1024) + 256 }')
  free=$(stat -f -c '%a %S' "$container" | awk '{ print int($1 * $2 / 1024) }')
  [ "$free" -ge "$size" ] || { fail space unpack "$size KiB are needed and $free are free"; return 1; }
  tar -xzf "$1" -C "$stage" 2>"$own/tmp/output" || { fail space unpack "$(cat "$own/tmp/output")"; return 1; }
  if [ "$(cat "$stage/id")" != "$2" ] || [ "$(digest_of "$stage/manifest.json")" != "$2" ]; then
    fail integrity unpack 'the package is another one'
    return 1
  fi
  # The manifest's listing, one line a file; it is canonical, so its keys stand in this order.
  tr '{' '\n' <"$stage/manifest.json" |
    sed -n 's/^"mode":"0\([67][45][45]\)","path":"\([^"]*\)","sha256":"\([0-9a-f]*\)","size":[0-9]*}.*/\3  \2/p' >"$own/tmp/listing"
  grep -vxF -e id -e manifest.json "$own/tmp/names" | sort >"$own/tmp/unpacked"
  sed 's/^[0-9a-f]*  //' "$own/tmp/listing" | sort >"$own/tmp/listed"
  if ! cmp -s "$own/tmp/unpacked" "$own/tmp/listed" || ! (cd "$stage" && sha256sum -c -s "$own/tmp/listing"); then
    fail integrity unpack 'a file is not what the manifest says'
    return 1
  fi
  # Destinations lie in the store, and nowhere else.
  if cut -f 3 "$stage/path" | grep -qvE '^store/[a-z0-9][a-z0-9._+-]*/[0-9A-Za-z.+-]+/.' ||
    cut -f 3 "$stage/path" | grep -qE '(^|/)\.\.?(/|$)'; then
    fail integrity unpack 'the path table leads elsewhere'
    return 1
  fi
}

# put_in_place PACKAGE-ID GENERATION [NAME...]: runs install, and keeps the package's scripts
put_in_place() {
  package=$1 generation=$2
  shift 2
  limited 300 environment "$own/staging/package" "$generation" "$package" sh "$own/staging/package/control/install" "$@" ||
    return 1
  if [ ! -d "$container/packages/$package" ]; then
    rm -rf "$own/staging/package/binary" "$own/staging/package/dependencies"
    sync
    mv "$own/staging/package" "$container/packages/$package"
  fi
  rm -rf "$own/staging"
  sync
}

fact() { value_of "$1" "$own/task"; }

# write_generation NAME: the current generation without what goes or is replaced, then what staging brings
write_generation() {
  directory=$container/generations/$1
  rm -rf "$directory" && mkdir -p "$directory/active" "$directory/values/$(fact package)"
  cut -f 2,3 "$own/staging/package/control/artifacts" | tr "$tab" '@' >"$own/tmp/new"
  sed -n "s/^remove$tab//p" "$own/task" >"$own/tmp/gone"
  while IFS=$tab read -r name version rest; do
    grep -qxF "$name@$version" "$own/tmp/gone" || grep -q "^$name@" "$own/tmp/new" ||
      printf '%s\t%s\t%s\n' "$name" "$version" "$rest"
  done <"$container/current/table" >"$directory/table"
  while IFS=$tab read -r _order name version home requested start keep size _in _un _up _stop check up; do
    printf '%s\t' "$name" "$version" "$home" "$(fact package)" "$requested" "$start" "$keep" "$size" "$check" "$up" "$(fact digest)"
    printf '%s\n' "$(fact size)"
  done <"$own/staging/package/control/artifacts" >>"$directory/table"
  while IFS=$tab read -r name _version home package _rest; do
    ln -s "../../../$home" "$directory/active/$name"
    if [ ! -d "$directory/values/$package" ]; then
      mkdir -p "$directory/values/$package"
      cp "$container/current/values/$package"/* "$directory/values/$package/" 2>/dev/null
    fi
  done <"$directory/table"
  sed -n "s/^value$tab//p" "$own/task" | while IFS=$tab read -r key value; do
    case $key in *[!A-Za-z0-9_.-]* | .* | -* | '') continue ;; esac
    printf '%b' "$value" >"$directory/values/$(fact package)/$key"
    chmod 600 "$directory/values/$(fact package)/$key"
  done
  sync
}

# healthy: the evidence for each artifact that the package brought
healthy() {
  awk -F "$tab" -v package="$(fact package)" '$4 == package' "$container/current/table" >"$own/tmp/brought"
  while IFS=$tab read -r name version home package _requested start _keep _size check up _rest <&3; do
    [ "$start" = 0 ] || start_application "$name"
    left=${up%%.*}
    [ "$left" != - ] && [ -n "$left" ] || left=1
    while [ "$start" = 1 ] && [ "$left" -gt 0 ]; do
      sleep 1
      is_up "$name" || { fail health health "$name did not stay up"; return 1; }
      left=$((left - 1))
    done
    [ "$check" != - ] || continue
    left=$check_within
    # shellcheck disable=SC2016 # expanded by the shell that it is given to
    until (
      LEONORE_NAME=$name LEONORE_VERSION=$version LEONORE_HOME=$container/$home LEONORE_DATA=$container/data/$name
      export LEONORE_NAME LEONORE_VERSION LEONORE_HOME LEONORE_DATA
      limited "$left" environment "$container/packages/$package" "$(current)" "$package" \
        sh -c 'cd "$LEONORE_HOME" && exec sh "./$1"' check "$check"
    ); do
      left=$((left - 2))
      [ "$start" = 0 ] || is_up "$name" || left=0
      [ "$left" -gt 0 ] || { fail health health "the check of $name failed: $(tail -c 500 "$own/tmp/output")"; return 1; }
      sleep 1
    done
  done 3<"$own/tmp/brought"
}

step() { printf '%s\n' "$1" "$before" "$after" "$in_place" | put "$own/journal"; }

next_generation() { echo $(($(ls "$container/generations" | sort -n | tail -n 1) + 1)); }

# deliver: carries out the task in $own/task, from the step that the journal names
deliver() {
  delivery=$(fact task)
  { read -r next && read -r before && read -r after && read -r in_place; } <"$own/journal"
  while [ "$next" != ended ]; do
    log "delivery $delivery: $next"
    case $next in
      download)
        report downloading 1
        send_reports
        archive=$own/downloads/$(fact digest)
        if fetch "$(fact digest)" "$(fact size)" "$archive"; then
          [ "$(fact removeFirst)" = true ] && next=makeRoom || next=install
        else
          fail "$why" download "the package cannot be had: $status" || next=undo
        fi
        ;;
      makeRoom)
        if unpack "$own/downloads/$(fact digest)" "$(fact package)"; then
          make_room
          next=install
        else next=undo; fi
        ;;
      install)
        report installing 2
        collect_garbage "$before"
        if unpack "$own/downloads/$(fact digest)" "$(fact package)"; then
          after=$(next_generation)
          [ -f "$own/data-before" ] || ls "$container/data" | put "$own/data-before"
          step install
          write_generation "$after"
          if put_in_place "$(fact package)" "$after"; then next=switch in_place=1; else
            fail script install "$(tail -c 1000 "$own/tmp/output")" || next=undo
          fi
        else next=undo; fi
        ;;
      switch)
        supervising=
        rm -f "$own"/downloads/*
        [ "$(current)" = "$after" ] || { stop_applications && switch_to "$after"; }
        next=start
        ;;
      start)
        supervising=
        if healthy; then next=cleanup && supervising=1; else next=undo; fi
        ;;
      cleanup)
        supervising=1
        if [ -d "$container/generations/$before" ]; then
          uninstall "$container/generations/$before/table" "$container/current/table" "$before"
        fi
        collect_garbage
        report succeeded 3
        next=ended
        ;;
      undo)
        undo
        next=ended
        ;;
    esac
    [ "$next" = ended ] || step "$next"
  done
  rm -rf "$own/staging" "$own"/downloads/* "$own/failure" "$own/data-before"
  rm -f "$own/journal" && sync
}

# make_room: the old goes before the new is unpacked; its package can be fetched again
make_room() {
  gap=$(next_generation)
  stop_applications
  if [ "$(current)" = "$before" ]; then
    write_generation "$gap"
    grep -v "$tab$(fact package)$tab" "$container/generations/$gap/table" | put "$container/generations/$gap/table"
    switch_to "$gap"
  fi
  sed 's/.*/&/' "$container/current/table" >"$own/tmp/rest"
  # Data stays: it may be needed again.
  sed 's/^\([^\t]*\)\t.*/\1\t-\t-\t-/' "$container/generations/$before/table" >>"$own/tmp/rest"
  uninstall "$container/generations/$before/table" "$own/tmp/rest" "$before"
}

undo() {
  supervising=
  rm -rf "$own/staging" "$own"/downloads/*
  stop_applications
  if is_whole "$before"; then
    [ "$(current)" = "$before" ] || switch_to "$before"
    supervising=1
    keep_up
    drop_new
  else
    # Old and new do not fit together, so the new goes before the old can come back.
    if [ "$(current)" = "$after" ]; then
      gap=$(next_generation)
      mkdir -p "$container/generations/$gap/active"
      while IFS=$tab read -r name version home rest; do
        [ -d "$container/$home" ] || continue
        ln -s "../../../$home" "$container/generations/$gap/active/$name"
        printf '%s\t%s\t%s\t%s\n' "$name" "$version" "$home" "$rest"
      done <"$container/generations/$before/table" >"$container/generations/$gap/table"
      cp -r "$container/generations/$before/values" "$container/generations/$gap/values"
      switch_to "$gap"
    fi
    drop_new
    collect_garbage "$before"
    restore || log 'what was there before cannot be restored'
    supervising=1
    keep_up
  fi
  collect_garbage
  report failed 3 "$(cat "$own/failure")"
}

is_whole() {
  while IFS=$tab read -r _name _version home _rest; do
    [ -d "$container/$home" ] || return 1
  done <"$container/generations/$1/table"
}

# drop_new: what the delivery brought, and the data that came with it
drop_new() {
  if [ -n "$in_place" ] && [ -f "$container/generations/$after/table" ]; then
    uninstall "$container/generations/$after/table" "$container/generations/$before/table" "$after"
  fi
  [ -f "$own/data-before" ] || return 0
  for directory in "$container"/data/*; do
    [ ! -d "$directory" ] || grep -qxF "${directory##*/}" "$own/data-before" || rm -rf "$directory"
  done
}

# restore: fetches again what is missing of the old generation, and makes it current
restore() {
  while IFS=$tab read -r name _version home package _requested _start _keep _size _check _up digest size <&4; do
    [ ! -d "$container/$home" ] || continue
    fetch "$digest" "$size" "$own/downloads/$digest" && unpack "$own/downloads/$digest" "$package" &&
      put_in_place "$package" "$before" "$name" || return 1
  done 4<"$container/generations/$before/table"
  rm -f "$own"/downloads/*
  [ "$(current)" = "$before" ] || switch_to "$before"
}

# ---- the agent -----------------------------------------------------------------------------------------------------

prepare() {
  umask 077
  rm -rf "$own/tmp"
  mkdir -p "$own/tmp" "$own/reports" "$own/ended" "$own/downloads" "$own/run"
  umask 022
  mkdir -p "$container/store" "$container/packages" "$container/generations" "$container/data" "$container/log"
  if [ ! -L "$container/current" ]; then
    mkdir -p "$container/generations/0/active" && : >"$container/generations/0/table"
    switch_to 0
  fi
  [ -s "$own/mark" ] || od -An -N12 -tx1 /dev/urandom | tr -d ' \n' | put "$own/mark"
  mark=$(cat "$own/mark")
  if [ -f "$own/identity" ]; then
    token=$(value_of token "$own/identity")
    node=$(value_of nodeAddress "$own/identity")
    interval=$(value_of pollInterval "$own/identity")
  fi
  profile >/dev/null
}

# poll: asks for tasks, and carries out those that are new
poll() {
  send_reports || return 0
  etag=$(cat "$own/tmp/etag" 2>/dev/null)
  ask "$node/device/v1/tasks" "$token" "$own/tmp/tasks" ${etag:+--header "If-None-Match: $etag"}
  if [ "$status" != 200 ]; then
    [ "$status" = 304 ] || after_failure
    return 0
  fi
  unreachable=0
  sed -n 's/^ *[Ee][Tt]ag: *//p' "$own/tmp/headers" | tr -d '\r' | tail -n 1 >"$own/tmp/etag"
  # Only BusyBox's POST is to be had, so a fresh profile goes with a registration.
  [ "$(value_of profileWanted "$own/tmp/tasks")" != true ] || register
  for delivery in $(sed -n "s/^end$tab//p" "$own/tmp/tasks"); do
    sed -n "/^task$tab$delivery\$/,/^end$tab$delivery\$/p" "$own/tmp/tasks" | put "$own/task"
    rm -f "$own/tmp/etag"
    if [ -f "$own/ended/$(ended_name)" ]; then
      repeat_report
      continue
    fi
    before=$(current) after='' in_place=''
    step download
    deliver
    send_reports
  done
}

mkdir -p "$own"
# One agent a root. A lock left behind names a process that is gone, or another one that began at another time.
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
if [ -f "$own/lock" ] && read -r pid at <"$own/lock" && [ -n "$at" ] && [ "$(began "$pid")" = "$at" ]; then
  log "another agent is running on $root"
  exit 2
fi
echo "$$ $(began $$)" | put "$own/lock"
prepare
end_leftovers
finish() {
  supervising=
  stop_applications
  exit 0
}
trap finish TERM INT HUP
supervising=1
if [ -f "$own/journal" ]; then deliver; fi
keep_up
if [ -z "$token" ] || [ -z "$node" ]; then register; fi
while :; do
  poll
  [ -z "${LEONORE_ONCE:-}" ] || exit 0
  pause_for "${LEONORE_INTERVAL:-${interval:-$default_interval}}"
done
