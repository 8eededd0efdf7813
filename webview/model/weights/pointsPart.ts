import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { LightElement } from '../../shared/page/lightElement.js';
import type { WeightNeighbours, WeightsPca } from '../../../src/result/weights.js';
import '../../shared/charts/scatter.js';
import '../../shared/form/combobox.js';
import type { ScatterPoints } from '../../shared/charts/scatter.js';
import { dropdown } from '../../shared/controls.js';
import { combobox } from '../../shared/form/combobox.js';
import { styles } from '../../shared/page/css.js';
import { formatNumber, formatPercent } from '../../shared/format.js';
import { failure, notice } from '../../shared/messages.js';
import type { Editor } from '../editor.js';
import { Remade } from '../../shared/remade.js';
import { Task } from '../../shared/task/task.js';
import { taskProgress } from '../../shared/task/taskProgress.js';

/** The planes of two of the first three components. */
const PLANES = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;
/** A plane with less of the variance than this says little of what is alike. */
const LITTLE = 0.3;

/** The rows of a linear layer in the plane of their principal components, and which classes are alike. */
@customElement('lens-points')
export class PointsPart extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property() layer = '';
  @property({ type: Number }) version = 0;
  @state() private chosen: number | undefined;
  @state() private plane: (typeof PLANES)[number] = PLANES[0];
  private readonly pca = new Task<WeightsPca>(() => this.requestUpdate());
  private readonly neighbours = new Task<WeightNeighbours>(() => this.requestUpdate());
  private readonly points = new Remade<ScatterPoints>();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.pca.cancel();
    this.neighbours.cancel();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('layer') && !changed.has('version')) return;
    if (changed.has('layer') && changed.get('layer') !== undefined) this.chosen = undefined;
    const { controller: c, layer } = this;
    void this.pca.run(`${layer}@${this.version}`, (options) => c.host.weightsPca({ layer, components: 3 }, options));
    if (this.chosen !== undefined) this.choose(this.chosen);
  }

  private scatterPoints(pca: WeightsPca): ScatterPoints {
    const [x, y] = this.plane;
    return this.points.get([pca, x, y], () => {
      const step = pca.coordinates.dims[1] ?? 1;
      const at = (row: number, component: number): number =>
        component < step ? (pca.coordinates.data[row * step + component] ?? 0) : 0;
      const coordinates = new Float32Array(2 * pca.classes);
      for (let i = 0; i < pca.classes; i++) [coordinates[2 * i], coordinates[2 * i + 1]] = [at(i, x), at(i, y)];
      return { coordinates, names: pca.names };
    });
  }

  /** Which plane is looked at, where there are more than two components; and how much of the whole lies in it. */
  private planes(pca: WeightsPca): TemplateResult | typeof nothing {
    const share = (of: readonly number[]): number => of.reduce((sum, i) => sum + (pca.explained[i] ?? 0), 0);
    const known = share([0, 1, 2]);
    const seen = share(this.plane);
    const text = (of: readonly number[]): string => `Components ${of.map((i) => i + 1).join(' and ')}`;
    return html`<div class="controls-row">
        ${
          pca.explained.length < 3
            ? nothing
            : html`<span class="control-wide"
                >${dropdown({
                  label: 'Plane of the components',
                  value: this.plane.join(),
                  choices: PLANES.map((of) => ({ value: of.join(), label: text(of) })),
                  onChange: (value) => (this.plane = PLANES.find((of) => of.join() === value) ?? PLANES[0]),
                })}</span
              >`
        }
        <span class="dim">${formatPercent(seen)} of the variance lies in this plane</span>
      </div>
      ${
        seen >= LITTLE
          ? nothing
          : notice({
              icon: 'warning',
              text: `This plane shows ${formatPercent(seen)} of how the classes differ, the first three components together ${formatPercent(known)}: classes that lie side by side here need not be alike. Choose one for its neighbours, which are found among all ${pca.features} weights.`,
            })
      }`;
  }

  override render(): TemplateResult {
    const { value: pca, error } = this.pca;
    const { controller: c, layer } = this;
    const again = (): void =>
      void this.pca.run(
        `${layer}@${this.version}`,
        (options) => c.host.weightsPca({ layer, components: 3 }, options),
        true,
      );
    if (error !== undefined) return failure(error, [{ label: 'Compute again', onClick: again }]);
    if (pca === undefined) return html`${taskProgress(this.pca, 'Computing principal components', { after: 0 })}`;
    const neighbours = this.neighbours.value?.index === this.chosen ? this.neighbours.value : undefined;
    const axis = (i: number): string => `component ${i + 1}: ${formatPercent(pca.explained[i] ?? 0)} of the variance`;
    return html`
      ${this.planes(pca)}
      <div class="points ${this.pca.outdated ? 'old' : ''}">
        <lens-scatter
          .points=${this.scatterPoints(pca)}
          .label=${`${pca.classes} classes by their weights`}
          .xName=${axis(this.plane[0])}
          .yName=${axis(this.plane[1])}
          .chosen=${this.chosen}
          .marked=${neighbours?.neighbours.map((n) => n.index) ?? []}
          @lens-point=${(event: CustomEvent<number>) => this.choose(event.detail)}
        ></lens-scatter>
        <div class="neighbours">
          ${combobox({
            label: 'Find a class',
            value: this.chosen === undefined ? '' : String(this.chosen),
            shown: this.chosen === undefined ? 'Find a class…' : pca.names[this.chosen]!,
            entries: pca.names.map((name, i) => ({ value: String(i), label: name, detail: String(i) })),
            onChoose: (value) => this.choose(Number(value)),
          })}
          ${
            this.chosen === undefined
              ? html`<p class="dim">Choose a class to see which others the layer has placed beside it.</p>`
              : html`<h2 class="like">Like ${pca.names[this.chosen]}</h2>
                  <p class="dim">cosine similarity of weights · norm ${formatNumber(pca.norms[this.chosen] ?? NaN)}</p>
                  <ul class="plain similar">
                    ${neighbours?.neighbours.map(
                      (n) =>
                        html`<li>
                          <button
                            type="button"
                            class="bar-row"
                            @click=${() => this.choose(n.index)}
                            title="${n.name} · class ${n.index}"
                          >
                            <span class="bar-label"><span class="ellipsis">${n.name}</span></span>
                            <span class="bar-track"
                              ><span class="bar-fill" ${styles({ width: `${100 * Math.max(0, n.cosine)}%` })}></span
                            ></span>
                            <span class="bar-value">${formatNumber(n.cosine)}</span>
                          </button>
                        </li>`,
                    )}
                  </ul>`
          }
        </div>
      </div>
    `;
  }

  private choose(index: number): void {
    this.chosen = index;
    const { controller: c, layer } = this;
    void this.neighbours.run(`${layer}@${this.version}/${index}`, (options) =>
      c.host.weightNeighbours({ layer, index, count: 10 }, options),
    );
  }
}
