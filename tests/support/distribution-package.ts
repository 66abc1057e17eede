/** Packages as tools of Debian and OpenWrt make them, byte by byte. */
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** A member of an archive. */
export interface PackageEntry {
  readonly path: string;
  readonly text?: string;
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'Directory';
  readonly linkpath?: string;
  readonly mode?: number;
}

export function tarOf(entries: readonly PackageEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, text = '', type = 'File', linkpath = '', mode = 0o644 }) => {
    const body = Buffer.from(text);
    const header = new Header({ path, type, linkpath, mode, size: body.length, uid: 0, gid: 0 });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    return [block, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export function arOf(members: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(members).flatMap(([name, body]) => {
    const head = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`;
    const header = Buffer.from(`${head}${String(body.length).padEnd(10)}\`\n`);
    return [header, body, Buffer.alloc(body.length % 2)];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

export interface PackageContents {
  readonly control: string;
  readonly scripts?: readonly PackageEntry[];
  readonly data?: readonly PackageEntry[];
}

/** What is in a `.deb` or an `.ipk`, by name. */
export function packageMembers({
  control,
  scripts = [],
  data = [{ path: './', type: 'Directory' }],
}: PackageContents): Record<string, Buffer> {
  return {
    'debian-binary': Buffer.from('2.0\n'),
    'control.tar.gz': gzipSync(tarOf([{ path: './control', text: control }, ...scripts])),
    'data.tar.gz': gzipSync(tarOf(data)),
  };
}
