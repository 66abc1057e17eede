/**
 * The container (paper, section III-B 2): the directory tree that hosts application packages.
 *
 *   store/<name>/<version>-<content>/   files of an artifact, never changed once they are in use
 *   packages/<id>/                      manifest, tables and control scripts of a package
 *   generations/<n>/generation.json     what is installed; active/<name> links to its files; values/ of its tasks
 *   current -> generations/<n>          the generation that counts
 *   data/<name>/                        what applications keep, over versions
 *   log/<name>.log                      what applications print
 *
 * INVARIANTS
 *  - `current` always names a complete generation all of whose files are on the disk.
 *  - A generation that was current is never changed; a step forward or back is one rename of the link `current`.
 *  - What no kept generation refers to is rubbish, whoever left it, and is removed by collectGarbage.
 */
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Value } from 'typebox/value';
import { isMissing, syncPath, syncTree } from '../state/atomic-file.js';
import { readStateFile, writeStateFile } from '../state/state-file.js';
import type { Launcher } from '../isolation/launcher.js';
import { messageOf } from '../state/system-error.js';
import { artifactsLeft } from './artifacts-left.js';
import { GenerationSchema, type Generation, type InstalledArtifact } from './generation.js';

const directories = ['store', 'packages', 'generations', 'data', 'log'] as const;

export class Container {
  #current: Generation;
  #rescued: string | undefined;

  private constructor(
    readonly root: string,
    private readonly launcher: Launcher,
    current: Generation,
  ) {
    this.#current = current;
  }

  /** Opens the container below a directory, and makes an empty one when there is none. */
  static async open(root: string, launcher: Launcher): Promise<Container> {
    for (const name of directories) await mkdir(join(root, name), { recursive: true });
    await syncPath(root);
    await syncPath(dirname(root));
    const container = new Container(root, launcher, { name: '0', artifacts: [] });
    const current = await readCurrent(root);
    try {
      if (current === null) throw new Error('no generation is the current one');
      container.#current = await container.readGeneration(current);
    } catch (error) {
      await container.#rescue(messageOf(error));
    }
    await launcher.give(container.path('generations', container.#current.name, 'values'));
    return container;
  }

  /** Why the container had to be put together from what was left, when it had to. */
  get rescued(): string | undefined {
    return this.#rescued;
  }

  /**
   * Finds something that can count when what counted cannot be read: the newest generation that is whole, else one of
   * all artifacts whose files and packages are there, else nothing. A new container begins in the same way.
   */
  async #rescue(problem: string): Promise<void> {
    const names = (await readdir(this.path('generations'))).filter((name) => /^\d+$/.test(name));
    if (names.length > 0) this.#rescued = problem;
    for (const name of names.sort((left, right) => Number(right) - Number(left))) {
      const generation = await this.readGeneration(name).catch(() => null);
      if (generation === null || !(await this.#isThere(generation))) continue;
      return this.switchTo(name);
    }
    const left = await artifactsLeft(this.root);
    const name = names.length === 0 ? '0' : await this.nextGeneration();
    await this.writeGeneration(name, left, new Map());
    await this.switchTo(name);
  }

  async #isThere({ artifacts }: Generation): Promise<boolean> {
    for (const { home } of artifacts) if (!(await exists(this.path(home)))) return false;
    return true;
  }

  get current(): Generation {
    return this.#current;
  }

  path(...segments: readonly string[]): string {
    return join(this.root, ...segments);
  }

  packagePath(id: string): string {
    return this.path('packages', id);
  }

  /** Directory of links to the files of a generation's artifacts, by name. */
  activePath(generation: string): string {
    return this.path('generations', generation, 'active');
  }

  /** Directory of a package's values for this gateway in a generation. */
  valuesPath(generation: string, packageId: string): string {
    return this.path('generations', generation, 'values', packageId);
  }

  /** A name that no generation has. */
  async nextGeneration(): Promise<string> {
    const names = (await readdir(this.path('generations'))).map(Number).filter(Number.isSafeInteger);
    return String(Math.max(0, ...names) + 1);
  }

  /**
   * Writes a generation; it does not count until switchTo. Values of packages that stay are taken over from the
   * current generation.
   *
   * @param values by package id; each becomes a private file of its key's name
   */
  async writeGeneration(
    name: string,
    artifacts: readonly InstalledArtifact[],
    values: ReadonlyMap<string, Readonly<Record<string, string>>>,
  ): Promise<Generation> {
    const directory = this.path('generations', name);
    await rm(directory, { recursive: true, force: true });
    await mkdir(join(directory, 'active'), { recursive: true });
    for (const { artifact, home } of artifacts) {
      await symlink(join('..', '..', '..', home), join(directory, 'active', artifact.name));
    }
    for (const packageId of new Set(artifacts.map((installed) => installed.packageId))) {
      await this.#writeValues(name, packageId, values.get(packageId));
    }
    await writeStateFile(join(directory, 'generation.json'), { artifacts }, { copied: true });
    await syncTree(directory);
    await syncPath(this.path('generations'));
    return { name, artifacts };
  }

  async #writeValues(
    generation: string,
    packageId: string,
    values: Readonly<Record<string, string>> | undefined,
  ): Promise<void> {
    const target = this.valuesPath(generation, packageId);
    await mkdir(dirname(target), { recursive: true });
    await mkdir(target, { recursive: true, mode: 0o700 });
    const kept = values ?? (await this.readValues(this.#current.name, packageId));
    for (const [key, value] of Object.entries(kept)) {
      await writeFile(join(target, key), value, { mode: 0o600 });
    }
    await this.launcher.give(target);
  }

  /** Values of a package for this gateway. */
  async readValues(generation: string, packageId: string): Promise<Record<string, string>> {
    const directory = this.valuesPath(generation, packageId);
    return readSmallFiles(directory);
  }

  /** @throws Error when the generation is not there or cannot be read: the container was tampered with */
  async readGeneration(name: string): Promise<Generation> {
    const value = await readStateFile(this.path('generations', name, 'generation.json'));
    if (!Value.Check(GenerationSchema, value)) throw new Error(`Generation ${name} cannot be read.`);
    return { name, artifacts: value.artifacts };
  }

  /** Makes a generation the one that counts. Its files must be on the disk already. */
  async switchTo(name: string): Promise<void> {
    const generation = await this.readGeneration(name);
    const fresh = this.path('current.new');
    await rm(fresh, { recursive: true, force: true });
    await symlink(join('generations', name), fresh);
    if ((await readCurrent(this.root)) === null)
      await rm(this.path('current'), { recursive: true, force: true });
    await rename(fresh, this.path('current'));
    await syncPath(this.root);
    this.#current = generation;
  }

  /** Puts freshly installed homes and their names on the disk. */
  async syncHomes(homes: readonly string[]): Promise<void> {
    for (const home of homes) {
      await syncTree(this.path(home));
      await syncPath(dirname(this.path(home)));
    }
    await syncPath(this.path('store'));
  }

  /** Puts data directories on the disk that an installation has made. */
  async syncData(names: readonly string[]): Promise<void> {
    for (const name of names) await syncTree(this.path('data', name));
    await syncPath(this.path('data'));
  }

  /** Keeps what is left of an unpacked package once its artifacts are in place: manifest, tables and scripts. */
  async keepPackage(unpacked: string, id: string): Promise<void> {
    const target = this.packagePath(id);
    // What is there is the same: the id is a digest of the manifest, and the manifest lists every file.
    if (await exists(target)) return;
    await rm(join(unpacked, 'binary'), { recursive: true, force: true });
    await rm(join(unpacked, 'dependencies'), { recursive: true, force: true });
    await syncTree(unpacked);
    await rename(unpacked, target);
    await syncPath(this.path('packages'));
  }

  /** Whether something lies at a place. */
  async has(path: string): Promise<boolean> {
    return exists(this.path(path));
  }

  /** Names that have a data directory. */
  async dataNames(): Promise<string[]> {
    return readdir(this.path('data'));
  }

  /** Removes what applications keep. */
  async removeData(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(this.path('data', name), { recursive: true, force: true });
  }

  /** Removes all that applications have ever kept and printed. */
  async wipe(): Promise<void> {
    await this.removeData(await this.dataNames());
    for (const name of await readdir(this.path('log'))) await rm(this.path('log', name), { force: true });
  }

  /** Removes what neither the current generation nor the given ones refer to. */
  async collectGarbage(keep: readonly Generation[] = []): Promise<void> {
    const kept = [this.#current, ...keep];
    const artifacts = kept.flatMap((generation) => generation.artifacts);
    const homes = new Set(artifacts.map((installed) => installed.home));
    for (const name of await readdir(this.path('store'))) {
      const versions = await readdir(this.path('store', name));
      const rubbish = versions.filter((version) => !homes.has(`store/${name}/${version}`));
      const gone = rubbish.length === versions.length ? [''] : rubbish;
      for (const version of gone) await removeTree(this.path('store', name, version));
    }
    await this.#sweep('packages', new Set(artifacts.map((installed) => installed.packageId)));
    await this.#sweep('generations', new Set(kept.map((generation) => generation.name)));
    await this.#sweep('log', new Set(artifacts.map(({ artifact }) => `${artifact.name}.log`)));
    await rm(this.path('current.new'), { force: true });
  }

  async #sweep(directory: string, keep: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.path(directory))) {
      if (!keep.has(name)) await removeTree(this.path(directory, name));
    }
  }
}

async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

async function readCurrent(root: string): Promise<string | null> {
  try {
    const target = await readlink(join(root, 'current'));
    return target.replace(/^generations\//, '');
  } catch {
    // Not there, or something else than a link stands in its place.
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await readdir(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function readSmallFiles(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  try {
    for (const name of await readdir(directory)) files[name] = await readFile(join(directory, name), 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return files;
}
