/** The authority that a stack of one machine is certified by, made at its first start over TLS. */
import 'reflect-metadata';
import {
  createPrivateKey,
  KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate as NodeCertificate,
} from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { replaceFile } from '../trust/replace-file.js';
import { loopback } from './free-port.js';

const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
const privateMode = 0o600;
/** Gateways pin the authority, so it lasts longer than a stack for trying things out. */
const authorityDays = 3_650;
/** Browsers take none that lasts longer. */
const certificateDays = 397;
/** A certificate with less left is made anew at the next start. */
const renewedBeforeDays = 60;
/** Clocks that are somewhat behind see it as valid, too. */
const backdatedMs = 3_600_000;

export interface LocalAuthority {
  /** PEM files: what clients believe, and what api and nodes serve with. */
  readonly caPath: string;
  readonly certPath: string;
  readonly keyPath: string;
}

/**
 * The files below DIR/tls; those that are missing or end soon are made. The caller holds the lock of the data directory.
 */
export async function localAuthority(dataDir: string, nowMs: number): Promise<LocalAuthority> {
  const directory = join(dataDir, 'tls');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = (name: string): string => join(directory, name);
  const files = { caPath: path('ca.crt'), certPath: path('server.crt'), keyPath: path('server.key') };
  const ca = await readAuthority(files.caPath, path('ca.key'));
  if (ca !== null && (await lasts(files, ca.certificate, nowMs))) return files;
  const authority = ca ?? (await makeAuthority(files.caPath, path('ca.key'), nowMs));
  const { cert, key } = await certify(authority, nowMs);
  await replaceFile(files.keyPath, key, privateMode);
  await replaceFile(files.certPath, cert, privateMode);
  return files;
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

async function readAuthority(certPath: string, keyPath: string): Promise<Authority | null> {
  const [cert, key] = await Promise.all([read(certPath), read(keyPath)]);
  if (cert === null || key === null) return null;
  const der = new Uint8Array(Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, signing, false, ['sign']);
  return { certificate: new X509Certificate(cert), privateKey };
}

async function makeAuthority(certPath: string, keyPath: string, nowMs: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // Two of the same name would be taken for each other.
    name: `CN=LEONORE ${randomBytes(4).toString('hex')}`,
    ...validity(nowMs, authorityDays),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await replaceFile(keyPath, pemOf(keys.privateKey), privateMode);
  await replaceFile(certPath, `${certificate.toString('pem')}\n`, privateMode);
  return { certificate, privateKey: keys.privateKey };
}

/** A certificate for servers on this machine. */
async function certify(authority: Authority, nowMs: number): Promise<{ cert: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=LEONORE',
    issuer: authority.certificate.subject,
    ...validity(nowMs, certificateDays),
    signingAlgorithm: signing,
    signingKey: authority.privateKey,
    publicKey: keys.publicKey,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: loopback },
        { type: 'ip', value: '::1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: pemOf(keys.privateKey) };
}

/** Whether the server's files are of this authority and each other, and go on for a while. */
async function lasts(
  { certPath, keyPath }: LocalAuthority,
  ca: X509Certificate,
  nowMs: number,
): Promise<boolean> {
  const [cert, key] = await Promise.all([read(certPath), read(keyPath)]);
  if (cert === null || key === null) return false;
  const certificate = new X509Certificate(cert);
  if (certificate.notAfter.getTime() < nowMs + renewedBeforeDays * dayMs) return false;
  const isOfAuthority = await certificate.verify({ publicKey: ca.publicKey, signatureOnly: true });
  return isOfAuthority && belongTogether(cert, key);
}

function belongTogether(cert: string, key: string): boolean {
  return new NodeCertificate(cert).checkPrivateKey(createPrivateKey(key));
}

function validity(nowMs: number, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - backdatedMs), notAfter: new Date(nowMs + days * dayMs) };
}

/** Positive, and never again the same (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

function pemOf(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function read(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}
