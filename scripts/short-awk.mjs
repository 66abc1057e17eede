/**
 * The same program of awk in fewer characters: names of its own get one letter, and what only people need goes.
 * Knows the awk that agent/sh/parts is written in: no getline, no comments, names of its own in lower case.
 */

/** Words of awk itself; its variables are in capitals. */
const words = new Set(
  (
    'function if else for while do in next exit return print printf delete break continue ' +
    'length substr index split sub gsub match sprintf tolower toupper int'
  ).split(' '),
);
const token =
  /\s*\n\s*|[ \t]+|[A-Za-z_]\w*|\d+(?:\.\d+)?|"(?:[^"\\]|\\.)*"|&&|\|\||\+\+|--|[-+*/%^=!<>]=|[^]/gy;
/** A slash after one of these begins a pattern; after anything else it divides. */
const beforePattern = new Set(['', '(', ',', '~', '!', '&&', '||', '{', '}', ';', '\n', '?', ':']);
const pattern = /\/(?:[^/\\[\n]|\\.|\[\^?\]?(?:[^\]\\]|\\.)*\])+\//y;

/**
 * @param program text between the quotes, without comments
 * @param given names that awk is given by `-v`
 * @returns the shorter program, and the new names of what it is given
 */
export function shortAwk(program, given) {
  const tokens = tokensOf(program);
  const names = shortNames(tokens, given);
  let short = '';
  let last = { kind: 'operator', text: ';' };
  for (const [index, token] of tokens.entries()) {
    const { kind, text } = token;
    if (kind === 'space') continue;
    if (text === '\n') {
      if (!isNeededLine(last, tokens, index)) continue;
      short += '\n';
    } else {
      if (needsSpace(last, token, tokens[index - 1]?.kind === 'space')) short += ' ';
      short += kind === 'name' ? (names.get(text) ?? text) : text;
    }
    last = token;
  }
  return { program: short, names };
}

/** One letter for each name, for those that are used most as long as there are letters. */
function shortNames(tokens, given) {
  const uses = new Map(given.map((name) => [name, 0]));
  for (const { kind, text } of tokens) if (kind === 'name') uses.set(text, (uses.get(text) ?? 0) + 1);
  const letters = [...'abcdefghijklmnopqrstuvwxyz'].filter((letter) => !uses.has(letter));
  const names = new Map();
  for (const [name] of [...uses].sort(([, left], [, right]) => right - left)) {
    if (name.length === 1) continue;
    const letter = letters.shift();
    if (letter !== undefined) names.set(name, letter);
  }
  return names;
}

/** Whether the end of a line ends a statement, too. */
function isNeededLine(last, tokens, index) {
  const next = tokens.slice(index + 1).find((other) => other.kind !== 'space');
  return next !== undefined && next.text !== '}' && !/^(?:[{;,\n]|&&|\|\||else|do)$/.test(last.text);
}

/** Whether two tokens would be read otherwise when they touch. @param spaced whether they do not in the program */
function needsSpace(last, token, spaced) {
  if (isWord(last) && isWord(token)) return true;
  if (!spaced) return false;
  // A name that is followed by a text in parentheses is no call.
  if (mayPrecedeText(last) && token.text === '(') return true;
  if (/^[-+]/.test(token.text) && /^[-+]/.test(last.text)) return true;
  return last.kind === 'word' && /^[$"/]/.test(token.text);
}

/** What a text in parentheses may be joined to, and would be called with it. */
function mayPrecedeText({ kind, text }) {
  return kind === 'name' || kind === 'number' || /^[A-Z]+$/.test(text);
}

function isWord({ kind }) {
  return kind === 'name' || kind === 'word' || kind === 'number';
}

function tokensOf(program) {
  const tokens = [];
  let last = '';
  for (let at = 0; at < program.length;) {
    pattern.lastIndex = at;
    const found = program[at] === '/' && beforePattern.has(last) ? pattern.exec(program) : null;
    token.lastIndex = at;
    const [text] = found ?? token.exec(program);
    at += text.length;
    const kind = found === null ? kindOf(text) : 'pattern';
    tokens.push({ kind, text: text.includes('\n') && kind === 'line' ? '\n' : text });
    if (kind !== 'space') last = tokens.at(-1).text;
  }
  return tokens;
}

function kindOf(text) {
  if (/^[ \t]+$/.test(text)) return 'space';
  if (/^\s+$/.test(text)) return 'line';
  if (/^[A-Z]+$/.test(text) || words.has(text)) return 'word';
  if (/^[A-Za-z_]/.test(text)) return 'name';
  return /^\d/.test(text) ? 'number' : 'operator';
}
