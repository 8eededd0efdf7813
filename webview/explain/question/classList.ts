import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { toErrorData } from '../../../src/base/errors.js';
import type { ClassScore, Explanation } from '../../../src/result/explanation.js';
import { icon } from '../../shared/controls.js';
import { onListKey, ROW, ROWS, rowsThatExist, scrollToRow } from '../../shared/form/list.js';
import { searchEntries, type Entry } from '../../shared/form/search.js';
import { formatNumber, formatProbability } from '../../shared/format.js';
import { LightElement } from '../../shared/page/lightElement.js';
import { styles } from '../../shared/page/css.js';

/** A class in the list: its place among all of them, from 1. */
interface RankedEntry extends Entry {
  readonly rank: number;
  readonly score: ClassScore;
}

/**
 * All classes of a picture behind a button: best first, filtered by what is typed (a name or a number), only the rows in
 * sight exist. Arrow keys and Page Up / Down move, Enter or a click chooses, Escape closes. Fires `lens-class` with the index.
 */
@customElement('lens-class-list')
export class ClassList extends LightElement {
  @property({ attribute: false }) explanation: Explanation | undefined;
  /** Classes that stand beside it anyway: with no more than these there is no list. */
  @property({ attribute: false }) shown = 5;
  /** Gets the scores of all classes. */
  @property({ attribute: false }) load!: () => Promise<readonly ClassScore[]>;

  @state() private open = false;
  @state() private text = '';
  @state() private active = 0;
  @state() private offset = 0;
  @state() private all: readonly RankedEntry[] | undefined;
  @state() private error: string | undefined;
  @query('input') private readonly input!: HTMLInputElement | null;
  @query('[role=listbox]') private readonly list!: HTMLElement | null;
  @query('.all-classes') private readonly button!: HTMLButtonElement | null;
  private found: readonly RankedEntry[] = [];

  protected override willUpdate(changed: PropertyValues): void {
    // A running picture comes with other arrays, but the same predictions: what is read stays.
    const before: unknown = changed.get('explanation');
    if (changed.has('explanation') && !sameScores(before as Explanation | undefined, this.explanation)) {
      this.all = undefined;
      if (this.open) void this.fill();
    }
    if (changed.has('all') || changed.has('text') || this.all === undefined)
      this.found = searchEntries(this.all ?? [], this.text) as readonly RankedEntry[];
    this.active = Math.max(0, Math.min(this.active, this.found.length - 1));
  }

  override render(): TemplateResult {
    const count = this.explanation?.classes ?? 0;
    if (count <= this.shown) return html``;
    return html`<button type="button" class="all-classes" aria-expanded=${this.open} @click=${() => this.toggle()}>
        ${icon(this.open ? 'chevron-down' : 'chevron-right')}All ${count} classes
      </button>
      ${this.open ? this.opened(count) : nothing}`;
  }

  private opened(count: number): TemplateResult {
    const { found, error, all } = this;
    const rows = rowsThatExist(found, this.active, this.offset);
    const active = found[this.active];
    return html`<div class="class-list">
      <input
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck="false"
        aria-label="Find a class"
        aria-autocomplete="list"
        aria-expanded="true"
        aria-controls="class-list"
        aria-activedescendant=${active === undefined ? nothing : `class-${this.active}`}
        placeholder="Find among ${count} by name or number"
        .value=${this.text}
        @input=${(event: Event) => this.search((event.target as HTMLInputElement).value)}
        @keydown=${this.onKey}
      />
      ${
        error !== undefined
          ? html`<p class="class-none" role="alert">${icon('error')} ${error}</p>`
          : all === undefined
            ? html`<p class="class-none dim" role="status">Asking the model…</p>`
            : found.length === 0
              ? html`<p class="class-none" role="status">No class is called “${this.text}”.</p>`
              : nothing
      }
      <div
        role="listbox"
        id="class-list"
        aria-label="Classes, best first"
        tabindex="-1"
        ?hidden=${found.length === 0}
        ${styles({ height: `${ROW * Math.min(ROWS, Math.max(1, found.length))}px` })}
        @scroll=${() => (this.offset = this.list?.scrollTop ?? 0)}
        @mousedown=${(event: Event) => event.preventDefault()}
      >
        <div role="presentation" ${styles({ height: `${ROW * found.length}px` })}></div>
        ${repeat(
          rows,
          ({ entry }) => entry.value,
          ({ entry, at }) => this.row(entry, at),
        )}
      </div>
    </div>`;
  }

  private row({ rank, label, score }: RankedEntry, at: number): TemplateResult {
    const { probability, logit, index } = score;
    const value = probability === undefined ? formatNumber(logit) : formatProbability(probability);
    return html`<div
      role="option"
      id="class-${at}"
      class="class-row ${at === this.active ? 'active' : ''}"
      aria-selected=${index === this.explanation?.target.index}
      aria-setsize=${this.found.length}
      aria-posinset=${at + 1}
      title="${label} · class ${index} · rank ${rank} · score ${formatNumber(logit)}${
        probability === undefined ? '' : ` · probability ${formatProbability(probability)}`
      }"
      ${styles({ top: `${ROW * at}px` })}
      @click=${() => this.choose(index)}
    >
      <span class="class-rank dim">${rank}</span><span class="ellipsis">${label}</span>
      <span class="value">${value}</span>
    </div>`;
  }

  private toggle(): void {
    if (this.open) this.close();
    else {
      this.open = true;
      this.text = '';
      this.active = 0;
      this.offset = 0;
      if (this.all === undefined) void this.fill();
      void this.updateComplete.then(() => this.input?.focus());
    }
  }

  private close(): void {
    this.open = false;
    this.button?.focus();
  }

  private async fill(): Promise<void> {
    const { explanation } = this;
    this.error = undefined;
    try {
      const scores = await this.load();
      if (this.explanation !== explanation && !sameScores(this.explanation, explanation)) return;
      this.all = scores.map((score, i) => ({
        value: String(score.index),
        label: score.label,
        detail: String(score.index),
        rank: i + 1,
        score,
      }));
    } catch (error) {
      this.error = toErrorData(error).message;
    }
  }

  private search(text: string): void {
    this.text = text;
    this.active = 0;
    this.offset = 0;
    if (this.list !== null) this.list.scrollTop = 0;
  }

  private choose(index: number | undefined): void {
    if (index === undefined) return;
    this.close();
    this.tell('lens-class', index);
  }

  private readonly onKey = (event: KeyboardEvent): void =>
    onListKey(event, {
      open: this.open,
      at: this.active,
      count: this.found.length,
      goTo: (row) => {
        this.active = row;
        if (this.list !== null) this.offset = scrollToRow(this.list, row);
      },
      choose: (row) => this.choose(this.found[row]?.score.index),
      close: () => this.close(),
    });
}

/** Whether two explanations say the same of the same picture, whatever they explain. */
function sameScores(a: Explanation | undefined, b: Explanation | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.input === b.input &&
    a.recipe.input?.sha256 === b.recipe.input?.sha256 &&
    a.edited?.sha256 === b.edited?.sha256 &&
    a.recipe.model.sha256 === b.recipe.model.sha256 &&
    a.predictions[0]?.index === b.predictions[0]?.index &&
    a.predictions[0]?.logit === b.predictions[0]?.logit
  );
}
