import { html, nothing, type TemplateResult } from 'lit';
import type { Overview, Severity } from '../../../src/result/overview.js';
import type { Origin } from '../../../src/result/recipe.js';
import { button, icon } from '../../shared/controls.js';
import { baseName, formatBytes, formatCount, formatPercent, formatShape, plural } from '../../shared/format.js';
import { failure } from '../../shared/messages.js';
import { nameList, tableHead } from '../../shared/table.js';
import type { Editor, TabDefinition } from '../editor.js';

const SEVERITY: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'info' };
/** Names of classes that are listed before a person asks for all. */
const SOME_LABELS = 24;
const SOME_WEIGHTS = 12;

export const tab: TabDefinition = { id: 'overview', label: 'Overview', render: (c) => overviewPart(c) };

/** What the file says, in the order in which one asks. */
function overviewPart(c: Editor): TemplateResult {
  const overview = c.overview.value;
  if (overview === undefined) return html`${nothing}`;
  return html`
    ${factsPart(c, overview)} ${odditiesPart(c, overview)} ${valuesPart(overview)} ${preprocessingPart(c, overview)}
    ${labelsPart(overview)} ${operatorsPart(overview)} ${metadataPart(overview)}
  `;
}

function factsPart(c: Editor, overview: Overview): TemplateResult {
  const measured = c.measured.value;
  const opsets = Object.entries(overview.opset).map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`);
  const facts: readonly (readonly [string, TemplateResult | string])[] = [
    ['Parameters', `${formatCount(overview.parameters)} in ${plural(overview.layers.length, 'layer')}`],
    [
      'Work',
      measuredText(
        c,
        measured &&
          `${formatCount(measured.flops)}FLOPs${measured.flopsUnknown > 0 ? `, ${plural(measured.flopsUnknown, 'node')} unknown` : ''}`,
      ),
    ],
    [
      'Size',
      `${formatBytes(overview.totalBytes)}, weights ${formatBytes(overview.weightBytes)}${
        overview.externalFiles.length > 0 ? ` in ${overview.externalFiles.map(baseName).join(', ')}` : ''
      }`,
    ],
    [
      'Memory to run',
      measuredText(
        c,
        measured &&
          `${formatBytes(measured.peakBytes + overview.weightBytes)}: weights and ${formatBytes(measured.peakBytes)} of activations at batch ${measured.batch}`,
      ),
    ],
    ['Gradients', differentiability(c)],
    ['Opset', `${opsets.join(', ')} · IR ${overview.ir}`],
    ['Made by', overview.producer || 'the file does not say'],
    ['Nodes', formatCount(overview.nodes)],
  ];
  return html`<section aria-labelledby="facts">
    <h2 id="facts">Facts</h2>
    ${nameList(facts, 'facts')} ${measureAction(c)}
    ${overview.doc === '' ? nothing : html`<p class="doc dim">${overview.doc}</p>`}
    ${[...overview.warnings, ...(measured?.warnings ?? [])].map((warning) => html`<p class="odd">${icon('warning')}<span>${warning}</span></p>`)}
  </section>`;
}

function measuredText(c: Editor, text: string | undefined): TemplateResult | string {
  if (text !== undefined) return c.measured.outdated ? html`<span class="dim">${text}</span>` : text;
  return html`<span class="dim">${c.measured.working ? 'measuring…' : 'not measured'}</span>`;
}

function measureAction(c: Editor): TemplateResult | typeof nothing {
  const { measured } = c;
  if (measured.error !== undefined) {
    return failure(measured.error, [{ label: 'Measure again', onClick: () => void c.measure() }]);
  }
  if (measured.working || (measured.value !== undefined && !measured.outdated)) return nothing;
  if (c.setup?.trusted === false)
    return html`<p class="dim">Trust this workspace to run the model once and see shapes, work and memory.</p>`;
  return html`<div class="actions">
    ${button({ label: 'Measure', title: 'Runs the model once: shapes, FLOPs and memory', onClick: () => void c.measure() })}
    <span class="dim">runs the model once, for shapes, FLOPs and memory</span>
  </div>`;
}

function differentiability(c: Editor): TemplateResult | string {
  const found = c.measured.value?.differentiable;
  if (found === undefined) return measuredText(c, undefined);
  const reasons = [...new Set(found.refused.map((r) => `${r.op}: ${r.reason}`))];
  return html`${found.yes ? 'differentiable from output to input' : 'not differentiable'}
  ${
    reasons.length === 0
      ? nothing
      : html`<ul class="plain">
          ${reasons.slice(0, 6).map((r) => html`<li>${r}</li>`)}
        </ul>`
  }`;
}

function odditiesPart(c: Editor, overview: Overview): TemplateResult {
  const { oddities, scan } = c;
  const checked = scan.value !== undefined && !scan.outdated;
  return html`<section aria-labelledby="odd">
    <h2 id="odd">What is odd <span class="hint dim">${scanText(scan, checked, overview)}</span></h2>
    ${
      oddities.length === 0
        ? html`<p class="odd">
            ${icon(checked ? 'pass' : 'circle-outline')}<span
              >${
                checked
                  ? 'Nothing: no NaN, no huge or dead weights, nothing unused.'
                  : 'Nothing in what was read so far.'
              }</span
            >
          </p>`
        : html`<ul class="plain">
              ${oddities.slice(0, 100).map(
                (o) =>
                  html`<li class="odd">
                    ${icon(SEVERITY[o.severity])}<span class="sr-only">${o.severity}: </span>
                    ${
                      o.layer === undefined
                        ? html`<span>${o.sentence}</span>`
                        : html`<button type="button" class="link" @click=${() => c.show(o.layer!)}>
                            ${o.sentence}
                          </button>`
                    }
                  </li>`,
              )}
            </ul>
            ${oddities.length > 100 ? html`<p class="dim">and ${oddities.length - 100} more</p>` : nothing}`
    }
    ${scan.error === undefined ? nothing : failure(scan.error, [{ label: 'Check again', onClick: () => void c.check() }])}
    ${
      scan.working || checked || scan.error !== undefined
        ? nothing
        : html`<div class="actions">
            ${button({ label: 'Check the weights', onClick: () => void c.check() })}
            <span class="dim">reads all ${formatBytes(overview.weightBytes)} once</span>
          </div>`
    }
  </section>`;
}

function scanText(scan: Editor['scan'], checked: boolean, overview: Overview): string {
  if (scan.working) {
    const fraction = scan.progress?.fraction;
    return `checking the weights${fraction === undefined ? '' : ` · ${formatPercent(fraction)}`}`;
  }
  return checked ? `${formatBytes(overview.weightBytes)} of weights checked` : '';
}

function valuesPart({ inputs, outputs }: Overview): TemplateResult {
  const row = (which: string, name: string, type: string, dims: readonly (number | string)[]): TemplateResult =>
    html`<tr>
      <td class="dim">${which}</td>
      <td>${name}</td>
      <td>${type}</td>
      <td>${formatShape(dims)}</td>
    </tr>`;
  return html`<section aria-labelledby="values">
    <h2 id="values">Inputs and outputs</h2>
    <table>
      ${tableHead(html`<span class="sr-only">Direction</span>`, 'Name', 'Type', 'Shape')}
      <tbody>
        ${inputs.map((v) => row('in', v.name, v.type, v.dims))}
        ${outputs.map((v) => row('out', v.name, v.type, v.dims))}
      </tbody>
    </table>
  </section>`;
}

function preprocessingPart(c: Editor, { preprocessing }: Overview): TemplateResult {
  const entries = Object.entries(preprocessing);
  return html`<section aria-labelledby="preprocessing">
    <h2 id="preprocessing">From the picture to the input</h2>
    <table>
      ${tableHead('Setting', 'Value', 'From')}
      <tbody>
        ${entries.map(
          ([name, { value, origin }]) =>
            html`<tr>
              <td>${name}</td>
              <td>${settingText(value)}</td>
              <td class=${origin.kind === 'default' ? 'guess' : 'dim'}>
                ${origin.kind === 'default' ? icon('warning') : nothing}<span>${originText(origin)}</span>
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    <div class="actions">
      ${button({ label: 'Save these settings beside the model', onClick: () => void c.host.createSidecar({}) })}
    </div>
  </section>`;
}

function labelsPart({ labels }: Overview): TemplateResult {
  const { names, count, origin } = labels;
  const some = names.slice(0, SOME_LABELS);
  return html`<section aria-labelledby="labels">
    <h2 id="labels">Classes <span class="hint dim">${originText(origin)}</span></h2>
    ${
      names.length === 0
        ? html`<p class="dim">
            ${count > 0 ? `${count} classes without names.` : 'Nobody has named the classes.'} Names can stand in the
            settings file beside the model.
          </p>`
        : html`<details class="more" ?open=${names.length <= SOME_LABELS}>
            <summary>
              ${plural(names.length, 'class', 'classes')}: ${some.slice(0, 4).join(', ')}${names.length > 4 ? '…' : ''}
            </summary>
            <ol class="labels" start="0">
              ${names.map((name) => html`<li>${name}</li>`)}
            </ol>
          </details>`
    }
  </section>`;
}

function operatorsPart({ operators, weights }: Overview): TemplateResult {
  const types = new Map<string, number>();
  for (const { type, bytes } of weights) types.set(type, (types.get(type) ?? 0) + bytes);
  const largest = [...weights].sort((a, b) => b.bytes - a.bytes).slice(0, SOME_WEIGHTS);
  return html`<section aria-labelledby="operators">
    <h2 id="operators">Operators and weights</h2>
    <p class="operators">
      ${operators.map(({ op, count }) => html`<span class="chip">${op} <span class="dim">${count}</span></span>`)}
    </p>
    <p class="dim">${[...types].map(([type, bytes]) => `${formatBytes(bytes)} ${type}`).join(' · ')}</p>
    <details class="more">
      <summary>The largest weights</summary>
      <table>
        ${tableHead('Weight', 'Shape', 'Type', 'Size')}
        <tbody>
          ${largest.map(
            (w) =>
              html`<tr>
                <td>${w.name}</td>
                <td>${formatShape(w.dims)}</td>
                <td>${w.type}</td>
                <td>${formatBytes(w.bytes)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </section>`;
}

function metadataPart({ metadata }: Overview): TemplateResult | typeof nothing {
  const entries = Object.entries(metadata);
  if (entries.length === 0) return nothing;
  return html`<section aria-labelledby="metadata">
    <h2 id="metadata">Metadata</h2>
    <table>
      ${tableHead('Key', 'Value')}
      <tbody>
        ${entries.map(
          ([key, value]) =>
            html`<tr>
              <td>${key}</td>
              <td class="long">${value}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function originText({ kind, detail }: Origin): string {
  return kind === 'default' ? `default${detail === '' ? '' : `: ${detail}`}` : detail === '' ? kind : detail;
}

/** Settings as a person writes them. */
function settingText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((v) => (typeof v === 'number' ? short(v) : String(v))).join(', ');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, each]) => `${key} ${settingText(each)}`)
      .join(', ');
  return typeof value === 'number' ? short(value) : String(value);
}

function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}
