/** Clauses of a selector that a press on a label puts in and takes out. */

/** `labels.site == "b1"`; odd keys in brackets. */
export function labelClause(key: string, value: string): string {
  const path = /^[A-Za-z_]\w*$/u.test(key) ? `labels.${key}` : `labels[${textOf(key)}]`;
  return `${path} == ${textOf(value)}`;
}

/** Only these two are escaped in a selector. */
function textOf(value: string): string {
  return `"${value.replace(/["\\]/gu, '\\$&')}"`;
}

/** Whether a clause stands in a selector between its ands, outermost. */
export function hasClause(select: string, clause: string): boolean {
  return partsOf(select).includes(clause);
}

/** The selector with a clause besides, or without it. */
export function toggledClause(select: string, clause: string): string {
  const parts = partsOf(select);
  if (parts.includes(clause)) return parts.filter((part) => part !== clause).join(' && ');
  if (parts.length === 0) return clause;
  // What stands beside an `or` binds weaker than an `and`.
  const before = hasOutermostOr(select) ? `(${select.trim()})` : select.trim();
  return `${before} && ${clause}`;
}

function partsOf(select: string): string[] {
  if (hasOutermostOr(select)) return [select.trim()];
  return splitOutermost(select, '&&')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function hasOutermostOr(select: string): boolean {
  return splitOutermost(select, '||').length > 1;
}

/** Splits where an operator stands outside of parentheses and quotes. */
function splitOutermost(select: string, operator: '&&' | '||'): string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let at = 0; at < select.length; at += 1) {
    const sign = select[at];
    if (sign === '"' || sign === "'") at = endOfQuote(select, at, sign);
    else if (sign === '(') depth += 1;
    else if (sign === ')') depth -= 1;
    else if (depth === 0 && select.startsWith(operator, at)) {
      parts.push(select.slice(begin, at));
      begin = at + operator.length;
      at = begin - 1;
    }
  }
  return [...parts, select.slice(begin)];
}

function endOfQuote(select: string, begin: number, quote: string): number {
  let at = begin + 1;
  while (at < select.length && select[at] !== quote) at += select[at] === '\\' ? 2 : 1;
  return at;
}
