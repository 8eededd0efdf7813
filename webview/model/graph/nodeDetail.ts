import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { LightElement } from '../../shared/page/lightElement.js';
import type { AttributeDetail, NodeDetail, ValueDetail } from '../../../src/result/graphNode.js';
import type { GraphStructure } from '../../../src/result/graphView.js';
import { iconButton } from '../../shared/controls.js';
import { formatBytes, formatShape } from '../../shared/format.js';
import { failure, notice } from '../../shared/messages.js';
import { Clock } from '../../shared/task/clock.js';
import { Task } from '../../shared/task/task.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import type { Editor } from '../editor.js';

/** Nodes that one value is read by, as links; the others are counted. */
const MOST_LINKS = 6;

/**
 * What the file says of one node: attributes, and the values that it reads and makes, with their types, shapes, constants
 * and the nodes at their other ends. Fires `lens-go` with the index of a node that is gone to.
 */
@customElement('lens-node-detail')
export class NodeDetailPart extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property({ attribute: false }) structure!: GraphStructure;
  @property({ type: Number }) node = -1;
  @property({ type: Number }) version = 0;
  private readonly detail = new Task<NodeDetail>(() => (this.clock.run(this.detail.working), this.requestUpdate()));
  private readonly clock = new Clock(this);

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.detail.cancel();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('node') || changed.has('version') || changed.has('structure')) this.load();
  }

  private load(anew = false): void {
    const { node, version, controller: c, structure } = this;
    const { measured } = structure;
    void this.detail.run(
      `${version} ${measured} ${node}`,
      (options) => c.host.graphNode({ node, measured }, options),
      anew,
    );
  }

  override render(): TemplateResult {
    const { detail } = this;
    if (detail.error !== undefined)
      return failure(detail.error, [{ label: 'Try again', onClick: () => this.load(true) }]);
    const found = detail.value;
    if (found === undefined) return html`${taskProgress(detail, 'Reading the node', {})}`;
    const old = found.index === this.node ? '' : 'old';
    return html`<div class="node-parts ${old}">
      ${found.notes.map((text) => notice({ icon: 'info', text }))}
      ${found.doc === '' ? nothing : html`<p class="long">${found.doc}</p>`} ${this.attributeList(found.attributes)}
      ${this.values('Inputs', found.inputs)} ${this.values('Outputs', found.outputs)} ${this.metadata(found)}
    </div>`;
  }

  private attributeList(list: readonly AttributeDetail[]): TemplateResult | typeof nothing {
    if (list.length === 0) return nothing;
    return html`<section>
      <h3>Attributes</h3>
      <dl class="facts node-facts">
        ${list.map(
          ({ name, type, text, shape }) =>
            html`<dt title=${type}>${name}</dt>
              <dd>
                ${shape === undefined ? nothing : html`<span class="dim">${shape}: </span>`}${text}${type === 'graph' || type === 'graphs' ? nothing : html` <span class="dim node-type">${type}</span>`}
              </dd>`,
        )}
      </dl>
    </section>`;
  }

  private values(title: string, list: readonly ValueDetail[]): TemplateResult | typeof nothing {
    if (list.length === 0) return nothing;
    return html`<section>
      <h3>${title}</h3>
      <ul class="plain node-values">
        ${list.map((value, i) => this.value(value, i, title === 'Inputs' ? 'from' : 'to'))}
      </ul>
    </section>`;
  }

  private value(value: ValueDetail, index: number, way: 'from' | 'to'): TemplateResult {
    const { name, role, kind, layer, values, bytes, nodes } = value;
    if (kind === 'absent')
      return html`<li><span class="dim node-role">${role ?? index}</span><span class="dim">left out</span></li>`;
    const copy = (): void => void this.controller.host.copy({ text: name });
    return html`<li>
      <span class="dim node-role">${role ?? index}</span>
      <span class="node-value">
        <span class="node-name">${name}</span>
        ${iconButton({ label: `Copy the name ${name}`, icon: 'copy', onClick: copy })}
        <span class="node-shape">${shapeText(value)}</span>
        ${bytes === undefined ? nothing : html`<span class="dim">constant, ${formatBytes(bytes)}</span>`}
        ${nodes.length === 0 ? nothing : html`<span class="dim">${way}</span> ${this.links(nodes)}`}
        ${
          layer === undefined
            ? nothing
            : html`<button
                type="button"
                class="link"
                title="See the weights of ${layer}"
                @click=${() => this.weights(layer)}
              >
                see ${layer}
              </button>`
        }
        ${values === undefined || values === '' ? nothing : html`<code class="node-constant">${values}</code>`}
      </span>
    </li>`;
  }

  private links(nodes: readonly number[]): readonly TemplateResult[] {
    const rest = nodes.length - MOST_LINKS;
    return [
      ...nodes.slice(0, MOST_LINKS).map((index) => {
        const node = this.structure.nodes[index];
        const text = node === undefined ? '' : node.kind === 'node' ? node.op : `the model’s ${node.kind}`;
        return html`<button
          type="button"
          class="link"
          title=${node?.layer ?? node?.name ?? ''}
          @click=${() => this.tell('lens-go', index)}
        >
          ${text}
        </button> `;
      }),
      ...(rest > 0 ? [html`<span class="dim">and ${rest} more</span>`] : []),
    ];
  }

  private weights(layer: string): void {
    this.controller.select(layer);
    this.controller.update({ tab: 'weights' });
  }

  private metadata({ metadata }: NodeDetail): TemplateResult | typeof nothing {
    if (metadata.length === 0) return nothing;
    return html`<details class="more">
      <summary>Notes of the exporter</summary>
      <dl class="facts node-facts">
        ${metadata.map(
          ([key, value]) =>
            html`<dt>${key}</dt>
              <dd class="long">${value}</dd>`,
        )}
      </dl>
    </details>`;
  }
}

/** Type and shape: as the file declares them, and as they were in a run where that says more. */
function shapeText({ type, declared, measured }: ValueDetail): string {
  const parts = [type ?? ''];
  const said = declared === undefined ? undefined : formatShape(declared);
  const seen = measured === undefined ? undefined : formatShape(measured);
  if (said !== undefined) parts.push(said);
  if (seen !== undefined && seen !== said) parts.push(said === undefined ? seen : `(${seen} when run)`);
  return parts.filter(Boolean).join(' ');
}
