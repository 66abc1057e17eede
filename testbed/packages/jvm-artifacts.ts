/**
 * The paper's larger package, about 12 MB: a compact Java runtime and a small application that posts temperature
 * readings. Where a JDK is at hand both are real (java-runtime.ts); elsewhere files of the same size that do not
 * compress stand in.
 */
import { artifactKinds, type ArtifactManifest } from '../../domain/artifact/manifest.js';
import { compileThermometer, linkRuntime } from './java-runtime.js';
import type { WrittenArtifacts } from './package-kind.js';
import { standInBytes, writeArtifact, type ArtifactContent } from './write-artifact.js';

const [application, library] = artifactKinds;
/** Size of the paper's runtime. */
const standInRuntimeBytes = 11_900_000;

export async function writeJvmArtifacts(directory: string): Promise<WrittenArtifacts> {
  const linked = await linkRuntime(`${directory}.jlink`);
  const files = linked?.files ?? [
    { path: 'bin/java', content: standInBytes('jre-compact', standInRuntimeBytes), executable: true },
  ];
  const runtime: ArtifactManifest = {
    name: 'jre-compact',
    version: '17.0.0',
    kind: library,
    description: 'A Java runtime with the module java.base alone.',
    provides: [{ name: 'jvm', version: '17.0.0' }],
    variants: [{ platform: { arch: 'x86_64', os: 'linux', libc: 'glibc' }, directory: 'runtime' }],
  };
  return {
    directories: [
      await writeArtifact(
        directory,
        runtime,
        files.map((file) => ({ ...file, path: `runtime/${file.path}` })),
      ),
    ],
    contents:
      linked === null
        ? 'no JDK is at hand: an incompressible stand-in of the size of the paper’s Java runtime'
        : `a real Java runtime (${linked.version}, java.base by jlink, stripped) and a real application of two classes`,
  };
}

/** A version of the application; real where a Java compiler is at hand. */
export async function writeJvmApplication(directory: string, version: string): Promise<string> {
  const classes = await compileThermometer(`${directory}/${version}.classes`);
  const manifest: ArtifactManifest = {
    name: 'jvm-thermometer',
    version,
    kind: application,
    description: 'Posts temperature readings, in Java.',
    requires: [{ name: 'jvm', version: '>=17 <22' }],
    conflicts: [{ name: 'jvm-thermometer-legacy' }],
    control: { start: 'bin/start' },
    configurations: [
      {
        path: 'etc/thermometer.properties',
        template: 'collector={{collector}}\nversion={{version}}\n',
        values: { collector: 'http://127.0.0.1:8086/readings', version },
      },
    ],
  };
  const start: ArtifactContent = {
    path: 'bin/start',
    content: `#!/bin/sh
exec "$LEONORE_ACTIVE/jre-compact/bin/java" -Xmx16m -XX:TieredStopAtLevel=1 -cp "$LEONORE_HOME/classes" \\
	Thermometer "$LEONORE_HOME/etc/thermometer.properties"
`,
    executable: true,
  };
  const files =
    classes === null ? [{ path: 'app.jar', content: standInBytes('jvm-thermometer', 4_000) }] : classes;
  return writeArtifact(directory, manifest, [start, ...files]);
}
