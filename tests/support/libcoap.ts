/** Debian's libcoap: its command-line client, as a device or a person has it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { obtainPackages, type UnpackedPackages } from '../../testbed/clients/debian-packages.js';

const run = promisify(execFile);

const programOf = ({ root }: UnpackedPackages): string => join(root, 'usr', 'bin', 'coap-client-notls');

/** @returns null where it is not to be had, or does not run */
export async function obtainLibcoap(): Promise<UnpackedPackages | null> {
  const unpacked = await obtainPackages('libcoap', ['libcoap3-bin', 'libcoap3']);
  if (unpacked === null) return null;
  // It prints its help and ends with 1.
  const { stderr } = await run(programOf(unpacked), ['-h'], { env: environmentOf(unpacked) }).then(
    (told) => told,
    (error: unknown) => error as { readonly stderr: string },
  );
  return stderr.includes('CoAP implementation') ? unpacked : null;
}

const environmentOf = ({ libraries }: UnpackedPackages): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  LD_LIBRARY_PATH: libraries,
});

export interface LibcoapAnswer {
  readonly body: Buffer;
  /** What it says of an answer that is an error: its code and its payload. */
  readonly complaint: string;
}

/**
 * One request.
 * @param words options of the client, and the address
 * @param output file that it writes what it gets to
 */
export async function coapClient(
  unpacked: UnpackedPackages,
  output: string,
  ...words: readonly string[]
): Promise<LibcoapAnswer> {
  const { stderr, stdout } = await run(programOf(unpacked), ['-v', '3', '-B', '60', '-o', output, ...words], {
    env: environmentOf(unpacked),
  });
  const body = await readFile(output).catch(() => Buffer.alloc(0));
  return { body, complaint: `${stdout}${stderr}` };
}
