import type { Estimate } from '../../../src/result/estimate.js';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { MethodDescription } from '../../../src/result/method.js';
import { foundShare, TRUTH, type Curves, type Found, type NetworkTruth } from '../../../src/result/truth.js';
import { iconButton, segmented } from '../../shared/controls.js';
import { formatPercent } from '../../shared/format.js';
import { styles } from '../../shared/page/css.js';
import { LightElement } from '../../shared/page/lightElement.js';

interface Line {
  readonly id: string;
  readonly title: string;
  readonly found: Found & Partial<Pick<NetworkTruth, 'cost' | 'verdict' | 'learned' | 'pictures'>>;
  readonly photographs?: Curves;
}

const REFERENCE = { random: 'Random numbers', edges: 'Edges of the picture (Sobel)' } as const;

/** What was measured, best first: methods and what knows nothing of the network. */
export function truthLines(methods: readonly MethodDescription[], network: string): readonly Line[] {
  const titles = new Map(methods.map(({ id, title }) => [id, title]));
  const all = [
    ...TRUTH.methods.map((m) => ({ ...m, title: titles.get(m.id) ?? m.id })),
    ...TRUTH.references.map((r) => ({ ...r, title: REFERENCE[r.id] })),
  ];
  return all
    .flatMap(({ id, title, networks, photographs }) => {
      const found = networks.find((each) => each.network === network);
      return found === undefined ? [] : [{ id, title, found, ...(photographs === undefined ? {} : { photographs }) }];
    })
    .sort((a, b) => foundShare(b.found) - foundShare(a.found));
}

const VERDICTS = { learned: 'yes', partly: 'in part', picture: 'no', empty: '–' } as const;

/** "Which method?": the table of what methods find where the answer is known, and what that says and does not. */
@customElement('lens-method-help')
export class MethodHelp extends LightElement {
  @property({ attribute: false }) methods: readonly MethodDescription[] = [];
  /** The one that is asked: its line is marked. */
  @property() method = '';
  @state() private network = TRUTH.networks[0]?.id ?? '';
  @state() private open = false;
  @query('dialog') private readonly dialog!: HTMLDialogElement | null;

  show(): void {
    this.open = true;
    void this.updateComplete.then(() => this.dialog?.showModal());
  }

  override render(): TemplateResult {
    return html`${this.open ? this.page() : nothing}`;
  }

  private page(): TemplateResult {
    const { networks, pictures, area, photographs } = TRUTH;
    return html`<dialog
      class="method-help"
      aria-labelledby="method-help-title"
      @close=${() => (this.open = false)}
      @click=${(event: Event) => event.target === this.dialog && this.dialog?.close()}
    >
      <div class="method-help-page">
        <header>
          <h2 id="method-help-title">Which method?</h2>
          ${iconButton({ label: 'Close', icon: 'close', onClick: () => this.dialog?.close() })}
        </header>
        <p>
          ${pictures} drawings from the field guide, each of a species whose neighbour differs from it in one mark and
          in no other pixel. Each method was asked why the network tells the two apart. What it says should lie on the
          mark, which covers ${formatPercent(area)} of a drawing with three pixels around it.
        </p>
        ${segmented({
          label: 'Network',
          value: this.network,
          choices: networks.map(({ id, title }) => ({ value: id, label: title, title: `models/birds/${id}.onnx` })),
          onChange: (network) => (this.network = network),
        })}
        <div class="method-help-table" tabindex="0" role="region" aria-label="What methods find">${this.table()}</div>
        <dl class="method-help-words">
          <dt>On the mark</dt>
          <dd>
            Share of the map’s magnitudes, signs left out, that lie on the mark; below it where that share lies in 95 of
            100 draws of as many drawings.
          </dd>
          <dt>Peak</dt>
          <dd>Share of the drawings on which the largest value lies on the mark, likewise.</dd>
          <dt>Learned</dt>
          <dd>
            Whether the map changes when the network’s weights are random. A method that shows edges can find a mark and
            yet say nothing about the network.
          </dd>
          <dt>Cost</dt>
          <dd>Processor time of a map, with the defaults, over that of the plain gradient.</dd>
          ${
            photographs === undefined
              ? nothing
              : html`<dt>Insertion, deletion</dt>
                  <dd>
                    Mean probability of the class while the strongest pixels are put into a blurred photograph (more is
                    better) or taken from it (less is better): ${photographs.pictures} photographs,
                    ${photographs.network}. Pictures on the way are unlike any photograph, which misleads, too. A dash:
                    not asked, it takes many passes.
                  </dd>`
          }
        </dl>
        <p>
          <strong>What this does not say.</strong> The drawings are one synthetic set with small marks, the networks are
          two small ones, and each method has its default parameters. On photographs with large objects, on other
          networks, or for questions about a class rather than a difference, the order may be another: intervals that
          overlap are no order at all.
          ${photographs === undefined ? nothing : ' With so few photographs, insertion and deletion tell good from useless, and little more.'}
        </p>
      </div>
    </dialog>`;
  }

  private table(): TemplateResult {
    const photographs = TRUTH.photographs !== undefined;
    return html`<table>
      <thead>
        <tr>
          <th scope="col">Method</th>
          <th scope="col">On the mark</th>
          <th scope="col">Peak</th>
          <th scope="col">Learned</th>
          <th scope="col">Cost</th>
          ${
            photographs
              ? html`<th scope="col">Insertion</th>
                  <th scope="col">Deletion</th>`
              : nothing
          }
        </tr>
      </thead>
      <tbody>
        ${truthLines(this.methods, this.network).map((line) => this.line(line, photographs))}
      </tbody>
    </table>`;
  }

  private line({ id, title, found, photographs }: Line, curves: boolean): TemplateResult {
    const { mass, peak, verdict, learned, cost, pictures = TRUTH.pictures } = found;
    const current = id === this.method;
    return html`<tr
      class=${current ? 'current' : cost === undefined ? 'reference' : ''}
      aria-current=${current ? 'true' : nothing}
    >
      <th scope="row">
        ${title}${pictures < TRUTH.pictures ? html`<span class="dim" title="It takes many passes">, on ${pictures} drawings</span>` : nothing}
      </th>
      ${estimateCell(mass)} ${estimateCell(peak)}
      <td title=${learned === undefined ? nothing : `${learned[0]} of ${learned[1]} checks`}>
        ${verdict === undefined ? '' : VERDICTS[verdict]}
      </td>
      <td class="number">${cost === undefined ? '' : `${cost} ×`}</td>
      ${curves ? html`${curveCell(photographs?.insertion)} ${curveCell(photographs?.deletion)}` : nothing}
    </tr>`;
  }
}

/** A number, its interval, and both as a bar from 0 to 1. */
function estimateCell({ mean, low, high }: Estimate): TemplateResult {
  return html`<td class="number estimate">
    <span class="estimate-mean">${formatPercent(mean)}</span
    ><span class="dim">${Math.round(100 * low)}–${Math.round(100 * high)}</span
    ><span class="estimate-bar" aria-hidden="true"
      ><span class="estimate-fill" ${styles({ width: `${100 * mean}%` })}></span
      ><span class="estimate-range" ${styles({ left: `${100 * low}%`, width: `${100 * (high - low)}%` })}></span
    ></span>
  </td>`;
}

function curveCell(estimate: Estimate | undefined): TemplateResult {
  return html`<td
    class="number"
    title=${estimate === undefined ? nothing : `${estimate.low.toFixed(2)} to ${estimate.high.toFixed(2)}`}
  >
    ${estimate === undefined ? '–' : estimate.mean.toFixed(2)}
  </td>`;
}
