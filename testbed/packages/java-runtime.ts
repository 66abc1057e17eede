/** A real Java runtime and a real Java application, by the tools of the JDK that this machine may have. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { ArtifactContent } from './write-artifact.js';

const execute = promisify(execFile);

/** A reading each two seconds to the collector, as the artifacts of the demo send it. */
const thermometerSource = `
import java.io.FileInputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Properties;

public final class Thermometer {
  public static void main(String[] arguments) throws Exception {
    Properties settings = new Properties();
    try (FileInputStream file = new FileInputStream(arguments[0])) {
      settings.load(file);
    }
    String gateway = System.getenv().getOrDefault("LEONORE_GATEWAY_ID", "unknown");
    URI collector = URI.create(settings.getProperty("collector"));
    for (Sensor sensor = new Sensor(); ; Thread.sleep(2000)) {
      String reading = String.format(java.util.Locale.ROOT,
          "{\\"gateway\\":\\"%s\\",\\"version\\":\\"%s\\",\\"temperature\\":%.2f,\\"source\\":\\"simulated\\",\\"platform\\":\\"java\\",\\"at\\":\\"%s\\"}",
          gateway, settings.getProperty("version"), sensor.read(), Instant.now());
      try {
        post(collector, reading);
      } catch (java.io.IOException problem) {
        System.err.println(problem);
      }
    }
  }

  private static void post(URI collector, String reading) throws java.io.IOException {
    HttpURLConnection connection = (HttpURLConnection) collector.toURL().openConnection();
    connection.setRequestMethod("POST");
    connection.setRequestProperty("content-type", "application/json");
    connection.setDoOutput(true);
    try (OutputStream body = connection.getOutputStream()) {
      body.write(reading.getBytes(StandardCharsets.UTF_8));
    }
    connection.getResponseCode();
    connection.disconnect();
  }

  /** A room that warms up and cools down. */
  private static final class Sensor {
    private double temperature = 21;

    double read() {
      temperature += (Math.random() - 0.5) / 4 - (temperature - 21) / 50;
      return temperature;
    }
  }
}
`;

/**
 * Links a runtime of the module java.base, without what is for developers.
 * @param directory for it; removed again
 * @returns its files and the version of Java; null where there is no jlink
 */
export async function linkRuntime(
  directory: string,
): Promise<{ files: ArtifactContent[]; version: string } | null> {
  const runtime = join(directory, 'runtime');
  await mkdir(directory, { recursive: true });
  try {
    const linking = ['--add-modules', 'java.base', '--strip-debug', '--compress=2'];
    const output = ['--no-header-files', '--no-man-pages', '--output', runtime];
    if ((await run('jlink', [...linking, ...output])) === null) return null;
    // Symbols are of no use on a gateway; without the tool the runtime is a few megabytes larger.
    await run('strip', ['--strip-unneeded', join(runtime, 'lib', 'server', 'libjvm.so')]);
    const version = (await run('jlink', ['--version']))?.trim() ?? 'unknown version';
    return { files: await readTree(runtime), version: `Java ${version}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Compiles the application. @returns its classes; null where there is no javac */
export async function compileThermometer(directory: string): Promise<ArtifactContent[] | null> {
  const source = join(directory, 'Thermometer.java');
  const classes = join(directory, 'classes');
  await mkdir(classes, { recursive: true });
  try {
    await writeFile(source, thermometerSource);
    if ((await run('javac', ['--release', '17', '-g:none', '-d', classes, source])) === null) return null;
    return (await readTree(classes)).map((file) => ({ ...file, path: `classes/${file.path}` }));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns what the program printed; null when it is not there */
async function run(program: string, programArguments: readonly string[]): Promise<string | null> {
  try {
    return (await execute(program, programArguments)).stdout;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** All files below a directory; links are followed, since a package holds none. */
async function readTree(directory: string): Promise<ArtifactContent[]> {
  const files: ArtifactContent[] = [];
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    const path = join(directory, name);
    const { mode, isFile } = await statOf(path);
    if (!isFile) continue;
    files.push({
      path: relative(directory, path),
      content: await readFile(path),
      executable: (mode & 0o100) !== 0,
    });
  }
  return files;
}

async function statOf(path: string): Promise<{ mode: number; isFile: boolean }> {
  const found = await stat(path);
  return { mode: found.mode, isFile: found.isFile() };
}
