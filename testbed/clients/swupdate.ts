/** Debian's SWUpdate as a device has it: its daemon with the client of hawkBit, and images that it takes. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClientCommand } from './client-process.js';
import { obtainPackages, type UnpackedPackages } from './debian-packages.js';

const run = promisify(execFile);

const packages = [
  ...['swupdate', 'libswupdate0.1', 'libarchive13', 'libconfig9', 'libgpiod2', 'libjson-c5', 'liblua5.3-0'],
  ...['librsync2', 'libb2-1', 'libwebsockets17', 'libev4', 'libuv1', 'liburiparser1', 'libzck1', 'libcurl4'],
  ...['libext2fs2', 'libfdisk1', 'libnghttp2-14', 'librtmp1', 'libssh2-1', 'libpsl5'],
];

/** @returns null where it is not to be had, or does not run */
export async function obtainSwupdate(): Promise<UnpackedPackages | null> {
  const unpacked = await obtainPackages('swupdate', packages);
  if (unpacked === null) return null;
  try {
    await run(programOf(unpacked), ['--version'], { env: { LD_LIBRARY_PATH: unpacked.libraries } });
    return unpacked;
  } catch {
    return null;
  }
}

const programOf = ({ root }: UnpackedPackages): string => join(root, 'usr', 'bin', 'swupdate');

/** A key and its certificate, with which images are signed; SWUpdate takes none without. */
export async function makeImageKey(directory: string): Promise<{ key: string; certificate: string }> {
  const [key, certificate] = [join(directory, 'image.key'), join(directory, 'image.crt')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=images'],
    ...['-addext', 'extendedKeyUsage=emailProtection', '-keyout', key, '-out', certificate],
  ]);
  return { key, certificate };
}

/** An image that puts one file in its place. @returns its bytes */
export async function makeImage(
  directory: string,
  { key, certificate }: { readonly key: string; readonly certificate: string },
  { version, path, content }: { readonly version: string; readonly path: string; readonly content: string },
): Promise<Buffer> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const description = `software = {
  version = "${version}";
  hardware-compatibility: [ "2.1" ];
  files: ( { filename = "payload"; path = "${path}"; sha256 = "${sha256}"; } );
}
`;
  const [described, signature] = [join(directory, 'sw-description'), join(directory, 'sw-description.sig')];
  await writeFile(described, description);
  await run('openssl', [
    ...['cms', '-sign', '-in', described, '-out', signature, '-signer', certificate, '-inkey', key],
    ...['-outform', 'DER', '-nosmimecap', '-binary'],
  ]);
  return cpioOf([
    ['sw-description', Buffer.from(description)],
    ['sw-description.sig', await readFile(signature)],
    ['payload', Buffer.from(content)],
  ]);
}

/** An archive of cpio's "new ASCII format with checksums". */
function cpioOf(files: readonly (readonly [string, Buffer])[]): Buffer {
  const padded = (bytes: Buffer): Buffer =>
    Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  const parts = [...files, ['TRAILER!!!', Buffer.alloc(0)] as const].map(([name, content], place) => {
    const isEnd = name === 'TRAILER!!!';
    const sum = content.reduce((total, byte) => (total + byte) >>> 0, 0);
    const fields = [
      ...[isEnd ? 0 : place + 1, isEnd ? 0 : 0o100644, 0, 0, 1, 0, content.length, 0, 0, 0, 0],
      ...[name.length + 1, sum],
    ];
    const header = `070702${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
    return Buffer.concat([padded(Buffer.from(header)), padded(content)]);
  });
  return Buffer.concat(parts);
}

/**
 * How a device runs it. Its configuration is written below a directory.
 * @param confirm what it says of its last update after a restart: 2 is success
 */
export async function swupdateCommand(
  unpacked: UnpackedPackages,
  directory: string,
  told: {
    readonly url: string;
    readonly id: string;
    readonly gatewayToken: string;
    readonly certificate: string;
    /** What it says of itself beside its board. */
    readonly attributes?: Readonly<Record<string, string>>;
    readonly confirm?: 2 | 3;
  },
): Promise<ClientCommand> {
  await mkdir(directory, { recursive: true });
  const configuration = join(directory, 'swupdate.cfg');
  const attributes = {
    arch: 'armv7',
    os: 'linux',
    'hardware.board': '2.1.0',
    formats: 'swu',
    ...told.attributes,
  };
  const lines = Object.entries(attributes).map(
    ([name, value]) => `  { name = "${name}"; value = "${value}"; }`,
  );
  await writeFile(
    configuration,
    `globals : { verbose = false; loglevel = 3; syslog = false; };
identify : (
${lines.join(',\n')}
);
`,
  );
  const { url, id, gatewayToken, certificate, confirm } = told;
  const suricatta = [
    ...['-t', 'DEFAULT', '-u', url, '-i', id, '-g', gatewayToken, '-p', '1'],
    ...(confirm === undefined ? [] : ['-c', String(confirm)]),
  ];
  return {
    command: programOf(unpacked),
    args: [
      ...['-f', configuration, '-k', certificate, '-B', 'none', '-M', '-m', '-l', '3', '-H', 'meter:2.1'],
      ...['-u', suricatta.join(' ')],
    ],
    // The sockets of its processes, and what it unpacks.
    env: { LD_LIBRARY_PATH: unpacked.libraries, TMPDIR: directory, PATH: process.env['PATH'] },
  };
}
