/**
 * The control scripts of a package (paper, section III-A: "in the control folder all instructions for installing,
 * uninstalling, starting and stopping this package are included"). POSIX sh with BusyBox applets only; the
 * same text in every package, since what differs stands in the tables `path` and `control/artifacts`.
 *
 * Environment that the agent gives (docs/package-format.md):
 *   LEONORE_ROOT       the container: store/, data/, current/, ...; required
 *   LEONORE_PACKAGE    the unpacked package; by default the directory above the script
 *   LEONORE_ACTIVE     a directory with a link for each artifact by name; default $LEONORE_ROOT/current/active
 *   LEONORE_KEEP_DATA  for uninstall: when not empty, data directories stay (the artifact is being replaced)
 * Environment that the scripts of an artifact get on top, with their working directory at LEONORE_HOME:
 *   LEONORE_NAME, LEONORE_VERSION, LEONORE_HOME (its files), LEONORE_DATA (its own data directory)
 */

/**
 * Columns of `control/artifacts`: one line an artifact in install order, tab separated, `-` for nothing (read
 * would swallow an empty column, because a tab counts as white space).
 */
export const artifactColumns = [
  'order',
  'name',
  'version',
  'home',
  'requested',
  'start',
  'keep',
  'size',
  'install',
  'uninstall',
  'startup',
  'stop',
  'check',
  'up',
] as const;

export type ArtifactColumn = (typeof artifactColumns)[number];

/** Variables for `read`; those that a script does not use get an underscore, which shellcheck knows. */
function readColumns(...used: ArtifactColumn[]): string {
  const names = artifactColumns.map((column) => (used.includes(column) ? column : `_${column}`));
  return `IFS=$tab read -r ${names.join(' ')}`;
}

const prelude = `set -eu
umask 022
tab=$(printf '\\t')
: "\${LEONORE_ROOT:?must name the container directory}"
LEONORE_PACKAGE=\${LEONORE_PACKAGE:-$(cd "$(dirname "$0")/.." && pwd)}
LEONORE_ACTIVE=\${LEONORE_ACTIVE:-$LEONORE_ROOT/current/active}
export LEONORE_ROOT LEONORE_PACKAGE LEONORE_ACTIVE
table=$LEONORE_PACKAGE/control/artifacts

# enter NAME VERSION HOME: the surroundings of an artifact's own scripts
enter() {
  LEONORE_NAME=$1 LEONORE_VERSION=$2 LEONORE_HOME=$LEONORE_ROOT/$3 LEONORE_DATA=$LEONORE_ROOT/data/$1
  export LEONORE_NAME LEONORE_VERSION LEONORE_HOME LEONORE_DATA
  cd "$LEONORE_HOME"
}
`;

const wantedFunction = `# wanted NAME [WANTED...]: true when NAME is among those wanted, or none is named
wanted() {
  candidate=$1
  shift
  [ $# -gt 0 ] || return 0
  case " $* " in *" $candidate "*) return 0 ;; *) return 1 ;; esac
}
`;

const install = `#!/bin/sh
# install [NAME...]: puts the named artifacts (all without a name) in place as the path file says, then runs their
# own install scripts, in order.
${prelude}
${wantedFunction}
# The files of an artifact lie together, so its directory is moved by one rename: it is in place whole or not at
# all. What is there already is left alone (its name holds a digest of its content), so running this again after
# a power cut does no harm.
last=
while IFS=$tab read -r order source destination _mode _sum; do
  [ "$order" = "$last" ] && continue
  last=$order
  inside=\${source#*/}
  from=\${source%%/*}/\${inside%%/*}
  inside=\${inside#*/}
  home=\${destination%"/$inside"}
  name=\${home#store/}
  wanted "\${name%%/*}" "$@" || continue
  if [ ! -d "$LEONORE_ROOT/$home" ]; then
    mkdir -p "$LEONORE_ROOT/\${home%/*}"
    mv "$LEONORE_PACKAGE/$from" "$LEONORE_ROOT/$home"
  fi
done <"$LEONORE_PACKAGE/path"

while ${readColumns('name', 'version', 'home', 'install')}; do
  wanted "$name" "$@" || continue
  mkdir -p "$LEONORE_ROOT/$home" "$LEONORE_ROOT/data/$name"
  [ "$install" = - ] || (enter "$name" "$version" "$home" && exec sh "./$install") </dev/null
done <"$table"
`;

const uninstall = `#!/bin/sh
# uninstall [NAME...]: runs the uninstall scripts of the named artifacts (of all without a name) in reverse order
# and removes their files, and their data unless it is to be kept. Goes on after a failure and exits 1 then.
${prelude}
${wantedFunction}
reversed=
while IFS= read -r line; do
  reversed="$line
$reversed"
done <"$table"

failed=0
while ${readColumns('name', 'version', 'home', 'keep', 'uninstall')}; do
  [ -n "$name" ] || continue
  wanted "$name" "$@" || continue
  if [ "$uninstall" != - ] && [ -f "$LEONORE_ROOT/$home/$uninstall" ]; then
    (enter "$name" "$version" "$home" && exec sh "./$uninstall") </dev/null || failed=1
  fi
  rm -rf "\${LEONORE_ROOT:?}/\${home:?}"
  rmdir "$LEONORE_ROOT/\${home%/*}" 2>/dev/null || true
  if [ "$keep" = 0 ] && [ -z "\${LEONORE_KEEP_DATA:-}" ]; then
    rm -rf "\${LEONORE_ROOT:?}/data/\${name:?}"
  fi
done <<END
$reversed
END
exit $failed
`;

const start = `#!/bin/sh
# start NAME: becomes that application, in the foreground, so that whoever started it can watch over it.
${prelude}
wanted=\${1:?must name the application}
# At the end of the table, read leaves its variables empty.
while ${readColumns('name', 'version', 'home', 'startup')}; do
  [ "$name" = "$wanted" ] && break
done <"$table"
if [ "$name" != "$wanted" ] || [ "$startup" = - ]; then
  echo "start: $wanted has nothing to start" >&2
  exit 2
fi
enter "$name" "$version" "$home"
exec sh "./$startup" </dev/null
`;

const stop = `#!/bin/sh
# stop NAME: asks that application to end, by its own stop script when it has one. The agent ends the processes
# that are left, so there is nothing to do for an application without a script.
${prelude}
wanted=\${1:?must name the application}
while ${readColumns('name', 'version', 'home', 'stop')}; do
  [ "$name" = "$wanted" ] && break
done <"$table"
if [ "$name" != "$wanted" ]; then
  echo "stop: no such application: $wanted" >&2
  exit 2
fi
[ "$stop" != - ] || exit 0
enter "$name" "$version" "$home"
exec sh "./$stop" </dev/null
`;

/** The four scripts by name. */
export const controlScripts = { install, uninstall, start, stop } as const;
