/**
 * `node scripts/package-agent.mjs DIRECTORY`: the BusyBox agent as packages for devices, leonore-agent_VERSION_all.deb
 * (dpkg) and leonore-agent_VERSION_all.ipk (opkg). Both are archives of the same files, written here, so that nothing is
 * needed to make them: a deb is an ar archive of debian-binary, control.tar.gz and data.tar.gz; an ipk is a gzip tar of
 * the three. The same sources give the same bytes.
 */
import { Buffer } from 'node:buffer';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = process.argv[2];
if (target === undefined) {
  process.stderr.write('usage: node scripts/package-agent.mjs DIRECTORY\n');
  process.exit(2);
}
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const read = (path) => readFileSync(join(root, path));
const packaging = (name) => read(join('agent/packaging', name));

const data = [
  ['etc/leonore/agent.conf', 0o600, packaging('agent.conf')],
  // The one that verifies signatures where the device has a tool for them.
  ['usr/lib/leonore/leonore-agent.sh', 0o755, read('dist/agent/leonore-agent-signatures.sh')],
  ['usr/lib/leonore/leonore-agent.init', 0o755, packaging('leonore-agent.init')],
  ['usr/lib/leonore/leonore-agent.openrc', 0o755, packaging('leonore-agent.openrc')],
  ['usr/lib/systemd/system/leonore-agent.service', 0o644, packaging('leonore-agent.service')],
  ['usr/sbin/leonore-gateway', 0o755, packaging('leonore-gateway')],
];
const control = [
  [
    'control',
    0o644,
    `Package: leonore-agent
Version: ${version}
Architecture: all
Maintainer: LEONORE
Section: net
Priority: optional
Installed-Size: ${Math.ceil(data.reduce((total, [, , content]) => total + content.length, 0) / 1024)}
Description: LEONORE gateway agent for devices with BusyBox
`,
  ],
  ['conffiles', 0o644, '/etc/leonore/agent.conf\n'],
];

const dataTar = gzip(tar(data));
const controlTar = gzip(tar(control));
const binary = Buffer.from('2.0\n');
mkdirSync(target, { recursive: true });
writeFileSync(
  join(target, `leonore-agent_${version}_all.deb`),
  ar([
    ['debian-binary', binary],
    ['control.tar.gz', controlTar],
    ['data.tar.gz', dataTar],
  ]),
);
writeFileSync(
  join(target, `leonore-agent_${version}_all.ipk`),
  gzip(
    tar([
      ['debian-binary', 0o644, binary],
      ['control.tar.gz', 0o644, controlTar],
      ['data.tar.gz', 0o644, dataTar],
    ]),
  ),
);

function gzip(bytes) {
  return gzipSync(bytes, { level: 9 });
}

/** ustar, with an entry for each directory, owner root and one fixed time. */
function tar(files) {
  const directories = new Set(['./']);
  for (const [path] of files) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      directories.add(`./${path.slice(0, slash + 1)}`);
    }
  }
  const entries = [
    ...[...directories].sort().map((path) => [path, 0o755, Buffer.alloc(0), '5']),
    ...files.map(([path, mode, content]) => [`./${path}`, mode, Buffer.from(content), '0']),
  ];
  const blocks = entries.flatMap(([path, mode, content, type]) => [
    header(path, mode, content.length, type),
    content,
    Buffer.alloc((512 - (content.length % 512)) % 512),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function header(path, mode, size, type) {
  const block = Buffer.alloc(512);
  const octal = (value, digits) => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(path, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(946_684_800, 11), 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\u000000', 257);
  block.write('root', 265);
  block.write('root', 297);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}

/** ar(5): a header of 60 bytes before each member, members padded to even lengths. */
function ar(members) {
  const parts = [Buffer.from('!<arch>\n')];
  for (const [name, content] of members) {
    const fields = [
      name.padEnd(16),
      '946684800'.padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
    ];
    parts.push(Buffer.from(`${fields.join('')}${String(content.length).padEnd(10)}\`\n`), content);
    if (content.length % 2 === 1) parts.push(Buffer.from('\n'));
  }
  return Buffer.concat(parts);
}
