import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { exists, listed, real } from './loader.js';

/** A Python environment, found without running it. */
export interface PythonEnvironment {
  /** The folder that holds `bin` and `lib`. */
  readonly prefix: string;
  /** Who named it: "selected in the Python extension". */
  readonly by: string;
}

/** What a person or a shell has named: an interpreter or the folder of an environment. */
export interface NamedPython {
  readonly path: string;
  readonly by: string;
}

/**
 * Environments behind what was named, without doubles. An interpreter's environment is the folder above its `bin`: not
 * that of the file a link leads to, because in a virtual environment `python` is a link to the system's.
 */
export async function environmentsOf(
  named: readonly NamedPython[],
  environment: NodeJS.ProcessEnv,
): Promise<PythonEnvironment[]> {
  const found = new Map<string, PythonEnvironment>();
  for (const each of named) {
    const prefix = await prefixOf(each.path, environment);
    if (prefix !== undefined && !found.has(prefix)) found.set(prefix, { prefix, by: each.by });
  }
  return [...found.values()];
}

async function prefixOf(named: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const home = environment['HOME'] ?? '';
  const place = named.startsWith('~/') && home !== '' ? path.join(home, named.slice(2)) : named;
  if (path.isAbsolute(place)) {
    if (path.basename(path.dirname(place)) === 'bin') return path.dirname(path.dirname(place));
    return (await exists(path.join(place, 'lib'))) ? path.resolve(place) : undefined;
  }
  if (place === '' || place.includes('/')) return undefined;
  for (const folder of (environment['PATH'] ?? '').split(':')) {
    const file = path.join(folder, place);
    if (!path.isAbsolute(folder) || !(await exists(file))) continue;
    // A shim of pyenv is a script; which Python it starts, only running it would tell.
    return path.basename(path.dirname(file)) === 'bin' ? path.dirname(path.dirname(file)) : undefined;
  }
  return undefined;
}

/**
 * Folders of installed packages of an environment, in the order in which its Python looks: its own, the system's where
 * `pyvenv.cfg` lets it, the user's own outside virtual environments. Only the version that its `python` leads to, if that
 * can be told.
 */
export async function sitePackages(prefix: string, environment: NodeJS.ProcessEnv): Promise<string[]> {
  const settings = await readFile(path.join(prefix, 'pyvenv.cfg'), 'utf8').catch(() => undefined);
  const version = await versionOf(prefix, settings);
  const folders = await packagesUnder(prefix, version);
  const setting = (name: string): string | undefined =>
    new RegExp(`^${name}\\s*=\\s*(.+)$`, 'm').exec(settings ?? '')?.[1]?.trim();
  const isVirtual = settings !== undefined;
  const base = isVirtual
    ? setting('include-system-site-packages')?.toLowerCase() === 'true'
      ? path.dirname(setting('home') ?? '')
      : undefined
    : prefix;
  if (base !== undefined && path.isAbsolute(base)) {
    if (environment['HOME'] !== undefined)
      folders.push(...(await packagesUnder(path.join(environment['HOME'], '.local'), version)));
    if (base !== prefix) folders.push(...(await packagesUnder(base, version)));
    if (base === '/usr') folders.push(...(await packagesUnder('/usr/local', version)));
  }
  return [...new Set(folders)];
}

/** "3.11", by the link's end or by the settings of the environment. */
async function versionOf(prefix: string, settings: string | undefined): Promise<string | undefined> {
  const stated = /^version(?:_info)?\s*=\s*(3\.\d+)/m.exec(settings ?? '')?.[1];
  if (stated !== undefined) return stated;
  for (const name of ['python', 'python3']) {
    const file = await real(path.join(prefix, 'bin', name));
    const version = /^python(3\.\d+)$/.exec(path.basename(file))?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}

async function packagesUnder(prefix: string, version: string | undefined): Promise<string[]> {
  const folders: string[] = [];
  for (const lib of ['lib', 'lib64']) {
    // Debian keeps one folder for all versions, /usr/lib/python3/dist-packages.
    const names = (await listed(path.join(prefix, lib))).filter((name) =>
      version === undefined ? /^python3(\.\d+)?$/.test(name) : name === `python${version}` || name === 'python3',
    );
    for (const name of names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })))
      for (const kind of ['site-packages', 'dist-packages']) {
        const folder = path.join(prefix, lib, name, kind);
        if (await exists(folder)) folders.push(folder);
      }
  }
  // lib64 is a link to lib in most environments.
  const resolved = await Promise.all(folders.map(real));
  return folders.filter((_, i) => resolved.indexOf(resolved[i]!) === i);
}
