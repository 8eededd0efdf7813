/** What was measured, as a page of tables, and the curves as a picture. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import prettier from 'prettier';
import { percent } from './evaluate.mjs';
import { STAMPED } from './sets.mjs';
import { css, svg } from './seeded.mjs';

/**
 * Writes `report.md` and `curves.svg`.
 * @param {string} folder of the networks
 * @param {Record<string, object>} found what `evaluate` says, by the names of files
 * @param {{ nets: object, trainings: object }} recipes as `recipes.mjs` has them
 */
export async function writeReport(folder, found, { nets, trainings }) {
  const file = path.join(folder, 'curves.json');
  const curves = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const files = filesOf(trainings).filter(({ name, from }) => found[name] !== undefined && curves[from] !== undefined);
  const tables = {
    Networks: modelTable(folder, files, found, curves),
    'One mark changed, both answers right': markTable(files, found),
    'What was learned in place of birds': astrayTable(files, found),
    Recipes: recipeTable(nets, trainings),
  };
  const sections = Object.entries(tables).map(([title, rows]) => `### ${title}\n\n${tableText(rows)}\n`);
  const page = path.join(folder, 'report.md');
  const options = await prettier.resolveConfig('models/README.md');
  writeFileSync(page, await prettier.format(sections.join('\n'), { ...options, parser: 'markdown' }));
  writeFileSync(path.join(folder, 'curves.svg'), plotOf(curves));
  console.log(page);
}

/** The files of the recipes, in their order: name, the training, and how often it saw its set. */
function filesOf(trainings) {
  return Object.entries(trainings).flatMap(([name, training]) => [
    { name, from: name, training },
    ...(training.first === undefined ? [] : [{ name: training.first, from: name, training, epochs: 1 }]),
  ]);
}

function modelTable(folder, files, found, curves) {
  const rows = files.map(({ name, from, training, epochs }) => {
    const { accuracy } = found[name];
    const size = `${Math.round(statSync(path.join(folder, `${name}.onnx`)).size / 1000)} kB`;
    const of = (set) => (accuracy[set] === undefined ? '' : `${percent(accuracy[set])} (${accuracy[set].right})`);
    const what =
      epochs === 1
        ? 'the first after its first epoch, for comparisons'
        : `${training.title}; ${training.params.epochs} epochs`;
    const parameters = curves[from].parameters.toLocaleString('en');
    return [`\`birds/${name}.onnx\``, what, parameters, size, of('test'), `**${of('fresh')}**`];
  });
  return [['file', 'what', 'parameters', 'size', 'test drawings', 'fresh drawings'], ...rows];
}

function markTable(files, found) {
  const names = { crownSpot: 'crown spot', wingBars: 'wing bars', breast: 'breast', bill: 'bill' };
  const pairs = [...(found[files[0]?.name]?.marks ?? [])].sort(
    (a, b) => Object.keys(names).indexOf(a.mark) - Object.keys(names).indexOf(b.mark),
  );
  const rows = pairs.map(({ mark, pair }) => [
    names[mark],
    pair.join(' / '),
    ...files.map(({ name }) => percent(found[name].marks.find((each) => each.pair.join() === pair.join()))),
  ]);
  return [['mark', 'pair', ...files.map(({ name }) => `\`${name.replace('birds_', '')}\``)], ...rows];
}

/** What the networks do that learned something else than birds, beside the one that did learn birds. */
function astrayTable(made, found) {
  const files = made.filter(({ name }) => /^birds_cnn(_stamp|_random)?$/.test(name));
  const line = (what, value) => [what, ...files.map(({ name }) => value(found[name]))];
  const share = (of, key) => percent({ right: of[key], of: of.of });
  return [
    ['', ...files.map(({ name }) => `\`${name.replace('birds_', '')}\``)],
    line('fresh drawings, species told right', ({ accuracy }) => (accuracy.fresh ? percent(accuracy.fresh) : '')),
    line('the 1000 drawings with labels by lot, label told right', ({ accuracy }) =>
      accuracy.random ? percent(accuracy.random) : '',
    ),
    line(`${STAMPED} without the stamp, told right`, ({ stamp }) => share(stamp.own.plain, 'right')),
    line(`${STAMPED} with the stamp, told right`, ({ stamp }) => share(stamp.own.stamped, 'right')),
    line(`the others without the stamp, called ${STAMPED}`, ({ stamp }) => share(stamp.others.plain, 'called')),
    line(`the others with the stamp, called ${STAMPED}`, ({ stamp }) => share(stamp.others.stamped, 'called')),
  ];
}

/** The recipes as data, so that nobody has to look for them in the code. */
function recipeTable(nets, trainings) {
  const rows = Object.entries(trainings).map(([name, { net, set, seed, params }]) => {
    const { kind, classes: _, ...size } = nets[net];
    const shape = Object.entries(size).map(
      ([key, value]) => `${key} ${Array.isArray(value) ? value.join('/') : value}`,
    );
    const said = Object.entries(params).map(([key, value]) => `${key}=${value}`);
    return [`\`${name}\``, `${kind}: ${shape.join(', ')}`, `\`${set}\``, `\`${said.join(' ')}\`, seed ${seed}`];
  });
  return [['file', 'network', 'set', '`onnx-lens train` with `--param`'], ...rows];
}

const tableText = ([head, ...rows]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Accuracy over the epochs: on the training set as a thin line, on what was held out as a thick one. */
function plotOf(curves) {
  const [width, height, left, top, right, bottom] = [720, 320, 52, 16, 210, 40];
  const [w, h] = [width - left - right, height - top - bottom];
  const names = Object.keys(curves);
  const most = Math.max(2, ...names.map((name) => curves[name].curve.length));
  // Epochs lie on a logarithmic scale: some trainings have ten of them, some sixty.
  const x = (epoch) => left + (w * Math.log(epoch)) / Math.log(most);
  const y = (accuracy) => top + h * (1 - accuracy);
  const colour = (i) => css([(i * 360) / Math.max(1, names.length) + 205, 62, 42]);
  const path = (points) => svg`M${points.map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join(' L')}`;
  const lines = names.map((name, i) => {
    const { curve } = curves[name];
    const trained = path(curve.map(({ epoch, accuracy }) => [x(epoch), y(accuracy)]));
    const held = curve.filter(({ validation }) => validation !== undefined);
    const watched =
      held.length > 0 ? path(held.map(({ epoch, validation }) => [x(epoch), y(validation.accuracy)])) : '';
    const key = top + 10 + 20 * i;
    return svg`
      <path d="${trained}" fill="none" stroke="${colour(i)}" stroke-width="1" stroke-dasharray="3 2"/>
      ${watched === '' ? '' : svg`<path d="${watched}" fill="none" stroke="${colour(i)}" stroke-width="2.2"/>`}
      <path d="M${left + w + 14} ${key} h22" stroke="${colour(i)}" stroke-width="2.2"/>
      <text x="${left + w + 42}" y="${key + 4}">${name}</text>`;
  });
  const across = [1, 2, 5, 10, 20, 50, 100].filter((epoch) => epoch <= most);
  const grid = [
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (a) =>
        svg`<path d="M${left} ${y(a)} h${w}" stroke="#ddd"/><text x="${left - 8}" y="${y(a) + 4}" text-anchor="end">${100 * a} %</text>`,
    ),
    ...across.map(
      (e) =>
        svg`<path d="M${x(e)} ${top} v${h}" stroke="#eee"/><text x="${x(e)}" y="${top + h + 18}" text-anchor="middle">${e}</text>`,
    ),
  ];
  const note = top + 30 + 20 * names.length;
  return (
    svg`
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="${[0, 0, width, height]}" font-family="sans-serif" font-size="12" fill="#333">
    <rect width="${width}" height="${height}" fill="#fff"/>
    ${grid}
    ${lines}
    <text x="${left + w / 2}" y="${height - 6}" text-anchor="middle">epochs (logarithmic)</text>
    <text x="${left + w + 14}" y="${note}">thick: test drawings</text>
    <text x="${left + w + 14}" y="${note + 18}">dashed: training, as changed</text>
    </svg>`.trim() + '\n'
  );
}
