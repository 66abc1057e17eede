/**
 * Makes the two files of the BusyBox agent of its parts in agent/sh/parts/: dist/agent/leonore-agent.sh, and
 * dist/agent/leonore-agent-signatures.sh, which verifies signatures besides. What only people need is left out: comments,
 * indentation, and long names.
 */
import { Buffer } from 'node:buffer';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shortAwk } from './short-awk.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** In this order: the first sets up what all others use, the last runs. */
const parts = [
  'surroundings',
  'asking',
  'identity',
  'profile',
  'reporting',
  'running',
  'isolation',
  'applications',
  'container',
  'packages',
  'generations',
  'delivery',
  'memory',
  'tasks',
  'signatures',
  'main',
];
/** Commands that are used so often that a function of a short name is less than what it saves. */
const often = [
  'printf',
  'grep',
  'kill',
  'cat',
  'echo',
  'sync',
  'mkdir',
  'tail',
  'rm',
  'sed',
  'head',
  'sort',
  'mkfifo',
];
/** What a wrapper gives its command each time. */
const given = { sync: '', rm: ' -f "$@"', mkdir: ' -p "$@"' };
/** Further wrappers, and what they stand for. */
const phrases = { plainly: 'printf %s', take: 'read -r' };
/** Where the shell takes a word for a command: words of messages, of awk and of JSON stay. */
const commands =
  /(?<=^|[;&|(){!] ?|\b(?:if|then|else|elif|while|until|do|in_time|trap|limited \S+) )[a-z]\w*(?=[\s;)&|<>]|\(\) |$)/gm;
/** What docs/gateway.md says of it: it lies beside the applications on a disk of 16 MB. */
const mostBytes = 32 * 1024;

mkdirSync(join(root, 'dist/agent'), { recursive: true });
write('leonore-agent.sh', assembled(false), mostBytes);
write('leonore-agent-signatures.sh', assembled(true), 2 * mostBytes);

function write(name, agent, mostBytes) {
  const bytes = Buffer.byteLength(agent);
  if (bytes >= mostBytes)
    throw new Error(`${name} takes ${String(bytes)} bytes, not under ${String(mostBytes)}`);
  const target = join(root, 'dist/agent', name);
  writeFileSync(target, agent);
  chmodSync(target, 0o755);
}

/** @param withSignatures whether it is the one that verifies them */
function assembled(withSignatures) {
  const source = parts
    .filter((name) => withSignatures || name !== 'signatures')
    .map((name) => readFileSync(join(root, 'agent/sh/parts', `${name}.sh`), 'utf8'))
    .join('');
  const own = withSignatures ? 'with_signatures ' : 'without_signatures ';
  const lines = source
    .split('\n')
    .map((line) => line.replace(/^\t+/, ''))
    .map((line) => (line.startsWith(own) ? line.slice(own.length) : line))
    .filter((line) => line !== '' && !/^(?:#|with(?:out)?_signatures )/.test(line))
    // Not where it is part of a variable's name, or a value.
    .map((line) => (/read -r|columns /.test(line) ? line.replace(/ _[a-z]+\b/g, ' _') : line))
    .map((line) => line.replace(/ (&&|\|\|) /g, '$1'))
    .map((line) => line.replace(/\b((?:head|tail) -[nc]|cut -[cdf]) (?=["'\d$+])/g, '$1'))
    .join('\n');
  return shortened(lines);
}

/** The same agent in fewer characters. */
function shortened(lines) {
  const functions = [...lines.matchAll(/^([a-z]\w*)\(\) /gm)]
    .map((match) => match[1])
    .concat(often, Object.keys(phrases));
  /** Programs for awk and for shells of their own are shortened by themselves, or not at all, and put back in the end. */
  const programs = [];
  const shell = lines
    .replace(/(?<=\bsh -c |\bscene=)'([^']*)'/g, (_all, program) => kept(tightProgram(program)))
    .replace(
      /(?<=\b(?:awk|rows) )((?:-v \w+=(?:"[^\n]*?"|\S+)(?: (?:\\\n)?))*)'([^']*)'/g,
      (_all, given, program) => {
        const short = shortAwk(
          program,
          [...given.matchAll(/-v (\w+)=/g)].map(([, name]) => name),
        );
        return (
          given.replace(/(?<=-v )\w+(?==)/g, (name) => short.names.get(name) ?? name) + kept(short.program)
        );
      },
    );
  const wrappers = often.map((name) => `${name}() { \\${name}${given[name] ?? ' "$@"'}; }\n`).join('');
  const phraseWrappers = Object.entries(phrases)
    .map(([name, phrase]) => `${name}() { \\${phrase} "$@"; }\n`)
    .join('');
  const plain = unquoted(
    shell.replace(/\brm -(r?)f /g, (_all, tree) => (tree === '' ? 'rm ' : 'rm -r ')),
  ).replace(/\bmkdir -p /g, 'mkdir ');
  const named = withShortVariables(functions, `${wrappers}${phraseWrappers}${plain}`);
  const text = tightened(withShortFiles(withShortFunctions(functions, withPhrases(named)))).replace(
    // eslint-disable-next-line no-control-regex -- the mark that no source has
    /\u0001(\d+)\u0001/g,
    (_all, index) => programs[Number(index)],
  );
  return `#!/bin/sh\n# See docs/gateway.md.\n${text}\n`;

  function kept(program) {
    programs.push(program);
    return `'\u0001${programs.length - 1}\u0001'`;
  }
}

/** Where a command begins with the words of a phrase, the name of its wrapper. */
function withPhrases(script) {
  return Object.entries(phrases).reduce(
    (text, [name, phrase]) => text.replace(new RegExp(`(?<![\\\\\\w]|=\\S* )${phrase} `, 'g'), `${name} `),
    script,
  );
}

/**
 * Without quotes around what holds neither white space nor patterns: places in the container, whose root is refused
 * otherwise, and names that were checked. A word of such a name alone may be empty, and keeps them.
 */
function unquoted(script) {
  const places =
    'container gens packages link table staged manifest placements own root level mark user group tree old to started name home package before next';
  const numbers =
    'naps attempts left patient rounds status pause counter now due delay restarts failed least asked begun came ' +
    'came_before free deadline number opens period';
  const names = 'after artifact app unit units child reader asking pid app_pid wanted_package';
  const place = new RegExp(`\\$(?:${`${places} ${numbers}`.replaceAll(' ', '|')})(?!\\w)`);
  const either = `\\$(?:${`${places} ${numbers} ${names}`.replaceAll(' ', '|')})(?!\\w)`;
  const word = new RegExp(`(?<!-[nz] )"((?:${either}|[A-Za-z0-9_./-])+)"`, 'g');
  // Names of generations, packages and groups of processes.
  const ofPlace = /"(\$(?:gens|packages|group)\/\$1(?:\/[\w.]+)?)"/g;
  return script.replace(ofPlace, '$1').replace(word, (quoted, text) => {
    const isNeverEmpty = place.test(text) || (text.includes('$') && /[\w/]/.test(text.replace(/\$\w+/g, '')));
    return isNeverEmpty ? text : quoted;
  });
}

/** A program for a shell of its own: it is quoted as a whole, so less can be said of it. */
function tightProgram(program) {
  return program
    .replace(/ \| /g, '|')
    .replace(/; (?=(?:do|done|then)\b)/g, ';')
    .replace(/ ;; esac/g, ';;esac')
    .replace(/ ?(&&|\|\|)\n/g, '$1');
}

/** Names by length: one letter, then two. Functions and variables may have the same, and there are no commands of these. */
function shortNames() {
  const letters = [...'abcdefghijklmnopqrstuvxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  return [...letters, ...letters.flatMap((first) => [...'0123456789'].map((second) => first + second))];
}

/** Gives functions short names, the most used the shortest. */
function withShortFunctions(functions, script) {
  const names = shortNames();
  const uses = new Map(functions.map((name) => [name, 0]));
  for (const [name] of script.matchAll(commands)) if (uses.has(name)) uses.set(name, uses.get(name) + 1);
  const ordered = [...uses].sort(([, left], [, right]) => right - left);
  const short = new Map(ordered.map(([name], index) => [name, names[index]]));
  return script.replace(commands, (name) => short.get(name) ?? name);
}

/**
 * Gives the shell's variables short names, the most used the shortest. Only where the shell itself reads a name: words of
 * messages and names of awk's own (`-v name=`) stay.
 */
function withShortVariables(functions, script) {
  const given = [
    /(?<=(?:^|[\s;&|(){`])(?<!-[vo] ))[a-z]\w*(?==)/gm,
    /(?<=\b(?:read -r|columns) (?:\w+ )*)[a-z]\w*/g,
    /(?<=\bfor )[a-z]\w*(?=;| in\b)/g,
  ];
  const read = [/(?<=\$(?:\{#?)?)[a-z]\w*/g, /(?<=\$\(\((?:(?!\)\)).)*)(?<![\w$])(?<!\$\()[a-z]\w*/g];
  const uses = new Map();
  for (const place of given) for (const [name] of script.matchAll(place)) uses.set(name, 0);
  // Those are dd's, and one is of a range.
  for (const operand of ['count', 'seek', 'bytes']) uses.delete(operand);
  // In arithmetic a name may be that of a function in a command within.
  const both = functions.filter((name) => uses.has(name));
  if (both.length > 0) throw new Error(`names of functions and of variables: ${both.join(', ')}`);
  for (const place of [...given, ...read]) {
    for (const [name] of script.matchAll(place)) if (uses.has(name)) uses.set(name, uses.get(name) + 1);
  }
  // What is named by one letter or two already keeps its name.
  const taken = new Set([...uses.keys()].filter((name) => name.length < 3));
  const names = shortNames().filter((name) => !taken.has(name));
  const renamed = new Map();
  for (const [name] of [...uses].sort(([, left], [, right]) => right - left)) {
    if (name.length < 3) continue;
    const candidate = names.shift();
    renamed.set(name, candidate.length < name.length ? candidate : name);
  }
  return [...given, ...read].reduce(
    (text, place) => text.replace(place, (name) => renamed.get(name) ?? name),
    script,
  );
}

/** Nobody but the agent knows the names of its temporary files, and none of them outlives it. */
function withShortFiles(script) {
  const file = /(?<=\btmp\/)[a-z]+/g;
  const files = [...new Set([...script.matchAll(file)].map(([name]) => name))];
  return script.replace(file, (name) => shortNames()[files.indexOf(name)]);
}

/** Without the spaces and ends of lines that only people need. */
function tightened(script) {
  return (
    script
      .replace(/\$\(\((?:(?!\)\)|\$\(|").)*\)\)/g, (sum) => sum.replace(/ /g, ''))
      .replace(/ \| /g, '|')
      // What failed before gives its status.
      .replace(/\|\| ?return 1\b/g, '||return')
      .replace(/ ?(&&|\|\||\|)(?: ?\\)?\n/g, '$1')
      .replace(/ \\\n/g, ' ')
      .replace(/ ;;$/gm, ';;')
      .replace(/\[ -n ("[^"\n]*") \]/g, '[ $1 ]')
      .replace(/\[ -z ("[^"\n]*") \]/g, '[ ! $1 ]')
      .replace(/<<-END$/gm, '<<E')
      .replace(/^END$/gm, 'E')
      .replace(/ \+ (?=0x\$)/g, '+')
      .replace(/ ?([-+*/%]) (\$?\(?[\w$]+\)\))/g, '$1$2')
      .replace(/ ?;; ?(?=esac|\S+\))/g, ';;')
      .replace(/ ;; esac/g, ';;esac')
      // The last command of a case needs no more than an end.
      .replace(/(?<=[^\s);]);;\n?(?=esac\b)/g, (end) => (end.endsWith('\n') ? '\n' : ';'))
      .replace(/^([^\s()$`]+\)|\*"[^\n]*\*\))\n/gm, '$1')
      .replace(/(?<=[^\s;]);?\n;;/g, ';;')
      // A pattern of `case` and its command.
      .replace(/((?:\bin |;;|^)[^\s()"'`]+\)) (?=[^\s;])/gm, '$1')
      .replace(/\(\) \{/g, '(){')
      .replace(/; (?=[}]|(?:do|then|done|fi|else|elif|esac)\b)/gm, ';')
      .replace(/(?<=[")}\w]) &$/gm, '&')
      .replace(/(?<=\b(?:n|head|cut) -[a-z]) (?=\d)/g, '')
      .replace(/(?<=["'\]})a-zA-Z]) (?=[<>])/g, '')
      .replace(/(?<=(?:^|[ ;&|(){])\w+)=''(?=[ \n;])/gm, '=')
  );
}
