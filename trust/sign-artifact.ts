import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkContent } from '../domain/artifact/check-content.js';
import { manifestName } from '../domain/artifact/manifest.js';
import { readManifest } from '../domain/artifact/read-manifest.js';
import { withMeasuredSizes, type ArtifactFile } from '../domain/artifact/variant-files.js';
import { signedBytes } from '../domain/trust/metadata.js';
import { artifactStatement } from '../domain/trust/statement.js';
import { sha256, type Signer } from './ed25519.js';

/**
 * Signs the artifact of a directory where it lies: the private key leaves this machine for nobody. A file that changes
 * before it is sent makes the signature one of something else, which the server refuses.
 *
 * @param paths of its files, artifact.yaml among them, relative to the directory
 * @returns public key and signature, as the server takes them
 * @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE
 */
export async function signArtifact(
  directory: string,
  paths: readonly string[],
  signer: Signer,
): Promise<{ readonly publicKey: string; readonly sig: string }> {
  const files: ArtifactFile[] = [];
  for (const path of paths) {
    if (path !== manifestName) files.push(await measured(directory, path));
  }
  const text = await readFile(join(directory, manifestName), 'utf8');
  const manifest = withMeasuredSizes(readManifest(text, manifestName), files);
  checkContent(manifest, files);
  const { sig } = signer.sign(signedBytes(artifactStatement(manifest, files, sha256)));
  return { publicKey: signer.publicKey, sig };
}

async function measured(directory: string, path: string): Promise<ArtifactFile> {
  const file = join(directory, path);
  const { mode, size } = await stat(file);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  // As the server takes it: whoever may run it at all, all may.
  return {
    path,
    sha256: hash.digest('hex'),
    sizeBytes: size,
    mode: (mode & 0o111) === 0 ? '0644' : '0755',
  };
}
