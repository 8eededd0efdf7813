import { html, nothing, type TemplateResult } from 'lit';
import '../../shared/canvas/cellGrid.js';
import type { CellPoint, CellsInSight } from '../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../shared/canvas/cells.js';
import { button, dropdown, segmented } from '../../shared/controls.js';
import { combobox } from '../../shared/form/combobox.js';
import type { Entry } from '../../shared/form/search.js';
import { plural } from '../../shared/format.js';
import { Remade } from '../../shared/remade.js';
import { className, galleryOf, spoken, suspectsOf, WRONG, type Facts } from '../facts.js';
import type { GalleryShow, GallerySort, GalleryView } from '../kept.js';
import type { Room, TabDefinition } from '../room.js';
import { THUMBNAIL } from '../thumbnails.js';
import { heatPicture, heatStrip, heatWords } from './heatStrip.js';

/** All pictures, small, in any order. */
export const tab: TabDefinition = { id: 'gallery', label: 'Gallery', side: false, render };

const shown = new Remade<readonly number[]>();
const sources = new Remade<CellSource>();
const NONE: ReadonlySet<number> = new Set();
/** Whether the pointer was pressed with Ctrl: the grid's events do not say. */
let adds = false;

function render(room: Room, facts: Facts): TemplateResult {
  const { gallery } = room.view;
  // Who does not filter by the selection is not sorted anew with each click.
  const selected = gallery.show === 'selected' ? room.selected : NONE;
  const { sort, show, label, predicted, text } = gallery;
  const examples = shown.get([facts, sort, show, label, predicted, text, selected], () =>
    galleryOf(facts, gallery, selected),
  );
  return html`${filters(room, facts, examples.length)} ${heatStrip(room, facts)}
  ${examples.length === 0 ? html`<p class="dim lead">No picture is like that.</p>` : grid(room, facts, examples)}`;
}

const labels = new Remade<readonly Entry[]>();

function filters(room: Room, facts: Facts, count: number): TemplateResult {
  const { gallery } = room.view;
  const change = (view: Partial<GalleryView>): void => room.update({ gallery: { ...gallery, ...view } });
  const entries = labels.get([facts], () => [
    { value: '', label: 'any' },
    { value: '-1', label: 'none' },
    ...facts.groups.map((label, index) => ({ value: String(index), label, detail: String(index) })),
  ]);
  const by = (key: 'label' | 'predicted', title: string): TemplateResult =>
    html`<label class="inline"
      ><span>${title}</span> ${combobox({
        label: title,
        value: gallery[key] === undefined ? '' : String(gallery[key]),
        shown: gallery[key] === undefined ? 'any' : className(facts, gallery[key], 'none'),
        entries,
        onChoose: (value) => {
          const { [key]: _before, ...rest } = room.view.gallery;
          room.update({ gallery: value === '' ? rest : { ...rest, [key]: Number(value) } });
        },
      })}</label
    >`;
  const judged = facts.wrong + facts.right > 0;
  const suspects = suspectsOf(facts).length;
  const duplicates = facts.survey.duplicates.reduce((sum, same) => sum + same.length, 0);
  return html`<div class="gallery-tools">
    ${segmented({
      label: 'Show',
      value: gallery.show,
      choices: [
        { value: 'all', label: 'all' },
        ...(judged
          ? [
              { value: 'wrong', label: `wrong ${facts.wrong}` },
              { value: 'right', label: `right ${facts.right}` },
            ]
          : []),
        ...(suspects === 0 ? [] : [{ value: 'suspects', label: `doubtful labels ${suspects}` }]),
        ...(duplicates === 0 ? [] : [{ value: 'duplicates', label: `duplicates ${duplicates}` }]),
        { value: 'selected', label: `selected ${room.selected.size}` },
      ],
      onChange: (value) => change({ show: value as GalleryShow }),
    })}
    <label class="inline"
      ><span>Order</span> ${dropdown({
        label: 'Order',
        value: gallery.sort,
        choices: [
          { value: 'set', label: 'of the data set' },
          { value: 'confidence', label: 'most confident first' },
          { value: 'doubt', label: 'least confident first' },
          { value: 'margin', label: 'smallest margin first' },
          ...(judged ? [{ value: 'truth', label: 'least sure of the label first' }] : []),
          { value: 'label', label: 'by label' },
          { value: 'predicted', label: 'by prediction' },
        ],
        onChange: (value) => change({ sort: value as GallerySort }),
      })}</label
    >
    ${facts.labelled ? by('label', 'Label') : nothing} ${facts.classified ? by('predicted', 'Prediction') : nothing}
    <div class="set-search">
      <span class="codicon codicon-search" aria-hidden="true"></span>
      <input
        type="text"
        aria-label="Only pictures whose name or class holds this"
        placeholder="Name or class"
        spellcheck="false"
        .value=${gallery.text}
        @input=${(event: Event) => change({ text: (event.target as HTMLInputElement).value })}
      />
    </div>
    <span class="dim" role="status"
      >${count === facts.count ? plural(count, 'picture') : `${count} of ${facts.count}`}</span
    >
    ${
      count === 0 || count === facts.count
        ? nothing
        : button({
            label: 'Select these',
            onClick: () => room.select(galleryOf(facts, room.view.gallery, room.selected)),
          })
    }
    ${
      room.focus === undefined
        ? nothing
        : button({
            label: 'Explain',
            icon: 'eye',
            title: 'The picture in focus (Enter)',
            onClick: () => room.explain([room.focus!]),
          })
    }
  </div>`;
}

function grid(room: Room, facts: Facts, examples: readonly number[]): TemplateResult {
  const { selected, focus, heat } = room;
  const source = sources.get([facts, examples, selected, heat.example, heat.answer], () =>
    sourceOf(room, facts, examples),
  );
  const at = (event: CustomEvent<CellPoint>): number | undefined => examples[event.detail.row];
  const choose = (event: CustomEvent<CellPoint>): void => {
    const i = at(event);
    if (i === undefined) return;
    room.look(i);
    if (!event.detail.spoken) room.select([i], adds ? 'toggle' : 'replace');
  };
  const open = (event: CustomEvent<CellPoint>): void => {
    const i = at(event);
    if (i !== undefined) room.explain([i]);
  };
  const key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && heat.example !== undefined) heat.leave();
    else if (room.focus === undefined) return;
    else if (event.key === ' ') room.select([room.focus], 'toggle');
    else if (event.key.toLowerCase() === 'h') heat.toggle(room.focus);
    else return;
    event.preventDefault();
  };
  const row = focus === undefined ? -1 : examples.indexOf(focus);
  return html`<lens-cell-grid
    class="gallery"
    .source=${source}
    .label=${`${plural(examples.length, 'picture')}. Space selects, Enter explains, H shows what speaks for the prediction`}
    .zoom=${room.view.gallery.zoom}
    .smooth=${true}
    .chosen=${row < 0 ? undefined : { row, column: 0 }}
    .arrived=${room.arrived}
    @pointerdown=${(event: PointerEvent) => (adds = event.ctrlKey || event.metaKey)}
    @keydown=${key}
    @lens-cell=${(event: CustomEvent<CellPoint | undefined>) => {
      const i = event.detail === undefined ? undefined : examples[event.detail.row];
      if (event.detail?.spoken === true) heat.moved(i);
      else if (room.view.gallery.heat) heat.point(i);
    }}
    @lens-choose-cell=${choose}
    @lens-open-cell=${open}
    @lens-sight=${(event: CustomEvent<CellsInSight>) => {
      // One screen further: what is scrolled to is there.
      const { rowFrom, rowTo } = event.detail;
      const ahead = examples.slice(rowFrom, Math.min(examples.length, rowTo + (rowTo - rowFrom)));
      for (const i of ahead.reverse()) room.picture(i);
    }}
    @lens-zoom=${(event: CustomEvent<number>) => room.update({ gallery: { ...room.view.gallery, zoom: event.detail } })}
  ></lens-cell-grid>`;
}

/** Below a small picture there is room for a word or two. */
function captionOf(facts: Facts, i: number): string {
  const { survey, group, state } = facts;
  const cut = (name: string, most: number): string => (name.length > most ? `${name.slice(0, most - 1)}…` : name);
  const [label, predicted] = [className(facts, group[i]!, '?'), className(facts, survey.predicted[i]!, '?')];
  return state[i] === WRONG ? `✕ ${cut(label, 6)} → ${cut(predicted, 6)}` : cut(group[i]! < 0 ? predicted : label, 14);
}

function sourceOf(room: Room, facts: Facts, examples: readonly number[]): CellSource {
  const said = (example: number): string => {
    const { heat } = room;
    return heat.example === example && heat.answer !== undefined ? `. ${heatWords(heat.answer)}` : '';
  };
  return {
    rows: examples.length,
    columns: 1,
    cellHeight: THUMBNAIL,
    cellWidth: THUMBNAIL,
    flow: true,
    paint: (row, _column, image, left, top) => {
      const own = room.heat.example === examples[row] ? room.heat.answer : undefined;
      const picture = own === undefined ? room.picture(examples[row]!) : heatPicture(own);
      if (picture === undefined) return false;
      const { data, width, height } = picture;
      for (let y = 0; y < height; y++) {
        let to = 4 * ((top + y) * image.width + left);
        let from = 3 * y * width;
        for (let x = 0; x < width; x++) {
          image.data[to++] = data[from++]!;
          image.data[to++] = data[from++]!;
          image.data[to++] = data[from++]!;
          image.data[to++] = 255;
        }
      }
      return true;
    },
    label: (row) =>
      `${spoken(facts, examples[row]!)}${room.selected.has(examples[row]!) ? ', selected' : ''}${said(examples[row]!)}`,
    caption: (row) => captionOf(facts, examples[row]!),
    framed: (row) => room.selected.has(examples[row]!),
  };
}
