import type { PlaceLabels } from './strategy.js';

/** Labels as an environment variable holds them: `site=b1,latitude=48.2`. */
export const labelsPattern = '^[A-Za-z0-9._/-]+=[^,=]*(,[A-Za-z0-9._/-]+=[^,=]*)*$';

export function parseLabels(text: string | undefined): PlaceLabels {
  if (text === undefined || text === '') return {};
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/**
 * The reverse. Labels come from gateways: one that cannot be written down, or that holds control characters, is left
 * out, so that it cannot keep a node from starting.
 */
export function formatLabels(labels: PlaceLabels): string {
  return Object.entries(labels)
    .filter(([, value]) => !/[,=]|\p{Cc}/u.test(value))
    .map(([key, value]) => `${key}=${value}`)
    .join();
}
