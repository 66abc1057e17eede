/** An index of invented packages, on which a request has one answer at most: what to compare solvers with. */

/** Numbers that look random and are the same in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    // Numerical Recipes' linear congruential generator; its high bits are good enough here.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Invented {
  readonly name: string;
  readonly version: string;
  readonly older: string;
}

const packages = 300;

/**
 * The text of a `Packages` file. Each package needs some of those before it: with bounds around the version that there is, by
 * the only alternative that there is, or by a name that one of them alone provides. Some need what cannot be, or what breaks
 * something else that they need.
 */
export function inventedFeed(seed: number): { readonly index: string; readonly names: readonly string[] } {
  const random = numbersFrom(seed);
  const made: Invented[] = [];
  const paragraphs: string[] = [];
  for (let at = 0; at < packages; at += 1) {
    const one = invented(at, random);
    const depends = dependsOf(made, at, random);
    const lines = [`Depends: ${depends.join(', ')}`].filter(() => depends.length > 0);
    if (at % 10 === 0) lines.push(`Provides: virtual-${at}${random(2) === 0 ? ` (= ${one.version})` : ''}`);
    // As replacements are written: what provides a name keeps others away that do, but not itself.
    if (at % 20 === 0) lines.push(`Conflicts: virtual-${at}`);
    const [earlier] = made.slice(random(made.length + 1));
    if (earlier !== undefined && random(3) === 0) lines.push(`Breaks: ${earlier.name} (<< ${earlier.older})`);
    made.push(one);
    paragraphs.push(paragraph(one.name, one.version, lines));
    // An older version, which nobody has a reason to take.
    if (at % 7 === 0) paragraphs.push(paragraph(one.name, one.older, lines));
  }
  const some = (): Invented => made[random(made.length)] as Invented;
  for (let at = 0; at < 20; at += 1) {
    const [first, second] = [some(), some()];
    paragraphs.push(
      paragraph(`too-new-${at}`, '1-1', [`Depends: ${first.name} (>> ${first.version})`]),
      paragraph(`breaker-${at}`, '1-1', [`Breaks: ${second.name} (<= ${second.version})`]),
      paragraph(`torn-${at}`, '1-1', [`Depends: breaker-${at}, ${second.name}`]),
    );
  }
  const names = paragraphs.map((text) => /^Package: (.*)$/mu.exec(text)?.[1] ?? '');
  return { index: paragraphs.join('\n'), names: [...new Set(names)] };
}

function invented(at: number, random: (below: number) => number): Invented {
  const epoch = random(8) === 0 ? `${1 + random(2)}:` : '';
  const upstream = `${random(3)}.${1 + random(30)}${random(2) === 0 ? `.${random(40)}` : ''}`;
  const more = ['', '', '+dfsg', 'b', '+git20230101.1'][random(5)] ?? '';
  const revision = 2 + random(20);
  const version = `${epoch}${upstream}${more}-${revision}${random(4) === 0 ? '+deb12u1' : ''}`;
  const older = [`${epoch}${upstream}~rc1-1`, `${epoch}${upstream}${more}-${revision - 1}`][random(2)] ?? '';
  return { name: `pkg-${at}`, version, older };
}

function dependsOf(made: readonly Invented[], at: number, random: (below: number) => number): string[] {
  return Array.from({ length: made.length === 0 ? 0 : random(4) }, () => {
    const one = made[random(made.length)] as Invented;
    const bound = [
      one.name,
      `${one.name} (>= ${one.older})`,
      `${one.name} (>> ${one.older})`,
      `${one.name} (= ${one.version})`,
      `${one.name} (<= ${one.version})`,
      `${one.name} (<< ${one.version}.1)`,
    ][random(6)];
    switch (random(5)) {
      case 0:
        return `nobody-has-${at} | ${bound ?? one.name}`;
      case 1:
        return `${one.name} (<< ${one.older}~) | ${one.name} (>= ${one.version})`;
      case 2:
        return `virtual-${Math.floor(random(made.length) / 10) * 10}`;
      default:
        return bound ?? one.name;
    }
  });
}

function paragraph(name: string, version: string, lines: readonly string[]): string {
  const file = `${name}_${version.replace(/^\d+:/u, '')}_amd64.deb`;
  return [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: amd64',
    'Maintainer: nobody <nobody@example.org>',
    ...lines,
    `Filename: ./${file}`,
    'Size: 1000',
    'Installed-Size: 3',
    `SHA256: ${'0'.repeat(64)}`,
    `Description: ${name}`,
    '',
  ].join('\n');
}
