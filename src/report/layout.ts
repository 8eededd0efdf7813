import type { FloatTensor } from '../base/tensor.js';
import { axisWords, embeddingNumbers } from '../result/embeddingWords.js';
import { embeddingMethods } from '../result/embeddingMethods.js';
import { PICTURE_SHARE, type LayoutColour, type LayoutReport } from '../result/layoutReport.js';
import { intoUnitSquare } from '../result/scatter.js';
import { cloud, colourScale, legend, picturesInPlace } from './charts.js';
import { details, escaped, list, page, paragraph, section, table } from './page.js';

/** Points that are drawn: more make no page more readable, and each is a line of it. */
const DRAWN = 20_000;

/** A layout as one page that stands alone. */
export function layoutPage(report: LayoutReport): string {
  const { title, embedding, provider, notes, thumbnails } = report;
  const { recipe, omitted } = embedding;
  const place = intoUnitSquare(embedding.points);
  const numbers = embeddingNumbers(embedding);
  const parts = [
    ['map', 'Where they lie', mapPart(report, place)],
    ...(thumbnails.length === 0
      ? []
      : [['pictures', 'The pictures in their places', picturesPart(report, place)] as const]),
    [
      'numbers',
      'Numbers beside the picture',
      numbers.length === 0 ? paragraph('There are too few points for any.') : table('Numbers', ['', 'Value'], numbers),
    ],
    ['said', 'What must be said', saidPart(notes, omitted)],
    ['recipe', 'Recipe', `<pre>${escaped(JSON.stringify(recipe, null, 2))}</pre>`],
  ] as const;
  const contents = parts.map(([id, name]) => `<li><a href="#${id}">${escaped(name)}</a></li>`).join('');
  return page(title, [
    paragraph(
      `${countWords(report)} · seed ${recipe.seed} · ${recipe.model.file} ${recipe.model.sha256.slice(0, 12)} · ran on ${provider}`,
      'soft',
    ),
    `<nav aria-label="Contents"><ul>${contents}</ul></nav>`,
    ...parts.map(([id, name, content]) => section(id, name, content)),
  ]);
}

function countWords({ embedding: { files, of }, of: all }: LayoutReport): string {
  const count = files.length.toLocaleString('en');
  if (of === 'weights') return `${count} classes`;
  return `${all === undefined || all === files.length ? count : `${count} of ${all.toLocaleString('en')}`} pictures`;
}

function mapPart({ embedding, colour }: LayoutReport, points: FloatTensor): string {
  const { files, labels, predicted, layer, method, of } = embedding;
  const n = files.length;
  const classes = of === 'weights' ? files : labels;
  const names = [...new Set(classes)].sort((x, y) => (x === '' ? 1 : y === '' ? -1 : x < y ? -1 : 1));
  const numberOf = new Map(names.map((name, k) => [name, k]));
  const step = Math.max(1, n / DRAWN);
  const drawn = Array.from({ length: Math.min(n, DRAWN) }, (_, i) => Math.floor(i * step));
  const said = labels.map((label, i) => {
    const taken = predicted?.[i];
    const what = taken === undefined || taken === label ? label : `${label === '' ? 'no label' : label} → ${taken}`;
    const value = colour === undefined ? '' : `${colour.title} ${numberWords(colour.values[i]!)}`;
    return [what, value].filter((text) => text !== '').join(', ');
  });
  const { title } = embeddingMethods.find(({ id }) => id === method) ?? { title: method };
  const [across, up] = axisWords(embedding);
  const label = `${n} points by ${title} of ${layer}`;
  const picture = cloud({
    label,
    points,
    classes: classes.map((name) => numberOf.get(name)!),
    labels: classes,
    names: files,
    drawn,
    said,
    ...(colour === undefined ? {} : { fill: (i: number) => fillOf(colour, i) }),
  });
  return [
    `<figure>${picture}<figcaption>${escaped(`${layer} by ${title}. To the right: ${across}; upwards: ${up}. Rest on a point to see what it is.`)}</figcaption></figure>`,
    colour === undefined
      ? legend(names)
      : `<figure>${colourScale(colour)}<figcaption>${escaped(`${colour.title}${colour.values.some((v) => !Number.isFinite(v)) ? '; grey: without one' : ''}`)}</figcaption></figure>`,
    drawn.length < n
      ? paragraph(`${drawn.length.toLocaleString('en')} of ${n.toLocaleString('en')} points are drawn.`, 'soft')
      : '',
  ].join('\n');
}

function numberWords(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : 'none';
}

function fillOf({ values, low, high, table: colours }: LayoutColour, i: number): string {
  const value = values[i]!;
  if (!Number.isFinite(value)) return '#999999';
  const at = 3 * Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
  return `rgb(${colours.subarray(at, at + 3).join(' ')})`;
}

function picturesPart({ embedding: { files, labels }, thumbnails }: LayoutReport, points: FloatTensor): string {
  const label = `${thumbnails.length} pictures at their points`;
  return [
    `<figure>${picturesInPlace({ label, points, names: files, labels, thumbnails, share: PICTURE_SHARE })}</figure>`,
    paragraph(
      `${thumbnails.length} of ${files.length.toLocaleString('en')} pictures are shown: those for which there was room beside the others.`,
      'soft',
    ),
  ].join('\n');
}

function saidPart(notes: readonly string[], omitted: LayoutReport['embedding']['omitted']): string {
  return [
    notes.length === 0 ? paragraph('Nothing.') : list([...new Set(notes)]),
    omitted.length === 0
      ? ''
      : details(
          `${omitted.length} pictures were left out`,
          list(omitted.map(({ file, error }) => `${file}: ${error.message}`)),
        ),
  ].join('\n');
}
