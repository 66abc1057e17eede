import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeonoreError } from '../../domain/errors.js';
import { cacheDirectory } from '../xdg.js';
import { findOnPath, installOnce, isPresent, type Progress, runInstaller } from './install.js';
import type { ObtainOptions } from './obtain-cli.js';
import { downloadWithSdk, sdkVersion } from './sdk-source.js';

/**
 * Obtaining Temporal's time-skipping server, which tests of workflows run on: from the cache, by the SDK's download,
 * or from Maven with Java.
 *
 * Either is started by a script of one name that becomes the server (exec), so that the script's pid is the server's.
 */

const mavenVersion = '1.32.0';
const mavenTimeoutMs = 10 * 60_000;
const scriptName = 'temporal-test-server';

/**
 * Finds or fetches the time-skipping server.
 * @returns path of an executable that takes the port as its argument
 * @throws LeonoreError TEMPORAL_UNAVAILABLE that names the ways to provide it
 */
export async function obtainTestServer(options: ObtainOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const onProgress = options.onProgress ?? (() => undefined);
  const root = join(cacheDirectory(env), 'temporal');
  const folders = {
    sdk: join(root, `time-skipping-sdk-${sdkVersion()}`),
    maven: join(root, `time-skipping-maven-${mavenVersion}`),
  };
  for (const folder of [folders.sdk, folders.maven]) {
    if (await isPresent(folder)) return join(folder, scriptName);
  }
  const reasons: string[] = [];
  const attempts: [string, string, (draft: string) => Promise<void>][] = [
    ["the SDK's download", folders.sdk, (draft) => fromSdk(draft, onProgress)],
    ['Maven', folders.maven, (draft) => fromMaven(draft, env, onProgress)],
  ];
  for (const [name, folder, install] of attempts) {
    onProgress(`time-skipping server: trying ${name}`);
    try {
      await installOnce(folder, install);
      return join(folder, scriptName);
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new LeonoreError(
    'TEMPORAL_UNAVAILABLE',
    [
      "Temporal's time-skipping server could not be obtained. Allow this machine the Temporal SDK's download, or",
      'install Java and Maven.',
      ...reasons.map((reason) => `(tried: ${reason})`),
    ].join('\n'),
  );
}

async function fromSdk(draft: string, onProgress: Progress): Promise<void> {
  await downloadWithSdk('time-skipping', draft, 'server', onProgress);
  await writeScript(draft, 'exec "$here/server" "$@"');
}

async function fromMaven(draft: string, env: NodeJS.ProcessEnv, onProgress: Progress): Promise<void> {
  const maven = await findOnPath('mvn', env);
  if (maven === undefined) throw new Error('mvn is not on PATH');
  if ((await findOnPath('java', env)) === undefined) throw new Error('java is not on PATH');
  const pom = join(draft, 'pom.xml');
  await writeFile(pom, projectFile);
  await runInstaller({
    command: maven,
    args: [
      '--batch-mode',
      '-q',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${join(draft, 'lib')}`,
    ],
    env,
    draft,
    timeoutMs: mavenTimeoutMs,
    onHeartbeat: (elapsedMs) => onProgress(`still fetching (${Math.round(elapsedMs / 1000)} s)`),
  });
  // The optimising compiler costs more start-up time than a test gains by it.
  await writeScript(
    draft,
    'exec java -XX:TieredStopAtLevel=1 -cp "$here/lib/*" io.temporal.testserver.TestServer "$1"',
  );
}

/** A project that exists only to have its dependencies copied. */
const projectFile = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>leonore</groupId>
  <artifactId>temporal-test-server</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${mavenVersion}</version>
    </dependency>
    <!-- Without a logger the server complains on every start. -->
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

async function writeScript(draft: string, becomeServer: string): Promise<void> {
  const script = `#!/bin/sh
here=$(dirname "$0")
${becomeServer}
`;
  const path = join(draft, scriptName);
  await writeFile(path, script);
  await chmod(path, 0o755);
}
