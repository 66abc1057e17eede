/**
 * What stands in a script and is not POSIX sh: gateways run scripts with BusyBox or dash, where it fails or, worse, means
 * something else. Cheap on purpose: words and signs that no POSIX script has outside quotes, comments and here-documents.
 */

/** Something in a script that is not POSIX sh. */
export interface ShellLint {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly message: string;
  /** Whether it is looked for inside double quotes too, where parameters are expanded. */
  readonly expands?: true;
}

/** Where a command can begin. */
const command = String.raw`(?:^|[;&|(]|\b(?:then|do|else|if|while|until|!))\s*`;

const rules: readonly Rule[] = [
  { pattern: /(?:^|[\s;&|(!])\[\[\s/u, message: '[[ ]] is of bash: use [ ]' },
  {
    pattern: new RegExp(String.raw`${command}function\s+\w`, 'u'),
    message: 'write `name() {`, without `function`',
  },
  { pattern: /(?:^|[\s;&|(!])\[\s(?:[^\]]*\s)==\s/u, message: '== is of bash: use =' },
  { pattern: new RegExp(String.raw`${command}source\s`, 'u'), message: 'source is of bash: use `. ./FILE`' },
  {
    pattern: new RegExp(
      String.raw`${command}(?:declare|typeset|let|shopt|pushd|popd|mapfile|readarray|select)\s`,
      'u',
    ),
    message: 'a command that only bash has',
  },
  { pattern: /(?:^|[\s;])\w+\+?=\(/u, message: 'sh has no arrays' },
  { pattern: /(?:^|[\s;])\w+\+=/u, message: '+= is of bash: name the variable twice' },
  { pattern: /<<</u, message: '<<< is of bash: use a here-document or printf with a pipe' },
  { pattern: /&>/u, message: '&> is of bash, and in sh starts a job in the background: use >FILE 2>&1' },
  { pattern: /\|&/u, message: '|& is of bash: use 2>&1 |' },
  { pattern: /[<>]\(/u, message: 'process substitution is of bash' },
  {
    pattern: /(?:^|[;&|]|\b(?:then|do|else|if|while|until))\s*\(\(/u,
    message: '(( )) is of bash: use [ ] with $(( ))',
  },
  { pattern: /(?:^|\s)[^\s'"$]*\{\w+\.\.\w+\}/u, message: '{1..9} is of bash: use seq or a loop' },
  {
    pattern: new RegExp(String.raw`${command}echo\s+-[neE]*e`, 'u'),
    message: 'echo -e differs from shell to shell: use printf',
  },
  { pattern: /\$\{!\w/u, message: 'indirect names are of bash', expands: true },
  { pattern: /\$\{\w+\/{1,2}/u, message: '${x/a/b} is of bash: use sed', expands: true },
  { pattern: /\$\{\w+(?:\^|,)/u, message: '${x^^} and ${x,,} are of bash: use tr', expands: true },
  { pattern: /\$\{\w+:[\s\d(]/u, message: '${x:1:2} is of bash: use cut or ${x#...}', expands: true },
  { pattern: /\$\{\w+\[/u, message: 'sh has no arrays', expands: true },
  {
    pattern: /\$\{?(?:RANDOM|BASH_\w+|EUID|HOSTNAME|SECONDS|PIPESTATUS|FUNCNAME)\b/u,
    message: 'a variable that only bash sets',
    expands: true,
  },
];

/** All that is found, by line; a script for another interpreter altogether is told once. */
export function shellLints(text: string): ShellLint[] {
  const lints: ShellLint[] = [];
  const interpreter = /^#!\s*(\S+)(?:\s+(\S+))?/u.exec(text);
  if (interpreter !== null) {
    const [, program = '', argument = ''] = interpreter;
    const name = (/\/env$/u.test(program) ? argument : program).replace(/^.*\//u, '');
    if (name !== 'sh' && name !== 'ash' && name !== 'dash')
      lints.push({
        line: 1,
        message: `it is run with sh, whatever its first line says: ${JSON.stringify(name)}`,
      });
    // Of another language every line would be wrong.
    if (!/^(?:ba|z|k|da|a)?sh$/u.test(name)) return lints;
  }
  if (/\r$/mu.test(text))
    lints.push({
      line: 1,
      message: 'lines end with a carriage return, which sh takes for a part of the last word',
    });
  visibleLines(text).forEach(({ bare, expanding }, index) => {
    for (const { pattern, message, expands } of rules)
      if (pattern.test(expands === true ? expanding : bare)) lints.push({ line: index + 1, message });
  });
  return lints;
}

type Quote = '"' | "'" | null;

interface VisibleLine {
  /** What is neither quoted, nor a comment, nor in a here-document. */
  readonly bare: string;
  /** The same, and what stands in double quotes. */
  readonly expanding: string;
}

/** The lines of a script with blanks for what says nothing to the shell. */
function visibleLines(text: string): VisibleLine[] {
  const lines: VisibleLine[] = [];
  let quote: Quote = null;
  const documents: { readonly end: string; readonly strips: boolean }[] = [];
  for (const line of text.split('\n')) {
    const [document] = documents;
    if (document !== undefined && quote === null) {
      if ((document.strips ? line.replace(/^\t+/u, '') : line) === document.end) documents.shift();
      lines.push({ bare: '', expanding: '' });
      continue;
    }
    const read = readLine(line, quote);
    const { bare, expanding } = read;
    quote = read.quote;
    // The names of here-documents may be quoted, so they are read from the line as it was written.
    if (/(?<!<)<<(?!<)/u.test(bare)) {
      for (const [, dash, , end = ''] of line.matchAll(/(?<!<)<<(-?)\s*(["'\\]?)([\w.-]+)/gu))
        documents.push({ end, strips: dash === '-' });
    }
    lines.push({ bare, expanding });
  }
  return lines;
}

/** Reads one line of a script. @param open the quote that an earlier line has opened */
function readLine(line: string, open: Quote): VisibleLine & { readonly quote: Quote } {
  let quote = open;
  let bare = '';
  let expanding = '';
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at] ?? '';
    if (quote === null && sign === '#' && (at === 0 || /[\s;&|(]/u.test(line[at - 1] ?? ''))) break;
    if (sign === '\\' && quote !== "'") {
      at += 1;
      bare += '__';
      expanding += '__';
    } else if (sign === quote) {
      quote = null;
      bare += '_';
      expanding += '_';
    } else if (quote === null && (sign === '"' || sign === "'")) {
      quote = sign;
      bare += '_';
      expanding += '_';
    } else {
      bare += quote === null ? sign : '_';
      expanding += quote === "'" ? '_' : sign;
    }
  }
  return { bare, expanding, quote };
}
