import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { LightElement } from '../../shared/page/lightElement.js';
import type { WeightNeighbours, WeightsPca } from '../../../src/result/weights.js';
import '../../shared/charts/scatter.js';
import '../../shared/form/combobox.js';
import type { ScatterPoints } from '../../shared/charts/scatter.js';
import { combobox } from '../../shared/form/combobox.js';
import { styles } from '../../shared/page/css.js';
import { formatNumber, formatPercent } from '../../shared/format.js';
import { failure } from '../../shared/messages.js';
import type { Editor } from '../editor.js';
import { Remade } from '../../shared/remade.js';
import { Task } from '../../shared/task/task.js';
import { taskProgress } from '../../shared/task/taskProgress.js';

/** The rows of a linear layer in the plane of their principal components, and which classes are alike. */
@customElement('lens-points')
export class PointsPart extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property() layer = '';
  @property({ type: Number }) version = 0;
  @state() private chosen: number | undefined;
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
    void this.pca.run(`${layer}@${this.version}`, (options) => c.host.weightsPca({ layer, components: 2 }, options));
    if (this.chosen !== undefined) this.choose(this.chosen);
  }

  private scatterPoints(pca: WeightsPca): ScatterPoints {
    return this.points.get([pca], () => {
      const step = pca.coordinates.dims[1] ?? 1;
      const coordinates = new Float32Array(2 * pca.classes);
      for (let i = 0; i < pca.classes; i++) {
        coordinates[2 * i] = pca.coordinates.data[i * step] ?? 0;
        coordinates[2 * i + 1] = step > 1 ? (pca.coordinates.data[i * step + 1] ?? 0) : 0;
      }
      return { coordinates, names: pca.names };
    });
  }

  override render(): TemplateResult {
    const { value: pca, error } = this.pca;
    const { controller: c, layer } = this;
    const again = (): void =>
      void this.pca.run(
        `${layer}@${this.version}`,
        (options) => c.host.weightsPca({ layer, components: 2 }, options),
        true,
      );
    if (error !== undefined) return failure(error, [{ label: 'Compute again', onClick: again }]);
    if (pca === undefined) return html`${taskProgress(this.pca, 'Computing principal components', { after: 0 })}`;
    const neighbours = this.neighbours.value?.index === this.chosen ? this.neighbours.value : undefined;
    const axis = (i: number): string => `component ${i + 1}: ${formatPercent(pca.explained[i] ?? 0)} of the variance`;
    return html`
      <div class="points ${this.pca.outdated ? 'old' : ''}">
        <lens-scatter
          .points=${this.scatterPoints(pca)}
          .label=${`${pca.classes} classes by their weights`}
          .xName=${axis(0)}
          .yName=${axis(1)}
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
