/**
 * The paper's smaller package, about 120 KB: a temperature application for the Sedona virtual machine, with the
 * machine itself. Sedona is not ours to ship: files of its sizes that do not compress stand in for its binaries.
 */
import { artifactKinds, type ArtifactManifest } from '../../domain/artifact/manifest.js';
import type { WrittenArtifacts } from './package-kind.js';
import { standInBytes, writeArtifact, type ArtifactContent } from './write-artifact.js';

const [application, library] = artifactKinds;
const arches = ['armv7', 'x86_64', 'mips'] as const;
const machineBytes = 74_000;
const kitBytes = 33_000;
const platformBytes = 6_000;
const imageBytes = 5_000;

/** Machine, kits and platform; two versions of the machine and of the kits, so that there is something to choose. */
export async function writeSvmArtifacts(directory: string): Promise<WrittenArtifacts> {
  const directories: string[] = [];
  for (const version of ['1.2.27', '1.2.28']) {
    directories.push(await writeArtifact(directory, ...machine(version)));
    directories.push(await writeArtifact(directory, ...kits(version)));
  }
  directories.push(await writeArtifact(directory, ...platform()));
  return {
    directories,
    contents:
      'dependency tree of a Sedona application; incompressible stand-ins of the sizes of its virtual machine, kits and image',
  };
}

/** A version of the application. */
export function writeSvmApplication(directory: string, version: string): Promise<string> {
  const manifest: ArtifactManifest = {
    name: 'svm-thermometer',
    version,
    kind: application,
    description: 'Posts the temperature; an application image for the Sedona virtual machine.',
    requires: [
      { name: 'sedona-vm', version: '>=1.2.28 <2' },
      { name: 'sedona-kits', version: '^1.2' },
    ],
    conflicts: [{ name: 'svm-thermometer-legacy' }],
    control: { start: 'bin/start' },
  };
  return writeArtifact(directory, manifest, [
    { path: 'app.sab', content: standInBytes(`svm-thermometer ${version}`, imageBytes) },
    {
      path: 'bin/start',
      content: '#!/bin/sh\nexec "$LEONORE_ACTIVE/sedona-vm/bin/svm" "$LEONORE_HOME/app.sab"\n',
      executable: true,
    },
  ]);
}

function machine(version: string): [ArtifactManifest, ArtifactContent[]] {
  return [
    {
      name: 'sedona-vm',
      version,
      kind: library,
      description: 'Stands in for the Sedona virtual machine.',
      requires: [{ name: 'sedona-platform', version: '^1' }],
      variants: arches.map((arch) => ({ platform: { arch, os: 'linux' }, directory: arch })),
    },
    arches.map((arch) => ({
      path: `${arch}/bin/svm`,
      content: standInBytes(`sedona-vm ${version} ${arch}`, machineBytes),
      executable: true,
    })),
  ];
}

function kits(version: string): [ArtifactManifest, ArtifactContent[]] {
  return [
    {
      name: 'sedona-kits',
      version,
      kind: library,
      description: 'Stands in for the kits that the application image refers to.',
      requires: [{ name: 'sedona-vm', version: `>=${version}` }],
    },
    ['sys', 'inet', 'control'].map((kit) => ({
      path: `kits/${kit}.kit`,
      content: standInBytes(`${kit} ${version}`, kitBytes / 3),
    })),
  ];
}

function platform(): [ArtifactManifest, ArtifactContent[]] {
  return [
    {
      name: 'sedona-platform',
      version: '1.0.3',
      kind: library,
      description: 'Stands in for the natives of the platform.',
      requires: [{ anyOf: [{ name: 'busybox' }, { name: 'curl' }] }],
    },
    [{ path: 'platform.zip', content: standInBytes('sedona-platform', platformBytes) }],
  ];
}
