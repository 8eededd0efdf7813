import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Rgb } from '../../src/base/picture.js';
import '../shared/canvas/thumbnail.js';
import { icon } from '../shared/controls.js';
import { visibleRows } from '../shared/form/search.js';
import { styles } from '../shared/page/css.js';
import { LightElement } from '../shared/page/lightElement.js';
import { shortName, spoken, sureness, verdict, WRONG, type Facts } from './facts.js';
import type { Picked } from './map/map.js';

const ROW = 44;

/**
 * Pictures of a data set as a list of any length, each with what it is and what it is taken for; only those in sight exist.
 * Arrow keys move, Space selects, Enter and the eye explain. Fires the same as the map: `lens-pick`, `lens-focus-point`,
 * `lens-open-point`.
 */
@customElement('lens-picture-list')
export class PictureList extends LightElement {
  @property({ attribute: false }) facts: Facts | undefined;
  @property({ attribute: false }) examples: readonly number[] = [];
  @property({ attribute: false }) picture: (example: number) => Rgb | undefined = () => undefined;
  @property({ attribute: false }) selected: ReadonlySet<number> = new Set();
  @property({ attribute: false }) focused: number | undefined;
  /** Beside the name, by the place in the list: a distance, a rank. */
  @property({ attribute: false }) note: ((at: number) => string) | undefined;
  @property() label = '';
  /** A click selects the picture in place of the others, and not only looks at it. */
  @property({ type: Boolean }) selects = false;
  /** Grows when a picture that was not there has come. */
  @property({ type: Number }) arrived = 0;
  /** Rows before it scrolls. */
  @property({ type: Number }) most = 8;

  @state() private active = 0;
  @state() private offset = 0;
  @query('[role=listbox]') private readonly list!: HTMLElement | null;
  private static count = 0;
  private readonly ids = `pictures-${PictureList.count++}`;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('examples')) return;
    const at = this.focused === undefined ? -1 : this.examples.indexOf(this.focused);
    this.active = Math.max(0, at);
    this.offset = 0;
  }

  override render(): TemplateResult {
    const { examples, facts, active } = this;
    if (facts === undefined) return html``;
    const height = ROW * Math.min(this.most, Math.max(1, examples.length));
    const [first, end] = visibleRows(examples.length, ROW, this.offset, height);
    const rows = Array.from({ length: end - first }, (_, k) => first + k);
    // A screen reader must find the active row even when it was scrolled out of sight.
    if (active < examples.length && (active < first || active >= end)) rows.push(active);
    return html`<div
      class="picture-rows"
      role="listbox"
      aria-label="${this.label}. Space selects, Enter explains."
      aria-multiselectable="true"
      tabindex="0"
      aria-activedescendant=${examples.length === 0 ? nothing : `${this.ids}-${active}`}
      ${styles({ height: `${height}px` })}
      @scroll=${() => (this.offset = this.list?.scrollTop ?? 0)}
      @keydown=${this.onKey}
    >
      <div role="presentation" ${styles({ height: `${ROW * examples.length}px` })}></div>
      ${repeat(
        rows,
        (at) => examples[at],
        (at) => this.row(facts, at),
      )}
    </div>`;
  }

  private row(facts: Facts, at: number): TemplateResult {
    const i = this.examples[at]!;
    const note = this.note?.(at) ?? '';
    const chosen = this.selected.has(i);
    return html`<div
      role="option"
      id="${this.ids}-${at}"
      class="picture-row ${at === this.active ? 'active' : ''} ${i === this.focused ? 'focused' : ''}"
      aria-selected=${chosen}
      aria-setsize=${this.examples.length}
      aria-posinset=${at + 1}
      title=${spoken(facts, i)}
      ${styles({ top: `${ROW * at}px` })}
      @click=${(event: MouseEvent) => this.choose(at, event)}
      @dblclick=${() => this.tell('lens-open-point', i)}
    >
      <lens-thumbnail .picture=${this.picture(i)} .side=${36}></lens-thumbnail>
      <span class="sr-only">${spoken(facts, i)}${note === '' ? '' : `, ${note}`}</span>
      <span class="picture-text" aria-hidden="true">
        <span class="ellipsis"
          >${facts.state[i] === WRONG ? icon('close', 'wrong') : nothing}${verdict(facts, i, '')}</span
        >
        <span class="ellipsis dim">${[sureness(facts, i), note, shortName(facts, i)].filter(Boolean).join(' · ')}</span>
      </span>
      ${chosen ? icon('check') : nothing}
      <span
        class="picture-explain codicon codicon-eye"
        aria-hidden="true"
        title="Explain this picture"
        @click=${(event: Event) => {
          event.stopPropagation();
          this.tell('lens-open-point', i);
        }}
      ></span>
    </div>`;
  }

  private choose(at: number, event: MouseEvent): void {
    const i = this.examples[at]!;
    this.active = at;
    this.tell('lens-focus-point', i);
    const adds = event.ctrlKey || event.metaKey;
    if (this.selects || adds)
      this.tell('lens-pick', { points: [i], how: adds ? 'toggle' : 'replace' } satisfies Picked);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { examples, active } = this;
    const page = this.most - 1;
    const to = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: examples.length - 1,
    }[event.key];
    const i = examples[active];
    if (i === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (to !== undefined) this.goTo(to);
    else if (event.key === 'Enter') this.tell('lens-open-point', i);
    else if (event.key === ' ') this.tell('lens-pick', { points: [i], how: 'toggle' } satisfies Picked);
    else return;
    event.preventDefault();
  };

  private goTo(row: number): void {
    this.active = Math.max(0, Math.min(this.examples.length - 1, row));
    const { list } = this;
    if (list === null) return;
    const top = ROW * this.active;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
    this.offset = list.scrollTop;
    this.tell('lens-focus-point', this.examples[this.active]);
  }
}

export interface PictureListOptions {
  readonly label: string;
  readonly examples: readonly number[];
  readonly note?: (at: number) => string;
  readonly selects?: boolean;
  readonly most?: number;
}

/** What a list reads of the panel that it is in. */
interface Around {
  readonly facts: Facts | undefined;
  readonly selected: ReadonlySet<number>;
  readonly focus: number | undefined;
  readonly arrived: number;
  picture(example: number): Rgb | undefined;
}

const pictures = new WeakMap<Around, (example: number) => Rgb | undefined>();

/** The panel's small pictures as a function that stays the same. */
export function pictureOf(room: Around): (example: number) => Rgb | undefined {
  let own = pictures.get(room);
  if (own === undefined) pictures.set(room, (own = (example) => room.picture(example)));
  return own;
}

export function pictureList(room: Around, o: PictureListOptions): TemplateResult {
  return html`<lens-picture-list
    .facts=${room.facts}
    .examples=${o.examples}
    .picture=${pictureOf(room)}
    .selected=${room.selected}
    .focused=${room.focus}
    .arrived=${room.arrived}
    .label=${o.label}
    .note=${o.note}
    .selects=${o.selects ?? false}
    .most=${o.most ?? 8}
  ></lens-picture-list>`;
}
