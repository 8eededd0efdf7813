import { formatDims } from '../base/tensor.js';
import type {
  ComparedModel,
  ComparedPredictions,
  ComparedReasons,
  ComparedSet,
  ComparedSpaces,
  Comparison,
  LayerAlignment,
  LayerSignal,
  WeightChanges,
} from '../result/comparison.js';
import {
  CKA_CAUTION,
  findingsOf,
  largestWords,
  probeWords,
  ratioWords,
  shareWords,
} from '../result/comparisonWords.js';
import { intoUnitSquare } from '../result/scatter.js';
import { cloud, curve, heatMap, heatScale, legend } from './charts.js';
import { details, escaped, list, markup, page, paragraph, picture, section, table, type Cell } from './page.js';

/** Rows of a list of pictures. */
const LISTED = 24;
/** Points of a cloud that are drawn. */
const DRAWN = 5000;

/** A comparison of two models as one page that stands alone. */
export function comparisonPage(comparison: Comparison): string {
  const { a, b, weights, set, recipe } = comparison;
  const parts = [
    ['models', 'The two models', modelsPart(a, b)],
    ...(set === undefined ? [] : setParts(set)),
    ['weights', 'Weights', weightsPart(weights)],
    ['said', 'What must be said', saidPart(comparison)],
    ['recipe', 'Recipe', `<pre>${escaped(JSON.stringify(recipe, null, 2))}</pre>`],
  ] as const;
  const contents = parts.map(([id, title]) => `<li><a href="#${id}">${escaped(title)}</a></li>`).join('');
  return page(`${a.name} beside ${b.name}`, [
    ...(set === undefined
      ? []
      : [
          paragraph(
            `${set.names.length.toLocaleString('en')} of ${set.of.toLocaleString('en')} pictures of ${set.place}`,
            'soft',
          ),
        ]),
    list(findingsOf(comparison)),
    `<nav aria-label="Contents"><ul>${contents}</ul></nav>`,
    ...parts.map(([id, title, content]) => section(id, title, content)),
  ]);
}

type Part = readonly [id: string, title: string, content: string];

function setParts(set: ComparedSet): Part[] {
  const { predictions, spaces, alignment, signal, reasons } = set;
  const parts: Part[] = [];
  if (predictions !== undefined) parts.push(['predictions', 'Predictions', predictionsPart(set, predictions)]);
  if (spaces !== undefined) parts.push(['spaces', 'Where the pictures lie', spacesPart(set, spaces)]);
  if (alignment !== undefined) parts.push(['layers', 'Which layers are alike', alignmentPart(alignment)]);
  if (signal !== undefined) parts.push(['signal', 'What is left of each layer', signalPart(signal)]);
  if (reasons !== undefined) parts.push(['reasons', 'Same answer, other reason', reasonsPart(set, reasons)]);
  return parts;
}

function modelsPart(a: ComparedModel, b: ComparedModel): string {
  const rows: [string, (model: ComparedModel) => string][] = [
    ['File', (m) => m.file],
    ['SHA-256', (m) => m.sha256],
    ['Weights', (m) => (m.random === undefined ? 'as in the file' : `random, seed ${m.random}`)],
    ['Numbers', (m) => m.format],
    ['Ran on', (m) => m.provider],
    ['Pictures', (m) => preprocessingWords(m)],
  ];
  return table(
    'The two models',
    ['', 'First model', 'Second model'],
    rows.map(([name, say]) => [name, long(say(a)), long(say(b))]),
  );
}

/** Text that may be broken anywhere: paths, hashes. */
function long(text: string): Cell {
  return markup(`<span class="long">${escaped(text)}</span>`);
}

function preprocessingWords({ preprocessing }: ComparedModel): string {
  return Object.entries(preprocessing)
    .map(([name, { value, origin }]) => `${name} ${JSON.stringify(value)} (${origin.detail})`)
    .join('; ');
}

/** A small picture of an example, and its name. */
function pictured(set: ComparedSet, example: number): Cell[] {
  const small = set.thumbnails.find((t) => t.example === example);
  return [set.names[example]!, small === undefined ? '' : picture(small.png, set.names[example]!)];
}

function listed(shown: number, all: number): string {
  return shown < all ? `The first ${shown} of ${all.toLocaleString('en')}; the others stand in the JSON document.` : '';
}

const RIGHT = { a: 'the first', b: 'the second', neither: 'neither', unknown: 'not known' } as const;

function predictionsPart(set: ComparedSet, predictions: ComparedPredictions): string {
  const { classes, truth, a, b, confidence, agreed, counted, labelled, correct, disagreements, matched } = predictions;
  const said = (of: Int32Array, sure: Float32Array, i: number): string =>
    `${classes[of[i]!] ?? '–'}${Number.isNaN(sure[i]!) ? '' : ` (${shareWords(sure[i]!)})`}`;
  const numbers: Cell[][] = [
    ['Both say the same', `${agreed} of ${counted}`, shareWords(agreed / Math.max(1, counted))],
  ];
  if (labelled > 0)
    numbers.push(
      ['First model right', `${correct.a} of ${labelled}`, shareWords(correct.a / labelled)],
      ['Second model right', `${correct.b} of ${labelled}`, shareWords(correct.b / labelled)],
    );
  const rows = disagreements
    .slice(0, LISTED)
    .map(({ example: i, right }): Cell[] => [
      ...pictured(set, i),
      classes[truth[i]!] ?? '–',
      said(a, confidence.a, i),
      said(b, confidence.b, i),
      RIGHT[right],
    ]);
  return [
    table('Predictions', ['', 'Pictures', 'Share'], numbers),
    paragraph(`Classes of the two were taken for the same by their ${matched}s.`, 'soft'),
    rows.length === 0
      ? paragraph('They disagree on no picture.')
      : table(
          'Disagreements, the surest first',
          ['Picture', '', 'Label', 'First model', 'Second model', 'Right'],
          rows,
        ),
    paragraph(listed(rows.length, disagreements.length), 'soft'),
  ].join('\n');
}

function spacesPart(set: ComparedSet, { a, b, layout, residual, kept, k, chance, order }: ComparedSpaces): string {
  const n = set.names.length;
  const names = [...new Set(set.labels)].sort((x, y) => (x === '' ? 1 : y === '' ? -1 : x < y ? -1 : 1));
  const classes = set.labels.map((label) => names.indexOf(label));
  const step = Math.max(1, n / DRAWN);
  const drawn = Array.from({ length: Math.min(n, DRAWN) }, (_, i) => Math.floor(i * step));
  const figure = (title: string, space: typeof a): string => {
    const points = intoUnitSquare(space.points);
    const label = `${title}: ${n} pictures by ${layout} of ${space.layer}`;
    return `<figure><h3>${escaped(title)}</h3>${cloud({ label, points, classes, labels: set.labels, names: set.names, drawn })}<figcaption>${escaped(`${space.layer}, ${space.width} numbers`)}</figcaption></figure>`;
  };
  const rows: Cell[][] = [];
  if (a.probe !== undefined && b.probe !== undefined)
    rows.push(
      ['Linear probe (accuracy ± standard deviation)', probeWords(a.probe), probeWords(b.probe)],
      ['Always the largest class', shareWords(a.probe.majority), shareWords(b.probe.majority)],
    );
  if (a.neighbourAccuracy !== undefined && b.neighbourAccuracy !== undefined)
    rows.push(['Nearest neighbours', shareWords(a.neighbourAccuracy), shareWords(b.neighbourAccuracy)]);
  const changed = [...order.subarray(0, LISTED)].map((i): Cell[] => [
    ...pictured(set, i),
    set.labels[i]!,
    kept[i]!.toFixed(2),
  ]);
  return [
    `<div class="pair">${figure('First model', a)}${figure('Second model', b)}</div>`,
    legend(names),
    paragraph(
      `By ${layout}; the second cloud is turned and mirrored so that it lies as the first (by Procrustes, which leaves ${residual.toFixed(2)} of its spread), and each is drawn at its own scale. How alike two spaces are is not to be read from such pictures: see the numbers.${drawn.length < n ? ` ${drawn.length} of ${n} points are drawn.` : ''}`,
      'soft',
    ),
    rows.length === 0 ? '' : table('How far classes come apart', ['', 'First model', 'Second model'], rows),
    table(
      `Pictures whose neighbourhood changed most: share of their ${k} nearest that both spaces have (unrelated spaces: ${chance.toFixed(2)})`,
      ['Picture', '', 'Label', 'Jaccard'],
      changed,
    ),
    paragraph(listed(changed.length, n), 'soft'),
  ].join('\n');
}

function alignmentPart({ a, b, cka, without, dropped, moved, counted, batch }: LayerAlignment): string {
  const asTable = (caption: string, values: typeof cka): string =>
    table(
      caption,
      ['First model \\ second model', ...b],
      a.map((name, i): Cell[] => [
        name,
        ...b.map((_, j) => {
          const v = values.data[i * b.length + j]!;
          return Number.isFinite(v) ? v.toFixed(3) : '–';
        }),
      ]),
    );
  const map = (label: string, values: typeof cka): string =>
    `<div class="wide whole" tabindex="0" role="region" aria-label="${escaped(label)}">${heatMap({ label, rows: a, columns: b, values })}</div>${heatScale()}`;
  const fewer = `Without ${largestWords(dropped)}`;
  return [
    paragraph(
      `Linear CKA of every layer of the first model (rows) with every layer of the second (columns), unbiased, from ${counted} pictures in batches of ${batch}; bright: alike. The value of a cell is shown under the pointer.`,
    ),
    map('Alignment of layers (CKA)', cka),
    paragraph(CKA_CAUTION, 'caution'),
    moved === undefined
      ? ''
      : paragraph(
          `${fewer}, ${a[moved.a]} × ${b[moved.b]} moves most: from ${cka.data[moved.a * b.length + moved.b]!.toFixed(3)} to ${without.data[moved.a * b.length + moved.b]!.toFixed(3)}.`,
        ),
    details('As a table', asTable('Alignment of layers (CKA)', cka)),
    dropped === 0 ? '' : details(fewer, map(`${fewer} (CKA)`, without) + asTable(`${fewer} (CKA)`, without)),
  ].join('\n');
}

function signalPart({ layers, bound, first, counted, paired }: LayerSignal): string {
  const names = layers.map(({ a }) => a);
  return [
    paragraph(
      `Signal-to-noise ratio of each layer's values over ${counted} pictures: the power of what the first model's layer says over that of the difference to the second's, in dB. Layers were paired by ${paired}. Below ${bound} dB (dashed) the difference is more than a tenth of the signal, and a layer counts as broken.`,
    ),
    first === undefined
      ? paragraph(`No layer falls below ${bound} dB.`)
      : paragraph(`The first below it: ${names[first]}.`),
    `<div class="wide whole" tabindex="0" role="region" aria-label="Signal-to-noise ratio by layer">${curve({
      label: 'Signal-to-noise ratio by layer',
      unit: 'dB',
      names,
      values: layers.map((l) => l.snr),
      says: layers.map(ratioWords),
      bound,
    })}</div>`,
    details(
      'As a table',
      table(
        'Signal-to-noise ratio by layer',
        ['First model', 'Second model', 'Ratio', 'Compared behind'],
        layers.map((l) => [l.a, l.b, ratioWords(l), l.behind ?? '']),
      ),
    ),
  ].join('\n');
}

function reasonsPart(set: ComparedSet, { method, rows, explained, of, failed, error }: ComparedReasons): string {
  const cells = rows
    .slice(0, LISTED)
    .map((row): Cell[] => [
      ...pictured(set, row.example),
      set.predictions?.classes[set.predictions.a[row.example]!] ?? '–',
      row.heat === undefined ? '' : picture(row.heat.a, `${set.names[row.example]}: ${method} of the first model`),
      row.heat === undefined ? '' : picture(row.heat.b, `${set.names[row.example]}: ${method} of the second model`),
      row.spearman.toFixed(2),
      row.cosine.toFixed(2),
    ]);
  return [
    paragraph(
      `${explained} of ${of} pictures with equal predictions were explained by ${method}, the least alike first. Spearman: rank correlation of the magnitudes; cosine: of the signed maps; 1 where both are the same.`,
    ),
    failed === 0 ? '' : paragraph(`${failed} could not be explained: ${error?.message ?? ''}`),
    cells.length === 0
      ? ''
      : table(
          'Same answer, other reason',
          ['Picture', '', 'Both say', 'First model', 'Second model', 'Spearman', 'Cosine'],
          cells,
        ),
    paragraph(listed(cells.length, rows.length), 'soft'),
  ].join('\n');
}

function weightsPart({ paired, layers, unpaired }: WeightChanges): string {
  const rows = layers.map((l): Cell[] => [
    l.a,
    l.b === l.a ? 'the same' : l.b,
    formatDims(l.shape),
    shareWords(l.relative),
    Number.isFinite(l.cosine) ? l.cosine.toFixed(4) : '–',
  ]);
  return [
    rows.length === 0
      ? paragraph('No weights could be compared.')
      : table(
          `Change of each layer's main weight; layers were paired by ${paired}`,
          ['First model', 'Second model', 'Shape', 'Norm of the difference', 'Cosine'],
          rows,
        ),
    unpaired.length === 0
      ? ''
      : details(
          `${unpaired.length} layers without a counterpart`,
          list(unpaired.map((u) => `${u.layer} (${u.side === 'a' ? 'first' : 'second'} model): ${u.reason}`)),
        ),
  ].join('\n');
}

function saidPart({ a, b, set }: Comparison): string {
  const warned = (which: string, { warnings }: ComparedModel): string[] => warnings.map((w) => `${which}: ${w}`);
  const items = [...(set?.notes ?? []), ...warned('First model', a), ...warned('Second model', b)];
  const omitted = set?.omitted ?? [];
  return [
    items.length === 0 ? paragraph('Nothing.') : list(items),
    omitted.length === 0
      ? ''
      : details(
          `${omitted.length} pictures were left out`,
          list(omitted.map(({ name, error }) => `${name}: ${error.message}`)),
        ),
  ].join('\n');
}
