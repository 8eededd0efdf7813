import { html, nothing, type TemplateResult } from 'lit';
import '../shared/charts/lineChart.js';
import '../shared/form/combobox.js';
import type { PointPlace } from '../shared/charts/lineChart.js';
import { predictionBars } from '../shared/charts/predictionBars.js';
import { button, dropdown, numberField, segmented } from '../shared/controls.js';
import { combobox } from '../shared/form/combobox.js';
import { Remade } from '../shared/remade.js';
import type { AttentionController } from './controller.js';
import { depthChart, depthRows, MEASURES } from './depth.js';
import type { AttentionView, Measure } from './kept.js';

/** What is shown large: a head, or what joins the layers; and of which class. */
export function shownPart(c: AttentionController): TemplateResult {
  const { view } = c;
  return html`<div class="controls-row att-shown">
    ${segmented({
      label: 'Shown large',
      value: view.shown,
      choices: [
        { value: 'attention', label: 'Attention', title: 'One head of one layer' },
        {
          value: 'rollout',
          label: 'Rollout',
          title: 'All layers multiplied, half of each the token itself (Abnar and Zuidema 2020)',
        },
        {
          value: 'relevance',
          label: 'Relevance',
          title: 'All layers, weighted by the gradient of a class (Chefer et al. 2021)',
        },
      ],
      onChange: (shown) => c.change({ shown: shown as AttentionView['shown'] }),
    })}
    ${
      view.shown === 'rollout'
        ? html`<label class="inline"
            ><span>heads</span>${dropdown({
              label: 'How heads are joined',
              value: view.fusion,
              choices: ['mean', 'max', 'min'].map((value) => ({ value, label: value })),
              onChange: (fusion) => c.change({ fusion: fusion as AttentionView['fusion'] }),
            })}</label
          >`
        : nothing
    }
    ${
      view.shown === 'attention'
        ? nothing
        : html`<label class="inline"
            ><span>from layer</span>${numberField({
              label: 'First layer that is multiplied',
              value: view.start,
              minimum: 0,
              maximum: Math.max(0, c.layers.length - 1),
              step: 1,
              onChange: (start) => c.change({ start }),
            })}</label
          >`
    }
    ${button({
      label: c.toggled ? 'The model as it is' : 'Random weights',
      icon: 'sync',
      title: 'The same network with its weights drawn anew; the key R shows it while it is held',
      onClick: () => c.toggle(),
    })}
    <span class="att-random dim" role="status"
      >${
        !c.random
          ? 'or hold R'
          : c.store?.working === true
            ? 'Drawing its weights anew…'
            : 'Random weights: what looks the same was not learned.'
      }</span
    >
  </div>`;
}

/** Classes to choose from, for a relevance. */
export function classPart(c: AttentionController): TemplateResult | typeof nothing {
  if (c.view.shown !== 'relevance') return nothing;
  const scores = c.classes.value ?? [];
  const entries = scores.map(({ index, label }) => ({ value: String(index), label, detail: String(index) }));
  return html`<section aria-label="Class">
    ${predictionBars({
      predictions: scores.slice(0, 5),
      rows: 5,
      target: c.target?.index,
      onTarget: (index) => c.change({ target: String(index) }),
    })}
    ${combobox({
      label: 'Class that the relevance is of',
      value: c.view.target,
      shown: c.target?.label ?? '',
      entries,
      onChoose: (target) => c.change({ target }),
      onOpen: () => c.loadClasses(),
    })}
  </section>`;
}

const charts = new Remade<ReturnType<typeof depthChart>>();

/** A number of each head over the depth of the network. */
export function depthPart(c: AttentionController): TemplateResult {
  const { layers, store, view, chosen } = c;
  const numbers = (layer: string): ReturnType<NonNullable<typeof store>['numbers']> => store?.numbers(layer);
  const place =
    chosen !== undefined && typeof chosen.head === 'number' ? { series: chosen.head, place: chosen.row } : undefined;
  const data = charts.get([layers, store, store?.known, view.measure, place?.series, place?.place], () =>
    depthChart(layers, numbers, view.measure, place),
  );
  const missing = layers.length - (store?.known ?? 0);
  const heads = layers.reduce((most, layer) => Math.max(most, layer.heads), 0);
  const measure = MEASURES.find(({ value }) => value === view.measure)!;
  return html`<section class="att-depth" aria-labelledby="att-depth">
    <h2 id="att-depth">Heads over depth<span class="hint dim">${measure.title}</span></h2>
    ${segmented({
      label: 'Number of each head',
      value: view.measure,
      choices: MEASURES,
      onChange: (value) => c.change({ measure: value as Measure }),
    })}
    <lens-line-chart
      .data=${data}
      .label=${`${measure.unit} of each head, by layer: the table below holds the same`}
      @lens-point=${({ detail }: CustomEvent<PointPlace>) => c.choose(layers[detail.place]!.name, detail.series)}
    ></lens-line-chart>
    ${
      missing > 0 && store !== undefined && !store.whole
        ? html`<p class="dim">
            ${store.known} of ${layers.length} layers have been looked at.
            ${button({ label: 'Look at all', disabled: store.working, onClick: () => store.needNumbers() })}
          </p>`
        : nothing
    }
    <details>
      <summary>As a table</summary>
      <div class="att-scroll" tabindex="0" role="region" aria-label="${measure.unit}, by layer and head">
        <table class="att-table">
          <thead>
            <tr>
              <th scope="col">layer</th>
              ${Array.from({ length: heads }, (_, head) => html`<th scope="col">head ${head}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${depthRows(layers, numbers, view.measure).map(
              (values, row) =>
                html`<tr>
                  <th scope="row" title=${layers[row]!.name}>${row}</th>
                  ${values.map((value) => html`<td>${value}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

/** What else is known of the model: layers by name, and what has no matrix. */
export function factsPart(c: AttentionController): TemplateResult | typeof nothing {
  const { answer, layers, result } = c;
  if (answer === undefined) return nothing;
  return html`<details class="att-facts">
    <summary>Layers and notes</summary>
    <ul class="plain">
      ${layers.map(
        (layer, row) =>
          html`<li>
            <span class="dim">${row}</span> ${layer.name}
            <span class="dim"
              >${layer.windows > 1 ? `${layer.windows} windows × ` : ''}${layer.heads} heads · ${layer.queries} ×
              ${layer.keys}${layer.to === undefined ? '' : ` · grid ${layer.to.grid.join(' × ')}`}${layer.to !== undefined && layer.to.prefix > 0 ? ` + ${layer.to.prefix}` : ''}</span
            >
          </li>`,
      )}
    </ul>
    ${[
      ...answer.without.map(({ op, node, reason }) => `${op} "${node}" is not shown: ${reason}.`),
      ...answer.warnings,
      ...(result?.notes ?? []),
    ]
      .filter((note, i, all) => all.indexOf(note) === i)
      .map((note) => html`<p class="dim">${note}</p>`)}
  </details>`;
}
