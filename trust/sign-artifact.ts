import { signedBytes } from '../domain/trust/metadata.js';
import { artifactStatement } from '../domain/trust/statement.js';
import { sha256, type Signer } from './ed25519.js';
import { measuredArtifact } from './measured-artifact.js';

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
  const { manifest, files } = await measuredArtifact(directory, paths);
  const { sig } = signer.sign(signedBytes(artifactStatement(manifest, files, sha256)));
  return { publicKey: signer.publicKey, sig };
}
