/** Parts of a page that stands alone: no script, nothing loaded from anywhere. */

/** Text as HTML text. Characters that no page may hold are left out. */
export function escaped(text: string): string {
  return [...text]
    .filter((c) => (c >= ' ' || c === '\n' || c === '\t') && c < '\ufffe' && c !== '\u007f')
    .join('')
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A part of a page that is HTML already. */
export interface Markup {
  readonly html: string;
}

export type Cell = string | number | Markup;

export function markup(html: string): Markup {
  return { html };
}

export function inline(cell: Cell): string {
  return typeof cell === 'object' ? cell.html : escaped(String(cell));
}

/** A table with a caption and named columns; the first cell of a row names the row. */
export function table(caption: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const head = columns.map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
  const body = rows.map(([first, ...rest]) => {
    const cells = rest.map((cell) => `<td${typeof cell === 'number' ? ' class="number"' : ''}>${inline(cell)}</td>`);
    return `<tr><th scope="row">${inline(first ?? '')}</th>${cells.join('')}</tr>`;
  });
  return `<div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

/** A PNG within the page. */
export function picture(png: Uint8Array, alternative: string): Markup {
  return markup(`<img src="${pngAddress(png)}" alt="${escaped(alternative)}"/>`);
}

/** The address of a PNG that is in the page itself. */
export function pngAddress(png: Uint8Array): string {
  return `data:image/png;base64,${base64(png)}`;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  // Pieces, because a function takes only so many arguments; each a whole number of triples.
  for (let i = 0; i < bytes.length; i += 8190) text += btoa(String.fromCharCode(...bytes.subarray(i, i + 8190)));
  return text;
}

export function section(id: string, title: string, ...content: readonly string[]): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escaped(title)}</h2>\n${content.filter((c) => c !== '').join('\n')}\n</section>`;
}

export function paragraph(text: string, kind = ''): string {
  return `<p${kind === '' ? '' : ` class="${kind}"`}>${escaped(text)}</p>`;
}

export function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('\n')}</ul>`;
}

export function details(summary: string, content: string): string {
  return `<details><summary>${escaped(summary)}</summary>${content}</details>`;
}

/** A whole page. A browser that opens it asks nobody for anything: its policy forbids even to try. */
export function page(title: string, body: readonly string[]): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/>
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body.filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --text: #1b1b1b; --back: #ffffff; --soft: #5c5c5c; --line: #c8c8c8; --band: #f4f4f4; --mark: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8e8e8; --back: #1c1c1c; --soft: #a8a8a8; --line: #4a4a4a; --band: #272727; --mark: #7ab8ff; }
}
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin-top: 2.2em; border-bottom: 1px solid var(--line); padding-bottom: 4px; }
h3 { font-size: 1rem; margin-bottom: 4px; overflow-wrap: anywhere; }
p.soft, figcaption, caption { color: var(--soft); }
.wide { overflow-x: auto; max-height: 640px; overflow-y: auto; margin: 12px 0; }
.wide.whole { max-height: none; }
.wide:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
table { border-collapse: collapse; min-width: min(100%, 36em); }
caption { text-align: left; padding: 4px 0; }
th, td { text-align: left; font-weight: normal; padding: 4px 10px; border-bottom: 1px solid var(--line); vertical-align: middle; }
.long { overflow-wrap: anywhere; }
thead th { font-weight: 600; position: sticky; top: 0; background: var(--back); }
tbody tr:nth-child(even) { background: var(--band); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { display: block; min-width: 64px; max-width: 128px; image-rendering: pixelated; }
figure { margin: 12px 0; }
.pair { display: flex; flex-wrap: wrap; gap: 16px; }
.pair figure { flex: 1 1 320px; min-width: 0; }
svg { max-width: 100%; height: auto; display: block; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--line); fill: none; }
svg .line { stroke: var(--mark); fill: none; stroke-width: 2; }
svg .dot { fill: var(--mark); }
@media (prefers-color-scheme: dark) { svg [fill="#000000"] { fill: #f0f0f0; } }
svg .bound { stroke: var(--soft); stroke-dasharray: 5 4; }
a { color: var(--mark); }
pre { overflow-x: auto; background: var(--band); padding: 12px; font-size: 13px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; padding: 0; }
@media print { .wide { max-height: none; overflow: visible; } }
`;
