import { writeNpy } from '../../../src/base/npy.js';
import type { Embedding } from '../../../src/result/embedding.js';
import { pngOf } from '../../shared/canvas/raster.js';
import type { MenuItem } from '../../shared/form/menu.js';
import { formatNumber, stemOf } from '../../shared/format.js';
import { className, type Facts } from '../facts.js';
import type { Room } from '../room.js';
import type { PointMap } from './map.js';
import { embeddingNumbers } from '../../../src/result/embeddingWords.js';
import { layoutReport } from './pageExport.js';
import { withText } from './pngText.js';
import { captioned, LINE, MARGIN, scaleCaption, scaleNumbers } from './pngExport.js';
import type { LegendEntry, LegendScale } from './scene.js';
import { scaleWords, type Score } from './scores.js';
import { axesOf, drawnOf, methodOf, type Drawn } from './state.js';

/** What can be saved and copied of what is shown; `page` holds the map, where it is open. */
export function exportItems(room: Room, page: Element): readonly MenuItem[] {
  const { facts, layout, view } = room;
  const embedding = layout.value?.embedding;
  const points = view.tab === 'map' ? embedding : undefined;
  const none = facts === undefined;
  const map = (): PointMap | null => page.querySelector<PointMap>('.map-frame lens-map');
  const stem = `${stemOf(room.setup?.place.name ?? 'data')}.${stemOf(room.setup?.model.name ?? 'model')}`;
  const save = (ending: string, bytes: () => Uint8Array | Promise<Uint8Array | undefined>): void => {
    void (async () => {
      const made = await bytes();
      if (made !== undefined) await room.host.save({ name: `${stem}.${ending}`, bytes: made });
    })().catch(() => undefined);
  };
  const text = (written: string): Uint8Array => new TextEncoder().encode(written);
  const item = (label: string, icon: string, disabled: boolean, onClick: () => void): MenuItem => ({
    label,
    icon,
    disabled,
    onClick,
  });
  const score = (): Score | undefined => (facts === undefined ? undefined : drawnOf(room, facts)?.score);
  const partly = view.most !== undefined || view.split !== undefined || Object.keys(view.mapping).length > 0;
  return [
    item('Save the points as CSV', 'table', points === undefined || none, () =>
      save(`${points!.method}.csv`, () => text(pointsCsv(facts!, points!, score()))),
    ),
    item('Save the points as NPY', 'symbol-array', points === undefined, () =>
      save(`${points!.method}.npy`, () => writeNpy(points!.points)),
    ),
    item('Save the points as JSON, with the recipe', 'json', points === undefined || none, () =>
      save(`${points!.method}.json`, () => text(pointsJson(facts!, points!, score()))),
    ),
    item('Save the picture as PNG', 'file-media', points === undefined || none, () =>
      save(`${points!.method}.png`, async () => {
        const image = map()?.snapshot();
        const drawn = drawnOf(room, facts!);
        const colours = drawn?.classes === undefined ? drawn?.colouring : undefined;
        const png = image === undefined ? undefined : await pngOf(captioned(image, captionOf(room, points!), colours));
        return png === undefined ? undefined : withText(png, 'recipe', JSON.stringify(points!.recipe));
      }),
    ),
    item('Save the picture as SVG', 'file-code', points === undefined || none, () =>
      save(`${points!.method}.svg`, () => {
        const element = map();
        const drawn = drawnOf(room, facts!);
        if (element === null || drawn === undefined) return Promise.resolve(undefined);
        return text(
          mapSvg({
            drawn,
            places: element.places(),
            caption: captionOf(room, points!),
            axes: axesOf(points!),
            recipe: points!.recipe,
          }),
        );
      }),
    ),
    item('Save the map as a page (HTML)', 'browser', points === undefined || none, () => {
      const answer = layout.value!;
      void layoutReport(room, facts!, answer)
        .then((report) => room.host.saveLayout({ name: `${stem}.${points!.method}.html`, report }))
        .catch(() => undefined);
    }),
    item('Save the predictions as CSV', 'table', none, () =>
      save('predictions.csv', () => text(predictionsCsv(facts!, score()))),
    ),
    item(partly ? COMMAND_OF_ALL : 'Copy the command line', 'terminal', none || partly, () => {
      const { of, layer, method, seed, params, components } = view.map;
      const values = { ...params[method], ...(components === 2 ? {} : { components }) };
      void room.host
        .copyCommand(
          view.tab === 'map' ? { method, of, seed, params: values, ...(layer === undefined ? {} : { layer }) } : {},
        )
        .catch(() => undefined);
    }),
  ];
}

/** It would give other points, and say nothing of it. */
const COMMAND_OF_ALL = 'The command line knows no part of a data set, and no mended labels';

/** A field of a CSV file; one that a spreadsheet would take for a formula is none. */
export function csvField(value: string | number): string {
  if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const csvLines = (lines: readonly (readonly (string | number)[])[]): string =>
  `${lines.map((line) => line.map(csvField).join(',')).join('\n')}\n`;

export function pointsCsv(
  facts: Facts,
  { points, of, files }: Pick<Embedding, 'points' | 'of' | 'files'>,
  score?: Score,
): string {
  const own = extraScore(score);
  const d = points.dims[1] ?? 2;
  const axes = ['x', 'y', 'z'].slice(0, d);
  const place = (i: number): number[] => axes.map((_, c) => points.data[i * d + c]!);
  if (of === 'weights') return csvLines([[...axes, 'class'], ...files.map((name, i) => [...place(i), name])]);
  return csvLines([
    [...axes, 'name', 'label', 'predicted', 'confidence', ...own.map(scaleWords)],
    ...files.map((name, i) => {
      const at = facts.at.get(name) ?? i;
      return [...place(i), name, ...saidOf(facts, at), ...own.map(({ values }) => values[at]!)];
    }),
  ]);
}

export function predictionsCsv(facts: Facts, score?: Score): string {
  const { survey } = facts;
  const own = extraScore(score);
  return csvLines([
    [
      'name',
      ...(survey.splits === undefined ? [] : ['split']),
      'label',
      'predicted',
      'confidence',
      'margin',
      ...own.map(scaleWords),
    ],
    ...survey.names.map((name, i) => [
      name,
      ...(survey.splits === undefined ? [] : [survey.splits[i]!]),
      ...saidOf(facts, i),
      survey.margin[i]!,
      ...own.map(({ values }) => values[i]!),
    ]),
  ]);
}

/** The number that points are coloured by, where it does not stand there already. */
function extraScore(score: Score | undefined): readonly Score[] {
  return score === undefined || score.own ? [] : [score];
}

function saidOf(facts: Facts, i: number): readonly (string | number)[] {
  const { survey, group } = facts;
  return [className(facts, group[i]!, ''), className(facts, survey.predicted[i]!, ''), survey.confidence[i]!];
}

function pointsJson(facts: Facts, embedding: Embedding, score: Score | undefined): string {
  const { points, files, of, recipe, layer, method, params, explained, divergence, quality } = embedding;
  const d = points.dims[1] ?? 2;
  const pictures = of === 'activations';
  const document = {
    schema: 'onnx-lens/embed/1',
    layer,
    method,
    params,
    of,
    files,
    ...(pictures
      ? {
          labels: files.map((_, i) => className(facts, facts.group[i]!, '')),
          predicted: files.map((_, i) => className(facts, facts.survey.predicted[i]!, '')),
        }
      : {}),
    ...(pictures && score !== undefined
      ? {
          colour: {
            title: score.title,
            unit: score.unit,
            values: files.map((name, i) => finite(score.values[facts.at.get(name) ?? i]!)),
          },
        }
      : {}),
    points: files.map((_, i) => Array.from(points.data.subarray(i * d, (i + 1) * d))),
    explained_variance_ratio: explained,
    kl: divergence,
    quality,
    recipe,
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

/** JSON has no words for what is no number. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** What stands below a picture that leaves the panel; its first line is the title. */
function captionOf(room: Room, embedding: Embedding): readonly string[] {
  const { facts } = room;
  const { recipe, layer, method, files } = embedding;
  const { title, summary } = methodOf(method);
  const all =
    facts !== undefined && facts.survey.of > facts.count
      ? `${files.length} of ${facts.survey.of}`
      : String(files.length);
  return [
    `${room.setup?.place.name ?? ''} · ${room.setup?.model.name ?? ''}: ${layer} by ${title}`,
    `${all} points · seed ${recipe.seed} · ${recipe.model.file} ${recipe.model.sha256.slice(0, 12)} · ${recipe.provider}`,
    ...embeddingNumbers(embedding).map(([name, value]) => `${name} ${value}`),
    summary,
  ];
}

/** The scale of the colours in vectors, at a place. */
function scaleSvg(scale: LegendScale, x: number, y: number): string {
  const { table } = scale.colors;
  const steps = Array.from({ length: 64 }, (_, k) => {
    const at = 3 * Math.round((255 * k) / 63);
    return `<rect x="${x + 2.5 * k}" y="${y}" width="2.6" height="10" fill="rgb(${table.subarray(at, at + 3).join(',')})"/>`;
  });
  const numbers = scaleNumbers(scale).map(
    (words, k) =>
      `<text x="${x + 80 * k}" y="${y + 24}" text-anchor="${['start', 'middle', 'end'][k]}">${escaped(words)}</text>`,
  );
  return `${steps.join('')}${numbers.join('')}<text x="${x}" y="${y - 6}">${escaped(scaleCaption(scale))}</text>`;
}

export interface MapSvg {
  readonly drawn: Drawn;
  readonly places: {
    readonly xy: Float32Array;
    readonly order: Uint32Array;
    readonly width: number;
    readonly height: number;
  };
  readonly caption: readonly string[];
  readonly axes: readonly string[];
  readonly recipe: Embedding['recipe'];
}

/** The map as it is looked at, as vectors: with its legend, its caption, and the recipe in the metadata. */
export function mapSvg({ drawn, places, caption, axes, recipe }: MapSvg): string {
  const { scene, colouring } = drawn;
  const { xy, order, width, height } = places;
  const entries: readonly LegendEntry[] = drawn.classes === undefined ? colouring.entries.slice(0, 40) : [];
  const scale = drawn.classes === undefined ? colouring.scale : undefined;
  const side = scale !== undefined ? 260 : entries.length === 0 ? 0 : 190;
  const foot = caption.length * LINE + 2 * MARGIN;
  const parts: string[] = [];
  for (const i of order) {
    const [x, y] = [xy[2 * i]!, xy[2 * i + 1]!];
    if (!(x >= -9 && y >= -9 && x <= width + 9 && y <= height + 9)) continue;
    const c = scene.colours[i]!;
    const look = `fill="${hex(c)}" fill-opacity="${formatNumber((c >>> 24) / 255)}"${scene.selected[i] === 1 ? ' stroke="#000" stroke-width="1"' : ''}`;
    const [px, py] = [x.toFixed(1), y.toFixed(1)];
    parts.push(
      scene.shapes[i] === 1
        ? `<path d="M${px} ${(y - 4.5).toFixed(1)}l4.5 4.5-4.5 4.5-4.5-4.5z" ${look}/>`
        : `<circle cx="${px}" cy="${py}" r="3.2" ${look}/>`,
    );
    if (scene.names !== undefined)
      parts.push(`<text x="${(x + 7).toFixed(1)}" y="${(y + 4).toFixed(1)}">${escaped(scene.names[i]!)}</text>`);
  }
  const legend = entries.map(
    ({ name, colour, count }, k) =>
      `<circle cx="${width + 18}" cy="${20 + k * LINE}" r="5" fill="rgb(${colour.join(',')})"/><text x="${width + 30}" y="${24 + k * LINE}">${escaped(name)} (${count})</text>`,
  );
  const lines = caption.map(
    (line, k) =>
      `<text x="${MARGIN}" y="${height + MARGIN + (k + 0.7) * LINE}"${k === 0 ? ' font-weight="bold"' : ''}>${escaped(line)}</text>`,
  );
  const texts =
    axes.length < 2
      ? []
      : [
          `<text x="${width - 8}" y="${height - 8}" text-anchor="end" fill="#555">${escaped(axes[0]!)} →</text>`,
          `<text x="8" y="16" fill="#555">↑ ${escaped(axes[1]!)}</text>`,
        ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width + side}" height="${height + foot}" viewBox="0 0 ${width + side} ${height + foot}" font-family="sans-serif" font-size="12">`,
    `<metadata>${escaped(JSON.stringify({ recipe }))}</metadata>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<svg width="${width}" height="${height}">${parts.join('\n')}</svg>`,
    ...texts,
    ...legend,
    ...(scale === undefined ? [] : [scaleSvg(scale, width + 18, 30)]),
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

const hex = (c: number): string =>
  `#${[c & 255, (c >>> 8) & 255, (c >>> 16) & 255].map((v) => v.toString(16).padStart(2, '0')).join('')}`;

function escaped(text: string): string {
  // Characters that XML does not allow would spoil the whole picture.
  const allowed = [...text].filter((c) => (c >= ' ' || c === '\t' || c === '\n') && c < '\ufffe');
  return allowed.join('').replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
