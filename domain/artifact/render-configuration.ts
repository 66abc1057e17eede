import type { Configuration } from './manifest.js';
import { LeonoreError } from '../errors.js';

const placeholder = /\{\{\s*([A-Za-z0-9_.-]{1,64})\s*\}\}/g;

/** The keys that a template names. */
export function templateKeys(template: string): string[] {
  return [...template.matchAll(placeholder)].map(([, key = '']) => key);
}

/**
 * Renders a configuration: `{{key}}` becomes the value of the key.
 * @throws LeonoreError MALFORMED_ARTIFACT when the template names a key that has no value
 */
export function renderConfiguration(configuration: Configuration): string {
  return configuration.template.replace(placeholder, (_match, key: string) => {
    const value = configuration.values?.[key];
    if (value === undefined) {
      throw new LeonoreError(
        'MALFORMED_ARTIFACT',
        `the template of "${configuration.path}" names "${key}", which has no value`,
      );
    }
    return value;
  });
}
