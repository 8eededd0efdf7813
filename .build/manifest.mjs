// npm run manifest: writes what package.json and README.md repeat of the registries in the sources, and puts together
// package.json's `contributes` and `activationEvents`: each folder of src/host says in its contributes.json what it adds to
// the editor, in the editor's own words. Settings and walkthroughs, which are of all, stand in package.json itself.
import { build } from 'esbuild';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import prettier from 'prettier';

const sources = `
export { describeMethods } from './src/method/index.js';
export { METHOD_GROUPS } from './src/result/method.js';
export { conventions } from './src/input/conventions/index.js';
export { COLOR_MAPS, PROVIDERS } from './src/host/settings.js';`;

/** An editor that is not there: only lists are read. */
const noEditor = {
  name: 'no editor',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^vscode$/ }, () => ({ path: 'vscode', namespace: 'none' }));
    onLoad({ filter: /./, namespace: 'none' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** The registries, from the sources as they are. */
async function registries() {
  fs.mkdirSync('out', { recursive: true });
  const folder = fs.mkdtempSync(path.resolve('out/registries-'));
  try {
    const outfile = path.join(folder, 'registries.cjs');
    await build({
      stdin: { contents: sources, resolveDir: path.resolve('.') },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      logLevel: 'warning',
      external: ['onnxruntime-node', 'sharp'],
      plugins: [noEditor],
    });
    return createRequire(outfile)(outfile);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The setting's values; a description stays with its value, `describe` gives those that come from the sources. */
function list(setting, values, describe) {
  const known = new Map(setting.enum.map((value, i) => [value, setting.enumDescriptions?.[i]]));
  const { enumDescriptions: before } = setting;
  setting.enum = [...values];
  if (!describe && !before) return;
  setting.enumDescriptions = setting.enum.map((value) => {
    const text = describe ? describe(value) : known.get(value);
    if (!text)
      throw new Error(`package.json does not describe "${value}": add it there by hand, it stands nowhere else.`);
    return text;
  });
}

/** An item of a list, in lines as wide as prettier's. */
function item(text) {
  const lines = [];
  for (const word of `- ${text}`.split(' ')) {
    if (lines.length > 0 && `${lines.at(-1)} ${word}`.length <= 120) lines.push(`${lines.pop()} ${word}`);
    else lines.push(lines.length > 0 ? `  ${word}` : word);
  }
  return lines.join('\n');
}

/** Puts a list between `<!-- NAME -->` and `<!-- NAME end -->`. */
function between(text, name, lines) {
  const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- ${name} end -->)`);
  if (!place.test(text)) throw new Error(`README.md has no place for the ${name}.`);
  return text.replace(place, (_, open, close) => `${open}\n${lines.map(item).join('\n')}\n\n${close}`);
}

/** Parts of `contributes` that no folder owns. */
const OF_ALL = ['configuration', 'walkthroughs'];

/** Adds what one folder contributes: lists go on, and so do the lists in an object (the menus by their place). */
function merge(into, from) {
  for (const [key, value] of Object.entries(from)) {
    if (Array.isArray(value)) into[key] = [...(into[key] ?? []), ...value];
    else merge((into[key] ??= {}), value);
  }
  return into;
}

/** What the folders of src/host contribute together, in the order of their names. */
function contributed() {
  const whole = { activationEvents: [], contributes: {} };
  for (const folder of fs.readdirSync('src/host').sort()) {
    const file = path.join('src/host', folder, 'contributes.json');
    if (!fs.existsSync(file)) continue;
    const part = JSON.parse(fs.readFileSync(file, 'utf8'));
    const strange = Object.keys(part.contributes).filter((key) => OF_ALL.includes(key));
    if (strange.length > 0) throw new Error(`${file} has ${strange.join(', ')}: that stands in package.json itself.`);
    merge(whole, part);
  }
  return whole;
}

/** What package.json and README.md should be, by name. */
export async function generated() {
  const { describeMethods, METHOD_GROUPS, conventions, COLOR_MAPS, PROVIDERS } = await registries();
  const methods = describeMethods();
  const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8'));
  const { activationEvents, contributes } = contributed();
  manifest.activationEvents = activationEvents;
  for (const key of OF_ALL) contributes[key] = manifest.contributes[key];
  manifest.contributes = contributes;
  const settings = manifest.contributes.configuration.properties;
  // What is no method, but a choice among them, leads the list.
  const ids = ['auto', ...methods.map(({ id }) => id)];
  list(
    settings['onnxLens.defaultMethod'],
    ids,
    (id) =>
      methods.find((each) => each.id === id)?.summary ??
      'The best at finding what is known to be there, of those that answer in under a second and depend on what the model learned.',
  );
  list(settings['onnxLens.colorMap'], COLOR_MAPS);
  list(settings['onnxLens.provider'], PROVIDERS);

  const titles = (wanted) => wanted.map(({ title }) => title).join(', ');
  const groups = Object.entries(METHOD_GROUPS).map(([id, { title, summary }]) => {
    const own = methods.filter(({ group }) => group === id);
    return `**${title}** (${summary}): ${titles(own)}.`;
  });
  const at = (place) => titles(conventions.filter((each) => each.place === place));
  let readme = fs.readFileSync('README.md', 'utf8');
  readme = between(readme, 'methods', groups);
  readme = between(readme, 'conventions', [
    `then what the model file says: ${at('inside')};`,
    `then what the files beside it say: ${at('beside')}.`,
  ]);
  const options = await prettier.resolveConfig('README.md');
  return {
    'package.json': `${JSON.stringify(manifest, null, 2)}\n`,
    'README.md': await prettier.format(readme, { ...options, parser: 'markdown' }),
  };
}

// As a program; the test that imports this file is bundled in a format without a top-level await.
if (process.argv[1]?.endsWith('manifest.mjs'))
  void generated().then((files) => Object.entries(files).forEach(([file, text]) => fs.writeFileSync(file, text)));
