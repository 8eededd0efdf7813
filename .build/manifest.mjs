// npm run manifest: writes what package.json and README.md repeat of the registries in the sources.
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import prettier from 'prettier';

const sources = `
export { describeMethods } from './src/method/index.js';
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
    return (await import(pathToFileURL(outfile))).default;
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

/** What package.json and README.md should be, by name. */
export async function generated() {
  const { describeMethods, conventions, COLOR_MAPS, PROVIDERS } = await registries();
  const methods = describeMethods();
  const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8'));
  const settings = manifest.contributes.configuration.properties;
  const first = settings['onnxLens.defaultMethod'].default;
  // The one that a new explanation begins with leads the list.
  const ids = [first, ...methods.map(({ id }) => id).filter((id) => id !== first)];
  list(settings['onnxLens.defaultMethod'], ids, (id) => methods.find((each) => each.id === id)?.summary);
  list(settings['onnxLens.colorMap'], COLOR_MAPS);
  list(settings['onnxLens.provider'], PROVIDERS);

  const titles = (wanted) => wanted.map(({ title }) => title).join(', ');
  const needing = (needs) => titles(methods.filter((each) => each.needs === needs));
  const at = (place) => titles(conventions.filter((each) => each.place === place));
  let readme = fs.readFileSync('README.md', 'utf8');
  readme = between(readme, 'methods', [`Black box: ${needing('black-box')}.`, `White box: ${needing('gradient')}.`]);
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
