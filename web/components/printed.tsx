import { printableLines } from '../logic/text.js';

/** What a script or a build printed: scrolled by itself, with the keyboard too. @param what it is, for who cannot see it */
export function Printed({ what, text }: { readonly what: string; readonly text: string }) {
  return (
    <pre tabIndex={0} role="group" aria-label={what}>
      {printableLines(text)}
    </pre>
  );
}
