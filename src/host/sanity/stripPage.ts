import { colormap } from '../../result/colormap.js';
import type { CheckResult, CheckStrip } from '../../result/check.js';
import type { ValueMap } from '../../result/heatmap.js';
import { escaped, list, page, paragraph, section, table } from '../../report/page.js';

/** Squares along a side of a map: a strip is looked at beside its neighbours, small. */
const SIDE = 32;
/** Of one map on the page, in CSS pixels. */
const SHOWN = 112;

/** The editor's own colours in place of the page's: a window may be dark where the system is not. */
const THEME = `<style>
:root { --text: var(--vscode-editor-foreground); --back: var(--vscode-editor-background);
  --soft: var(--vscode-descriptionForeground); --line: var(--vscode-contrastBorder, var(--vscode-panel-border));
  --band: var(--vscode-editorWidget-background); --mark: var(--vscode-focusBorder); }
body { padding: 0; font-family: var(--vscode-font-family); }
.strip { display: flex; flex-wrap: wrap; gap: 12px; }
.strip figure { margin: 0; width: ${SHOWN}px; }
.strip figcaption { overflow-wrap: anywhere; }
</style></head>`;

/** The maps behind a check, with the numbers behind its sentence. No script, nothing that is loaded. */
export function stripPage(title: string, { sentence, evidence }: CheckResult): string {
  const { strips = [], tables = [], notes = [] } = evidence;
  return page(title, [
    paragraph(sentence),
    paragraph(`${legendOf(strips)} Each map on its own scale.`, 'soft'),
    ...strips.map((strip, i) => section(`strip-${i}`, strip.title, stripPart(strip))),
    ...tables.map(({ title: name, head, rows }, i) => section(`table-${i}`, name, table(name, head, rows))),
    list(notes),
  ]).replace('</head>', THEME);
}

/** What the colours say, of the kinds of maps that are shown. */
function legendOf(strips: readonly CheckStrip[]): string {
  const signs = new Set(strips.flatMap(({ maps }) => maps.map(({ map }) => map.signed)));
  const words = [
    ...(signs.has(false) ? ['Dark: nothing; light: most.'] : []),
    ...(signs.has(true) ? ['Red: for; blue: against; white: nothing.'] : []),
  ];
  return words.join(' ');
}

function stripPart({ maps }: CheckStrip): string {
  const figures = maps.map(
    ({ label, map }) => `<figure>${mapPicture(map, label)}<figcaption>${escaped(label)}</figcaption></figure>`,
  );
  return `<div class="strip">${figures.join('')}</div>`;
}

/** A map as squares, each the mean of the values that it covers. */
function mapPicture({ width, height, values, signed }: ValueMap, label: string): string {
  const [columns, rows] = [Math.min(SIDE, width), Math.min(SIDE, height)];
  const means = Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const [top, bottom] = [Math.floor((row * height) / rows), Math.floor(((row + 1) * height) / rows)];
    const [left, right] = [Math.floor((column * width) / columns), Math.floor(((column + 1) * width) / columns)];
    let sum = 0;
    for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += values[y * width + x]!;
    return sum / ((bottom - top) * (right - left));
  });
  const most = means.reduce((m, value) => Math.max(m, Math.abs(value)), 0) || 1;
  const { table: colours } = colormap(signed ? 'RdBu' : 'magma');
  const squares = means.map((value, i) => {
    const share = signed ? (value / most + 1) / 2 : value / most;
    const at = Number.isFinite(share) ? 3 * Math.round(255 * Math.min(1, Math.max(0, share))) : undefined;
    const fill = at === undefined ? '#808080' : `rgb(${colours[at]},${colours[at + 1]},${colours[at + 2]})`;
    return `<rect x="${i % columns}" y="${Math.floor(i / columns)}" width="1" height="1" fill="${fill}"/>`;
  });
  return `<svg role="img" aria-label="${escaped(label)}" viewBox="0 0 ${columns} ${rows}" width="${SHOWN}" height="${Math.round((SHOWN * rows) / columns)}" shape-rendering="crispEdges">${squares.join('')}</svg>`;
}
