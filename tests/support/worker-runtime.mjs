import { createRequire, isBuiltin } from 'node:module';
import { dirname, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction, SyntheticModule } from 'node:vm';
import JestRuntime from 'jest-runtime';

const packages = `${sep}node_modules${sep}`;
/** Of this process, by path: packages that test files before this one have imported. */
const imported = new Map();

/**
 * Jest's own runtime but for two things: sources run in the realm of the process, as the product's do, and packages
 * are loaded by Node.js, once for all files that a worker tests. The sources of the project are evaluated for each file
 * anew. Evaluating packages for each file, too, would be most of what the suite costs.
 *
 * One realm is what makes that possible: a package's errors and arrays would otherwise not be those of the tests.
 */
export default class WorkerRuntime extends JestRuntime {
  constructor(config, ...others) {
    super(config, ...others);
    // What collects and runs the tests is begun anew for each file: they are the state of its modules.
    this.runner = dirname(config.testRunner) + sep;
    const { esmLoader, executor } = this;
    esmLoader.getContext = () => undefined;
    executor.compile = (source, filename) =>
      compileFunction(source, executor.injectedModuleParameters, { filename });
    const resolveSource = esmLoader.resolveModule.bind(esmLoader);
    esmLoader.resolveModule = async (specifier, importer, context) => {
      const path = isPackage(specifier) ? this._resolution.resolveEsm(importer, specifier) : '';
      return path.includes(packages) ? importPackage(path) : resolveSource(specifier, importer, context);
    };
    // From Node.js 24 on, Jest walks what is imported in another way first, which asks nobody.
    this._resolution.hasDistinctAsyncResolver = () => true;
  }

  requireModule(from, moduleName, options, isRequireActual) {
    if (moduleName !== undefined && isPackage(moduleName)) {
      const path = this._resolution.resolveCjs(from, moduleName);
      if (path.includes(packages) && !path.startsWith(this.runner)) return createRequire(from)(path);
    }
    return super.requireModule(from, moduleName, options, isRequireActual);
  }

  requireInternalModule(from, moduleName) {
    return moduleName === undefined
      ? super.requireInternalModule(from)
      : this.requireModule(from, moduleName, { isInternalModule: true });
  }

  /** The process is not a copy. */
  installGetBuiltinModule() {}
}

function isPackage(specifier) {
  return !/^[./]|^(data|file):|^@jest\/globals$/.test(specifier) && !isBuiltin(specifier);
}

function importPackage(path) {
  let module = imported.get(path);
  if (module === undefined) {
    module = moduleOf(path);
    imported.set(path, module);
  }
  return module;
}

async function moduleOf(path) {
  const names = await import(pathToFileURL(path).href);
  const module = new SyntheticModule(
    Object.keys(names),
    () => {
      for (const [name, value] of Object.entries(names)) module.setExport(name, value);
    },
    { identifier: path },
  );
  await module.link(() => undefined);
  await module.evaluate();
  return module;
}
