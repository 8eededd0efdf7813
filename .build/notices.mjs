// Licence texts of everything that ships: packages bundled into dist/ and packages that travel as they are.
import fs from 'node:fs';
import path from 'node:path';

/** Folders `…/node_modules/NAME` that the bundles hold something of. */
function bundledPackages() {
  const bundles = Object.values(JSON.parse(fs.readFileSync('out/bundles.json', 'utf8')));
  const inside = bundles
    .flatMap(({ inputs }) => inputs)
    .map((file) => file.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]);
  return inside.filter((folder) => folder !== undefined);
}

/** Packages directly below a node_modules folder. */
function packagesIn(modules) {
  const names = fs.readdirSync(modules);
  const scoped = names
    .filter((name) => name.startsWith('@'))
    .flatMap((scope) => fs.readdirSync(path.join(modules, scope)).map((name) => `${scope}/${name}`));
  return [...names.filter((name) => !name.startsWith('@')), ...scoped].map((name) => path.join(modules, name));
}

export function thirdPartyNotices(nativeModules) {
  const notices = [...bundledPackages(), ...packagesIn(nativeModules)].map((folder) => {
    const { name, version, license, homepage, repository } = JSON.parse(
      fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
    );
    const texts = fs.readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
    const where = homepage ?? repository?.url ?? repository ?? '';
    return [
      `${name} ${version} (${license}) ${where}`,
      ...texts.map((file) => fs.readFileSync(path.join(folder, file), 'utf8').trim()),
    ].join('\n\n');
  });
  const head = 'ONNX Lens contains the following packages.';
  return [head, ...[...new Set(notices)].sort()].join(`\n\n${'-'.repeat(80)}\n\n`) + '\n';
}
