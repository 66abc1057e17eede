/**
 * The text form of what others have signed, for agents that have a shell and no JSON parser (text-form.ts): lines of
 * `key TAB value`. What is signed is the canonical JSON that follows `signed`, `artifact` or `build`, byte for byte, so that
 * nothing has to be put in order before a signature can be verified.
 *
 *   metadata                            statements of a package
 *     signed         JSON                 then for each of an artifact's publisher:
 *     signature      KEY ID TAB HEX         artifact       JSON
 *                    (any number)           signature      KEY ID TAB HEX  (any number)
 *                                         then for each of a builder:
 *                                           build          JSON
 *                                           signature      KEY ID TAB HEX  (any number)
 */
import { canonicalJson } from '../canonical-json.js';
import type { Envelope } from '../trust/metadata.js';
import type { PackageStatements } from '../trust/statement.js';
import { render } from './text-form.js';

/** Renders a file of metadata, whatever its role. */
export function renderMetadataText(envelope: Envelope<unknown>): string {
  return render(linesOf('signed', envelope));
}

/** Renders what was signed of the artifacts of a package. */
export function renderStatementsText({ artifacts, builds }: PackageStatements): string {
  return render([
    ...artifacts.flatMap((statement) => linesOf('artifact', statement)),
    ...builds.flatMap((statement) => linesOf('build', statement)),
  ]);
}

function linesOf(key: string, { signed, signatures }: Envelope<unknown>): string[][] {
  return [[key, canonicalJson(signed)], ...signatures.map(({ keyid, sig }) => ['signature', keyid, sig])];
}
