import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { LightElement } from '../../shared/page/lightElement.js';
import type { NamedFile } from '../../../src/protocol/explainPanel.js';
import {
  modulesAround,
  visibleGraph,
  type GraphActivations,
  type GraphStructure,
  type VisibleGraph,
} from '../../../src/result/graphView.js';
import { Remade } from '../../shared/remade.js';
import { Clock } from '../../shared/task/clock.js';
import { iconButton } from '../../shared/controls.js';
import { styles } from '../../shared/page/css.js';
import { formatCount, plural } from '../../shared/format.js';
import { failure, notice } from '../../shared/messages.js';
import type { Editor, TabDefinition } from '../editor.js';
import { savePicture } from '../exports.js';
import type { GraphView } from '../kept.js';
import { Task } from '../../shared/task/task.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import { activityPart, activityText, colouringLegend } from './activityPart.js';
import { colouringOf, graphColors, needsPicture, type Colouring } from './colouring.js';
import { KIND_COLORS } from './drawGraph.js';
import { graphControls } from './graphControls.js';
import '../../shared/splitter.js';
import './graphCanvas.js';
import type { GraphCanvas } from './graphCanvas.js';
import { LayoutWorker } from './layoutWorker.js';
import './nodeDetail.js';
import { byLayer, findEntries, layoutRequest, sceneOf, visibleIdOf, type GraphScene } from './scene.js';

/** More nodes than this are not opened all at once. */
const MOST_OPEN = 1500;
const KINDS: Readonly<Record<keyof typeof KIND_COLORS, string>> = {
  weights: 'weights',
  normalise: 'normalise',
  activate: 'activate',
  pool: 'pool, reduce',
  shape: 'reshape',
  other: 'other',
};

/** The graph of a model, collapsed by module; laid out beside the page. */
@customElement('lens-graph')
export class GraphTab extends LightElement {
  @property({ attribute: false }) controller!: Editor;
  @property({ attribute: false }) view!: GraphView;
  /** What the model is shown, where nodes are coloured by their activations. */
  @property({ attribute: false }) picture: NamedFile | undefined;
  @property() selected: string | undefined;
  @property({ type: Number }) version = 0;
  @property({ type: Boolean }) measured = false;
  /** Grows when the selected layer is to be shown. */
  @property({ type: Number }) reveal = 0;

  @state() private active: string | undefined;
  @state() private shown = 0;
  @query('lens-graph-canvas') private readonly canvas!: GraphCanvas | null;
  private readonly structure = new Task<GraphStructure>(() => this.layOut());
  private readonly layout = new Task<GraphScene>(() => this.onLayout());
  private readonly activations = new Task<GraphActivations>(() => (this.updateClock(), this.requestUpdate()));
  private readonly worker = new LayoutWorker();
  private visible: VisibleGraph | undefined;
  private readonly entries = new Remade<ReturnType<typeof findEntries>>();
  private readonly clock = new Clock(this);

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.structure.cancel();
    this.activations.cancel();
    this.worker.stop();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('version') || changed.has('measured')) this.load();
    if (changed.has('version') || changed.has('view') || changed.has('picture')) this.measure();
    const before = changed.get('view');
    if (changed.has('view') && (before?.open !== this.view.open || before.direction !== this.view.direction))
      this.layOut();
    if (changed.has('selected') && changed.get('selected') !== undefined) {
      this.active = this.selectedId;
      this.shown++;
    }
  }

  private load(anew = false): void {
    const { controller: c, measured, version } = this;
    const ask = (options: Parameters<typeof c.host.graphView>[1]): Promise<GraphStructure> =>
      c.host.graphView({ measured }, options);
    void this.structure.run(`${version} ${measured}`, ask, anew);
  }

  private layOut(): void {
    const structure = this.structure.value;
    this.updateClock();
    this.requestUpdate();
    if (structure === undefined || this.structure.working) return;
    const { open, direction = 'right' } = this.view;
    const question = `${this.structure.question} ${direction} ${JSON.stringify(open)}`;
    void this.layout.run(question, async ({ signal }) => {
      const visible = byLayer(visibleGraph(structure, new Set(open)), structure);
      const answer = await this.worker.place(layoutRequest(visible, direction), signal);
      this.visible = visible;
      return sceneOf(visible, answer, direction);
    });
  }

  private onLayout(): void {
    const scene = this.layout.value;
    const opened = this.active?.startsWith('m') && !scene?.byId.has(this.active) ? Number(this.active.slice(1)) : -1;
    // What was looked at has been opened: its first node is next.
    const inside = scene?.nodes.find(({ node }) => node.within.includes(opened));
    if (inside !== undefined) this.active = inside.id;
    this.updateClock();
    this.requestUpdate();
  }

  private updateClock(): void {
    this.clock.run(this.structure.working || this.layout.working || this.activations.working);
  }

  /** The visible node of the selected layer. */
  private get selectedId(): string | undefined {
    const { value: structure } = this.structure;
    if (structure === undefined || this.visible === undefined || this.selected === undefined) return undefined;
    const index = structure.nodes.findIndex((node) => node.layer === this.selected);
    return index < 0 ? undefined : visibleIdOf(structure, this.visible, index);
  }

  override render(): TemplateResult {
    const { structure, layout } = this;
    const error = structure.error ?? layout.error;
    const busy = [structure, layout, this.activations].find((task) => task.working);
    const scene = layout.value;
    return html`
      ${this.controls(structure.value)}
      <div class="graph-stage">
        <lens-graph-canvas
          .scene=${scene}
          .coloured=${graphColors(this.colouring(scene))}
          .selected=${this.selectedId}
          .active=${this.active}
          .reveal=${this.shown + this.reveal}
          .label=${scene === undefined ? 'Graph' : `Graph of ${plural(scene.nodes.length, 'node')}`}
          .frameName=${(module: number) => structure.value?.modules[module]?.name ?? ''}
          @lens-node=${(event: CustomEvent<string>) => this.look(event.detail)}
          @lens-open-node=${(event: CustomEvent<string>) => this.openNode(event.detail)}
          @lens-close-module=${(event: CustomEvent<number>) => this.close(event.detail)}
          @keydown=${this.onKey}
        ></lens-graph-canvas>
        <div class="graph-over">
          ${
            error === undefined
              ? nothing
              : failure(error, [{ label: 'Try again', look: 'primary', onClick: () => this.load(true) }])
          }
          ${
            layout.stopped && !layout.working
              ? notice({
                  icon: 'debug-pause',
                  text: 'Stopped.',
                  action: { label: 'Lay out', onClick: () => this.layOut() },
                })
              : nothing
          }
        </div>
        ${
          busy === undefined
            ? nothing
            : taskProgress(busy, this.workName, {
                onCancel: () => {
                  if (busy === layout) this.worker.stop();
                  busy.cancel();
                },
              })
        }
      </div>
      ${this.legend(scene)}
      <lens-splitter
        orientation="horizontal"
        sizes="after"
        .least=${60}
        .leave=${260}
        .label=${'Height of what is said of the node'}
        @lens-split=${(event: CustomEvent<number | null>) => this.resize(event.detail ?? undefined)}
      ></lens-splitter>
      ${this.details()}
    `;
  }

  private get workName(): string {
    if (this.structure.working) return 'Reading the graph';
    return this.layout.working ? 'Laying out the graph' : 'Measuring the activations';
  }

  private controls(structure: GraphStructure | undefined): TemplateResult {
    const { view, canvas } = this;
    return graphControls({
      view,
      entries: structure === undefined ? [] : this.entries.get([structure], () => findEntries(structure)),
      modules: structure === undefined || structure.nodes.length >= MOST_OPEN ? undefined : structure.modules,
      active: (this.active ?? this.selectedId) !== undefined,
      onFind: (index) => this.goTo(index),
      onChange: (change) => this.change(change),
      onZoom: (factor) => canvas?.zoom(factor),
      onAll: () => canvas?.fitAll(),
      onActive: () => canvas?.zoomToActive(),
      onSave: () =>
        void savePicture(this.controller, `${this.controller.setup?.model.name ?? 'model'}.graph.png`, () =>
          this.canvas?.picture(),
        ),
    });
  }

  /** What the colours of the nodes say; by kind where that is all that is known. */
  private colouring(scene: GraphScene | undefined): Colouring | undefined {
    return colouringOf(this.view.colour, scene, this.structure.value, this.activations.value);
  }

  /** Shows the picture to the model, where the colours are about that. */
  private measure(anew = false): void {
    const { picture, version, controller: c } = this;
    if (!needsPicture(this.view.colour) || picture === undefined || c.setup?.trusted === false) return;
    const ask = (options: Parameters<typeof c.host.graphActivations>[1]): Promise<GraphActivations> =>
      c.host.graphActivations({ input: picture.uri }, options);
    void this.activations.run(`${version} ${picture.uri}`, ask, anew);
  }

  private legend(scene: GraphScene | undefined): TemplateResult | typeof nothing {
    const { colour } = this.view;
    if (colour === 'kind')
      return html`<ul class="plain legend">
        ${Object.entries(KINDS).map(
          ([kind, text]) =>
            html`<li>
              <span
                class="legend-color"
                ${styles({ background: `var(${KIND_COLORS[kind as keyof typeof KINDS]}, var(--dim))` })}
              ></span
              >${text}
            </li>`,
        )}
      </ul>`;
    if (colour === 'flops' && this.structure.value?.measured === false)
      return html`<p class="dim">FLOPs are known once the model was measured: see the overview.</p>`;
    const colouring = this.colouring(scene);
    const modules = scene?.nodes.some(({ node }) => node.kind === 'module') ?? false;
    const { activations, controller: c, picture } = this;
    return html`
      ${colouring === undefined ? nothing : colouringLegend(colouring, modules && needsPicture(colour))}
      ${
        needsPicture(colour)
          ? activityPart({
              picture,
              trusted: c.setup?.trusted !== false,
              task: activations,
              onPicture: () => c.choosePicture(),
              onRun: () => this.measure(true),
            })
          : nothing
      }
      ${activations.error === undefined || !needsPicture(colour) ? nothing : failure(activations.error, [{ label: 'Try again', look: 'primary', onClick: () => this.measure(true) }])}
    `;
  }

  /** The node that is looked at: what the file says of it, and what a run has taught. */
  private details(): TemplateResult {
    const { value: structure } = this.structure;
    const found = this.layout.value?.byId.get(this.active ?? this.selectedId ?? '')?.node;
    const height = this.controller.view.sizes?.node;
    const size = styles({ height: height === undefined ? '' : `${height}px` });
    if (found === undefined || structure === undefined)
      return html`<section class="node-detail" aria-label="Node" ${size}>
        <p class="dim">
          Click a node for its attributes, types, shapes and constants. Double-click a module to open it.
        </p>
      </section>`;
    const node = found.kind === 'module' ? undefined : structure.nodes[found.index];
    const module = structure.modules[found.index];
    const facts = [
      found.kind === 'module' ? found.detail : '',
      found.parameters > 0 ? `${formatCount(found.parameters)} parameters` : '',
      found.flops === undefined ? '' : `${formatCount(found.flops)}FLOPs`,
      activityText(found, this.activations.value),
    ];
    return html`<section class="node-detail" aria-label="Node" ${size}>
      <div class="node-head graph-readout" role="status">
        <h2 class="like">${node?.op ?? 'Module'}</h2>
        <span class="node-name">${node?.name ?? module?.path}</span>
        ${iconButton({ label: 'Copy the name', icon: 'copy', onClick: () => this.copy() })}
        ${iconButton({ label: 'Zoom to the node', icon: 'target', onClick: () => this.canvas?.zoomToActive() })}
        ${
          found.kind === 'module'
            ? iconButton({ label: 'Open the module', icon: 'expand-all', onClick: () => this.openNode(found.id) })
            : nothing
        }
        <span class="dim">${facts.filter(Boolean).join(' · ')}</span>
      </div>
      ${
        node === undefined
          ? nothing
          : html`<lens-node-detail
              .controller=${this.controller}
              .structure=${structure}
              .node=${found.index}
              .version=${this.version}
              @lens-go=${(event: CustomEvent<number>) => this.goTo(event.detail)}
            ></lens-node-detail>`
      }
    </section>`;
  }

  private resize(node: number | undefined): void {
    const { node: _before, ...sizes } = this.controller.view.sizes ?? {};
    this.controller.update({ sizes: node === undefined ? sizes : { ...sizes, node } });
  }

  private look(id: string): void {
    const again = this.active === id;
    this.active = id;
    const found = this.layout.value?.byId.get(id)?.node;
    if (found?.kind === 'module' && again) return this.openNode(id);
    const layer = found?.kind === 'node' ? this.structure.value?.nodes[found.index]?.layer : undefined;
    if (layer !== undefined && layer !== this.selected) {
      // Selected from here: it is in sight already.
      this.shown--;
      this.controller.select(layer);
    }
  }

  private openNode(id: string): void {
    const { value: structure } = this.structure;
    const found = this.layout.value?.byId.get(id)?.node;
    if (structure === undefined || found === undefined) return;
    this.active = id;
    if (found.kind === 'module') this.change({ open: [...this.view.open, structure.modules[found.index]!.path] });
    else if (found.kind === 'node' && structure.nodes[found.index]?.layer !== undefined)
      this.controller.update({ tab: 'weights' });
  }

  private close(module: number): void {
    const path = this.structure.value?.modules[module]?.path;
    if (path === undefined) return;
    this.active = `m${module}`;
    this.change({ open: this.view.open.filter((each) => each !== path && !each.startsWith(`${path}.`)) });
  }

  /** Opens the modules around a node, and shows it. */
  private goTo(index: number): void {
    const structure = this.structure.value;
    if (structure === undefined) return;
    this.active = `n${index}`;
    this.change({ open: [...new Set([...this.view.open, ...modulesAround(structure, index)])] });
    this.shown++;
    const layer = structure.nodes[index]?.layer;
    if (layer !== undefined) this.controller.select(layer);
  }

  private copy(): void {
    const found = this.active === undefined ? undefined : this.layout.value?.byId.get(this.active)?.node;
    const structure = this.structure.value;
    if (found === undefined || structure === undefined) return;
    const text = found.kind === 'module' ? structure.modules[found.index]!.path : structure.nodes[found.index]!.name;
    void this.controller.host.copy({ text });
  }

  private change(view: Partial<GraphView>): void {
    this.controller.update({ graph: { ...this.controller.view.graph, ...view } });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() === 'c' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.copy();
    }
  };
}

export const tab: TabDefinition = {
  id: 'graph',
  label: 'Graph',
  render: (c) =>
    html`<lens-graph
      .controller=${c}
      .view=${c.view.graph}
      .picture=${c.view.activations.picture}
      .selected=${c.view.layer}
      .version=${c.readVersion}
      .measured=${c.measured.value !== undefined}
      .reveal=${c.reveal}
    ></lens-graph>`,
};
