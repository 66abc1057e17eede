/**
 * A selector: a condition over a gateway's labels and profile. It chooses the gateways of a deployment and says
 * where an artifact may go. The language is small on purpose: no loops, no functions, no regular expressions, so
 * that evaluating it takes time in proportion to its length.
 *
 *   selector   = and { "||" and }
 *   and        = not { "&&" not }
 *   not        = "!" not | "(" selector ")" | condition
 *   condition  = path [ operator literal | "in" "(" literal { "," literal } ")" ]
 *   operator   = "==" | "!=" | "<" | "<=" | ">" | ">=" | "~"          ~ takes a node-semver range
 *   literal    = "text" | 'text' | number [ unit ] | true | false      unit: KiB MiB GiB kB MB GB
 *   path       = a fact of the table in facts.ts, such as labels.building, reported.site or software.tools["gcc-12"]
 */

export type Literal = string | number | boolean;
export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | '~';

export type SelectorNode =
  | { readonly type: 'or' | 'and'; readonly parts: readonly SelectorNode[] }
  | { readonly type: 'not'; readonly part: SelectorNode }
  | { readonly type: 'holds'; readonly path: FactPath }
  | {
      readonly type: 'compare';
      readonly path: FactPath;
      readonly operator: Operator;
      readonly literal: Literal;
    }
  | { readonly type: 'in'; readonly path: FactPath; readonly literals: readonly Literal[] };

/** A fact of a gateway: a fixed name (`hardware.arch`), or a collection and a key in it (`labels`, `building`). */
export interface FactPath {
  readonly name: string;
  /** Null for a fact that is a single value. */
  readonly key: string | null;
}

export interface Selector {
  readonly text: string;
  readonly root: SelectorNode;
}
