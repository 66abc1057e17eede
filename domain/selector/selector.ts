/** The door of this folder; the language is described in syntax.ts. */
export { matches } from './matches.js';
export { parseSelector } from './parse-selector.js';
export type { FactPath, Literal, Operator, Selector, SelectorNode } from './syntax.js';
export { readNumber, readVersion } from './values.js';
