import { readFile } from 'node:fs/promises';
import { LeonoreError } from '../../domain/errors.js';
import type { AgentOptions } from '../options.js';
import { isMissing } from './atomic-file.js';

/**
 * What the gateway enrols with; undefined when it has nothing any more.
 * @param isKnown LEONORE knows the gateway already
 * @throws LeonoreError MALFORMED_INPUT when there is nothing, and LEONORE does not know it either
 */
export async function enrolmentTokenOf(
  { enrolmentToken, enrolmentTokenFile }: Pick<AgentOptions, 'enrolmentToken' | 'enrolmentTokenFile'>,
  isKnown: boolean,
): Promise<string | undefined> {
  const token = enrolmentToken ?? (await contentOf(enrolmentTokenFile));
  if (token !== undefined && token !== '') return token;
  if (isKnown) return undefined;
  throw new LeonoreError(
    'MALFORMED_INPUT',
    'No enrolment token: give --enrolment-token or --enrolment-token-file, or set LEONORE_ENROLMENT_TOKEN.',
  );
}

async function contentOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
