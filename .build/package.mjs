// npm run package [-- --target TARGET]: out/onnx-lens-TARGET.vsix from the built dist/, with that target's native packages.
import { createVSIX } from '@vscode/vsce';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { npm } from './npm.mjs';
import { thirdPartyNotices } from './notices.mjs';

/** The platforms for which onnxruntime-node has a binary. */
const targets = ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64', 'darwin-arm64'];
const own = `${process.platform}-${process.arch}`;
const { target = own } = parseArgs({ options: { target: { type: 'string' } } }).values;
if (!targets.includes(target)) {
  console.error(`There is no ONNX Runtime for ${target}; targets: ${targets.join(', ')}.`);
  process.exit(2);
}
const [os, cpu] = target.split('-');
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const stage = fs.mkdtempSync(path.resolve('out/package-'));
process.once('exit', () => fs.rmSync(stage, { recursive: true, force: true }));

/** sharp with the target's binaries: ours, or fetched by npm for a foreign target and held against our lock file. */
function sharpModules() {
  if (target === own) return path.resolve('node_modules');
  const folder = path.resolve('out/foreign', target);
  const { version } = readJson('node_modules/sharp/package.json');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ dependencies: { sharp: version } }));
  npm(['install', `--os=${os}`, `--cpu=${cpu}`, '--libc=glibc'], folder);
  const locked = readJson('package-lock.json').packages;
  for (const [name, { integrity }] of Object.entries(readJson(path.join(folder, 'package-lock.json')).packages)) {
    const same = !name.includes('@img/sharp') || locked[name]?.integrity === integrity;
    if (!same) throw new Error(`${name} is not what package-lock.json names.`);
  }
  return path.join(folder, 'node_modules');
}

/** A package and what it needs at run time, by name; platform packages only where they are installed. */
function closure(modules, name, found = new Set()) {
  const file = path.join(modules, name, 'package.json');
  if (found.has(name) || !fs.existsSync(file)) return found;
  found.add(name);
  const { dependencies = {}, optionalDependencies = {} } = readJson(file);
  for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) closure(modules, next, found);
  return found;
}

/** Native packages lie under dist/, where `vsce --no-dependencies` leaves them alone; .vscodeignore drops what does not run. */
function copyNativePackages() {
  const to = path.join(stage, 'dist/node_modules');
  const sharp = sharpModules();
  const copy = (from, name, filter) =>
    fs.cpSync(path.join(from, name), path.join(to, name), { recursive: true, filter });
  for (const name of closure(sharp, 'sharp')) copy(sharp, name);
  const binaries = path.resolve('node_modules/onnxruntime-node/bin/napi-v6');
  const kept = path.join(binaries, os, cpu);
  const wanted = (file) =>
    !file.startsWith(binaries + path.sep) || kept.startsWith(file) || file.startsWith(kept + path.sep);
  for (const name of ['onnxruntime-node', 'onnxruntime-common']) copy(path.resolve('node_modules'), name, wanted);
  // npm has no links: the macOS package carries the library a second time under its full version, which nothing loads.
  if (os === 'darwin') {
    const { version } = readJson('node_modules/onnxruntime-node/package.json');
    fs.rmSync(path.join(to, 'onnxruntime-node/bin/napi-v6', os, cpu, `libonnxruntime.${version}.dylib`));
  }
}

for (const name of ['dist', 'media', 'models', 'README.md', 'CHANGELOG.md', 'LICENSE', '.vscodeignore']) {
  fs.cpSync(name, path.join(stage, name), { recursive: true });
}
copyNativePackages();
fs.writeFileSync(path.join(stage, 'ThirdPartyNotices.txt'), thirdPartyNotices(path.join(stage, 'dist/node_modules')));
const { scripts, dependencies, devDependencies, private: _, ...shipped } = readJson('package.json');
fs.writeFileSync(path.join(stage, 'package.json'), JSON.stringify(shipped, null, 2));

const vsix = path.resolve('out', `onnx-lens-${target}.vsix`);
await createVSIX({ cwd: stage, packagePath: vsix, target, dependencies: false, allowMissingRepository: true });
if (target === own) fs.copyFileSync(vsix, 'out/onnx-lens.vsix'); // what the tests install
console.log(`${path.relative('.', vsix)}: ${(fs.statSync(vsix).size / 2 ** 20).toFixed(1)} MiB`);
