import type { Address } from '../../../src/base/place.js';
import { html, nothing, type TemplateResult } from 'lit';
import type { PreprocessingRecord } from '../../../src/result/recipe.js';
import { repeat } from 'lit/directives/repeat.js';
import { sceneOf, paint } from '../../shared/canvas/display.js';
import { button, icon } from '../../shared/controls.js';
import { formatDuration, formatNumber } from '../../shared/format.js';
import { notice } from '../../shared/messages.js';
import { tableHead } from '../../shared/table.js';
import type { Asked, Run } from '../asked.js';
import { isEditable } from '../settings/draft.js';
import { editorPart, openEditor } from '../settings/editor.js';
import type { Preparation } from '../settings/preparation.js';
import { isGuess, modelViewSentence, originSentence, settingRows } from './modelView.js';

/** What must be known beside the picture: how the model sees it, and what is odd. */
export function modelViewPart(c: Asked, preparation: Preparation, save: () => void): TemplateResult {
  const record = c.preprocessing;
  if (preparation.isOpen) return editorPart(preparation);
  const edit = html`<span class="prepare-edit"
    >${button({ label: 'Edit…', icon: 'edit', title: 'Set how the picture is prepared, and see at once what the model says', disabled: record !== undefined && !isEditable(record), onClick: () => openEditor(preparation) })}</span
  >`;
  if (record === undefined)
    return html`<div class="model-view"><span class="dim">How the picture is prepared</span>${edit}</div>`;
  return html`<div class="model-view">${recordPart(record, save)}${edit}</div>`;
}

function recordPart(record: PreprocessingRecord, save: () => void): TemplateResult {
  return html`<details>
    <summary>
      ${icon(isGuess(record) ? 'warning' : 'eye')}<span class="dim">How the picture is prepared</span>
      <span class="sentence">${modelViewSentence(record)}</span><span class="dim">${originSentence(record)}</span>
    </summary>
    <table>
      ${tableHead('Setting', 'Value', 'From')}
      <tbody>
        ${settingRows(record).map(
          (row) =>
            html`<tr>
              <th scope="row">${row.name}</th>
              <td>${row.value}</td>
              <td class=${row.origin.kind === 'default' ? 'guess' : ''}>${row.origin.detail}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${button({ label: 'Save these settings beside the model', icon: 'save', onClick: save })}
  </details>`;
}

/** Warnings that are read without being asked for; the others open on a click. */
const READ_AT_ONCE = 2;

/** What is odd about the answer: beside it, where it is read. */
export function warningsPart(c: Asked): TemplateResult {
  const { shown, current } = c;
  const notes = new Set(shown?.explanation.recipe.notes);
  const warnings = [...new Set([...(current?.answer?.warnings ?? []), ...(shown?.explanation.warnings ?? [])])].filter(
    (w) => !notes.has(w),
  );
  if (warnings.length === 0) return html``;
  const item = (text: string): TemplateResult => html`<li>${icon('warning', 'warn')}<span>${text}</span></li>`;
  const rest = warnings.slice(READ_AT_ONCE);
  return html`<ul class="remarks" aria-label="Warnings">
      ${warnings.slice(0, READ_AT_ONCE).map(item)}
    </ul>
    ${
      rest.length === 0
        ? nothing
        : html`<details class="more-warnings">
            <summary>${icon('warning', 'warn')}<span>${rest.length} more</span></summary>
            <ul class="remarks" aria-label="More warnings">
              ${rest.map(item)}
            </ul>
          </details>`
    }`;
}

/** What must be known of how the answer was made. */
export function notesPart(c: Asked): TemplateResult {
  const { shown } = c;
  const notes = new Set(shown?.explanation.recipe.notes);
  const { delta } = shown?.explanation ?? {};
  if (delta !== undefined)
    notes.add(`The map adds up to the difference of the scores but for ${formatNumber(delta)} (completeness).`);
  if (notes.size === 0) return html``;
  return html`<ul class="remarks" aria-label="Notes">
    ${[...notes].map((text) => html`<li>${icon('info')}<span>${text}</span></li>`)}
  </ul>`;
}

/** The runs of this panel, newest first, in a line at the lower edge that stays in sight: a click goes back to one. */
export function historyPart(c: Asked): TemplateResult {
  if (c.runs.length === 0) return html``;
  return html`<section class="history" aria-label="History">
    <h2>History</h2>
    <div class="history-runs">
      ${repeat(
        [...c.runs].reverse(),
        (run) => run.id,
        (run) => historyRun(c, run),
      )}
    </div>
  </section>`;
}

function historyRun(c: Asked, run: Run): TemplateResult {
  const edited = run.question.settings === undefined ? '' : ' · edited settings';
  const time = run.answer === undefined ? '' : `${formatDuration(run.answer.milliseconds)}${edited}`;
  const text = run.status === 'partial' ? 'partial' : run.status === 'failed' ? 'failed' : time;
  return html`<button
    type="button"
    class="history-run"
    aria-current=${run === c.current}
    title="${run.title}${describeParams(run)}"
    @click=${() => c.goTo(run.id)}
  >
    <lens-thumbnail .picture=${thumbnailOf(c, run)} .side=${26}></lens-thumbnail>
    <span class="history-text"
      ><span class="ellipsis">${run.title}</span
      ><span class="dim">${run.outdated ? 'before the change on disk' : text}</span></span
    >
  </button>`;
}

function describeParams({ question }: Run): string {
  const params = Object.entries(question.params).filter(([name]) => name !== 'reduce');
  const all = [
    question.score,
    ...(question.layer === undefined ? [] : [question.layer]),
    ...params.map(([k, v]) => `${k} ${v}`),
  ];
  return ` · ${all.join(' · ')}`;
}

const thumbnails = new WeakMap<object, { readonly key: string; readonly picture: ReturnType<typeof paint> }>();

/** The heat of a run in small, made once for each way of drawing. */
export function thumbnailOf(c: Asked, run: Run | undefined, picture = run?.pictures[0]) {
  const explanation = picture === undefined ? undefined : run?.explanations.get(picture);
  if (explanation === undefined) return undefined;
  const { reduction, sign, percentile, auto, sequential, diverging } = c.display;
  const key = [reduction, sign, percentile, auto, sequential, diverging].join();
  const known = thumbnails.get(explanation);
  if (known?.key === key) return known.picture;
  const made = paint(sceneOf(explanation, c.display), {
    ...c.display,
    mode: 'blend',
    opacity: 0.7,
    smooth: true,
    parts: false,
  });
  thumbnails.set(explanation, { key, picture: made });
  return made;
}

/** Several pictures: one is looked at, the others are a click or an arrow key away. One that failed stops no other. */
export function picturesPart(c: Asked, open: (picture: Address) => void): TemplateResult {
  const { setup, current } = c;
  const pictures = current?.pictures ?? setup?.pictures.map((p) => p.uri) ?? [];
  if (pictures.length < 2) return html``;
  return html`<div
    class="pictures"
    role="listbox"
    aria-label="Pictures"
    aria-orientation="horizontal"
    @keydown=${moveInPictures}
  >
    ${pictures.map((uri) => {
      const name =
        setup?.pictures.find((p) => p.uri === uri)?.name ?? decodeURIComponent(uri.slice(uri.lastIndexOf('/') + 1));
      const outcome = current?.outcomes.get(uri);
      const working = current?.status === 'working' && current.progress?.picture === uri && outcome === undefined;
      const label = current?.explanations.get(uri)?.predictions[0]?.label;
      const state =
        outcome?.state === 'failed'
          ? 'failed'
          : working
            ? 'working'
            : outcome === undefined
              ? 'waiting'
              : (label ?? 'done');
      return html`<div
        role="option"
        class="picture ${outcome?.state === 'failed' ? 'failed' : ''}"
        tabindex=${uri === c.selected ? 0 : -1}
        aria-selected=${uri === c.selected}
        aria-label="${name}: ${state}"
        title="${name}: ${outcome?.state === 'failed' ? outcome.error.message : state}"
        @click=${() => open(uri)}
      >
        <lens-thumbnail .picture=${thumbnailOf(c, current, uri)} .side=${48}></lens-thumbnail>
        ${outcome?.state === 'failed' ? icon('error') : working ? icon('loading', 'codicon-modifier-spin') : nothing}
      </div>`;
    })}
  </div>`;
}

function moveInPictures(event: KeyboardEvent): void {
  const options = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=option]')];
  const at = options.indexOf(event.target as HTMLElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: options.length - 1, Enter: at, ' ': at }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const option = options[Math.min(options.length - 1, Math.max(0, to))];
  option?.click();
  option?.focus();
}

/** What is shown was computed before a file changed. */
export function changedNotice(
  { staleFiles }: { readonly staleFiles: readonly string[] },
  again: () => void,
): TemplateResult {
  return notice({
    icon: 'history',
    text: `${staleFiles.length === 0 ? 'The model or a picture' : staleFiles.join(', ')} changed on disk.`,
    action: { label: 'Run again', look: 'primary', onClick: again },
  });
}
