import { html, nothing, type TemplateResult } from 'lit';
import '../shared/canvas/heatCanvas.js';
import '../shared/canvas/thumbnail.js';
import '../shared/charts/lineChart.js';
import type { Rgb } from '../../src/base/picture.js';
import { colormap } from '../../src/result/colormap.js';
import { normalise } from '../../src/result/heatmap.js';
import { DEFAULT_DISPLAY, type Display, type Scene } from '../shared/canvas/display.js';
import type { Pixel } from '../shared/canvas/geometry.js';
import type { PixelEvent } from '../shared/canvas/heatCanvas.js';
import type { LineChartData } from '../shared/charts/lineChart.js';
import { checkbox, iconButton, segmented } from '../shared/controls.js';
import { formatNumber } from '../shared/format.js';
import { emptyState, failure, notice } from '../shared/messages.js';
import { styles } from '../shared/page/css.js';
import { Remade } from '../shared/remade.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import { changeOf, thinned } from './frames.js';
import type { VisualizeView } from './kept.js';
import type { VisualizePage } from './page.js';
import { chooseFile, WANTS } from './questionPart.js';
import { backgroundColour, facetsPart, facetShown, fadedOf } from './facetsPart.js';

/** Points of the curve that are drawn, and rows of its table. */
const [POINTS, ROWS] = [120, 12];

/** What is shown large, and what it is. */
interface Large {
  readonly picture: Rgb;
  readonly text: string;
}

/** The picture that was made, or is being made; the way to it, and what the model says of it. */
export class PicturePart {
  pixel: Pixel | undefined;
  private readonly scenes = new Remade<Scene>();
  private readonly displays = new Remade<Display>();
  private readonly changes = new Remade<ReturnType<typeof changeOf>>();
  private readonly charts = new Remade<LineChartData>();
  private readonly faded = new Remade<Rgb>();

  constructor(private readonly redraw: () => void) {}

  stage(page: VisualizePage): TemplateResult {
    const { made, running, result } = page;
    const large = this.large(page);
    if (large === undefined && !made.working && made.error === undefined) return empty(page);
    const old =
      running === undefined && result !== undefined && (made.outdated || made.working || made.error !== undefined);
    return html`<section class="vis-picture" aria-label="Picture">
      <div class="vis-notices">${notices(page)}</div>
      ${this.progress(page)} ${large === undefined ? nothing : this.canvas(page, large, old)} ${facetsPart(page)}
      ${framesPart(page)}
    </section>`;
  }

  private progress(page: VisualizePage): TemplateResult {
    const { made, view } = page;
    return html`<div class="vis-run">
      <div class="vis-bar">${taskProgress(made, 'Opening the model', { after: 0, onCancel: () => page.cancel() })}</div>
      ${
        made.working
          ? html`<div class="buttons">
              ${iconButton({ label: view.paused ? 'Go on' : 'Pause', icon: view.paused ? 'play' : 'debug-pause', pressed: view.paused, onClick: () => page.steer(view.paused ? 'run' : 'pause') })}
              ${iconButton({ label: 'Stop here and keep the picture', icon: 'debug-stop', onClick: () => page.steer('stop') })}
            </div>`
          : nothing
      }
    </div>`;
  }

  private canvas(page: VisualizePage, { picture, text }: Large, old: boolean): TemplateResult {
    const { view, result, made } = page;
    const change = made.working ? undefined : result?.change;
    const { pixel } = this;
    return html`<div
        class="vis-stage ${old ? 'old' : ''}"
        aria-busy=${made.working}
        ${styles({ '--aspect': `${picture.width / picture.height}` })}
        @lens-pixel=${(event: CustomEvent<PixelEvent>) => {
          this.pixel = event.detail.pixel;
          this.redraw();
        }}
      >
        <lens-heat-canvas
          .scene=${this.scene(picture)}
          .display=${this.displays.get([view.smooth], () => ({ ...DEFAULT_DISPLAY, mode: 'original', smooth: view.smooth }))}
          .label=${text}
        ></lens-heat-canvas>
      </div>
      <p class="cell-readout vis-caption">
        ${text}<span class="dim"
          >${pixel === undefined ? ` · ${picture.width} × ${picture.height} pixels` : ` · (${pixel.x}, ${pixel.y}) ${colourAt(picture, pixel)}`}</span
        >
      </p>
      <div class="controls-row">
        ${
          change === undefined
            ? nothing
            : segmented({
                label: 'Shown',
                value: view.shown,
                choices: [
                  { value: 'before', label: 'Before' },
                  { value: 'after', label: 'After' },
                  { value: 'difference', label: 'Difference', title: 'After less before, around grey' },
                ],
                onChange: (shown) => page.update({ shown: shown as VisualizeView['shown'] }),
              })
        }
        ${checkbox({ label: 'Smooth between pixels', checked: view.smooth, onChange: (smooth) => page.update({ smooth }) })}
        ${
          result === undefined || made.working
            ? nothing
            : checkbox({
                label: 'Fade what did not matter',
                checked: view.faded,
                onChange: (faded) => page.update({ faded }),
              })
        }
      </div>`;
  }

  /** What is shown: a step on the way, the running picture, or what was made. */
  private large(page: VisualizePage): Large | undefined {
    const { made, running, result, view, frames, frame } = page;
    const chosen = frames.find(({ step }) => step === frame);
    if (chosen !== undefined && chosen !== frames.at(-1))
      return { picture: chosen.picture, text: `${page.name}, on the way: step ${chosen.step}` };
    if (running !== undefined)
      return {
        picture: running.facets?.[page.facet] ?? running.picture,
        text: `${page.name}, ${made.working ? 'being made' : 'cancelled'}: step ${running.step}`,
      };
    if (result === undefined) return undefined;
    const { target, preset, change, steps, facets } = result;
    const facet = facetShown(page);
    const { picture } = facet;
    const which = facets === undefined ? '' : `, facet ${page.facet + 1} of ${facets.length}`;
    const text = `${target.label} by ${preset}, ${steps} steps${which}`;
    if (change === undefined || view.shown === 'after') {
      const background = view.faded ? backgroundColour() : '';
      return {
        picture: view.faded ? this.faded.get([facet, background], () => fadedOf(facet, background)) : picture,
        text,
      };
    }
    if (view.shown === 'before') return { picture: change.picture, text: 'Before: what it began with' };
    const difference = this.changes.get([change.picture, picture], () => changeOf(change.picture, picture));
    return {
      picture: difference.picture,
      text: `Difference, ${difference.factor === 1 ? 'as it is' : `${difference.factor} times as strong as it is`}; grey is no change`,
    };
  }

  private scene(picture: Rgb): Scene {
    return this.scenes.get([picture], () => {
      const { width, height } = picture;
      const values = { width, height, values: new Float32Array(width * height), signed: false };
      return {
        picture,
        values,
        scaled: normalise(values, 100),
        colors: colormap('magma'),
        channels: false,
        signed: false,
      };
    });
  }

  /** The objective over the steps. */
  curve(page: VisualizePage): TemplateResult | typeof nothing {
    const { running, result, made } = page;
    const trace = running?.trace ?? (made.working || result === undefined ? undefined : facetShown(page).trace);
    if (trace === undefined || trace.length < 2) return nothing;
    const logarithm =
      (result !== undefined && running === undefined ? result.params : page.values)['objective'] === 'log_probability';
    const yTitle = logarithm ? 'log probability' : 'objective';
    const data = this.charts.get([trace, yTitle], () => {
      const places = thinned(trace.length, POINTS);
      return {
        labels: places.map(String),
        xTitle: 'step',
        yTitle,
        mark: places.length - 1,
        series: [{ name: yTitle, values: places.map((i) => trace[i]!) }],
      };
    });
    const [first, last] = [trace[0]!, trace.at(-1)!];
    return html`<section class="vis-curve" aria-labelledby="vis-curve">
      <h2 id="vis-curve">
        What is maximised<span class="hint dim">${formatNumber(first)} → ${formatNumber(last)}</span>
      </h2>
      <lens-line-chart
        .data=${data}
        .label=${`${yTitle} over ${trace.length - 1} steps, from ${formatNumber(first)} to ${formatNumber(last)}`}
      ></lens-line-chart>
      <details>
        <summary>Numbers</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">step</th>
              <th scope="col">${yTitle}</th>
            </tr>
          </thead>
          <tbody>
            ${thinned(trace.length, ROWS).map(
              (i) =>
                html`<tr>
                  <td>${i}</td>
                  <td>${formatNumber(trace[i]!)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </details>
    </section>`;
  }
}

function colourAt({ width, data }: Rgb, { x, y }: Pixel): string {
  const at = 3 * (y * width + x);
  return `RGB ${data[at]} ${data[at + 1]} ${data[at + 2]}`;
}

const WANTED_FOR = {
  start: 'accentuate changes a photograph: choose the one that is to become more of it.',
  invert: 'Choose a photograph: made is another picture in which the layer sees the same.',
  direction: 'Choose a .npy file with a direction in the layer: a number for each of its channels, or of its values.',
} as const;

function empty(page: VisualizePage): TemplateResult {
  if (page.made.stopped)
    return html`<section class="vis-picture" aria-label="Picture">
      ${emptyState({ icon: 'debug-pause', text: 'Cancelled before there was a picture.', action: { label: 'Make the Picture', icon: 'sparkle', disabled: page.facts === undefined, onClick: () => page.make() } })}
    </section>`;
  return html`<section class="vis-picture vis-empty" aria-label="Picture">
    ${emptyState(
      page.wanted !== undefined
        ? {
            icon: 'file-media',
            text: WANTED_FOR[page.wanted],
            action: { label: WANTS[page.wanted], onClick: () => void chooseFile(page, page.wanted ?? 'start') },
          }
        : {
            icon: 'sparkle',
            text: `What does this network want to see of ${page.name}? A picture is made step by step until it answers most.`,
            action: { label: 'Make the Picture', disabled: page.facts === undefined, onClick: () => page.make() },
          },
    )}
  </section>`;
}

function notices(page: VisualizePage): TemplateResult {
  const { made, result, running, view } = page;
  const again = { label: 'Try again', look: 'primary', onClick: () => page.make() } as const;
  return html`
    ${made.error === undefined ? nothing : failure(made.error, [again, { label: 'Show the log', onClick: () => void page.host.showLog({}) }])}
    ${
      !made.working && made.stopped && running !== undefined
        ? notice({
            icon: 'debug-pause',
            text: `Cancelled after ${running.step} steps: this is how far it came, and the model was not asked about it.`,
            action: { label: 'Make it again', onClick: () => page.make() },
          })
        : nothing
    }
    ${
      !made.working && !made.stopped && result?.ended === 'stopped' && made.error === undefined
        ? notice({
            icon: 'debug-stop',
            text: `Stopped after ${result.steps} of ${String(result.params['steps'])} steps.`,
          })
        : nothing
    }
    ${made.working && view.paused ? notice({ icon: 'debug-pause', text: 'Paused.', action: { label: 'Go on', onClick: () => page.steer('run') } }) : nothing}
    ${
      !made.working && page.differs && result !== undefined
        ? notice({
            icon: 'info',
            text: `The picture is of what was set before: ${result.target.label}, ${result.preset}.`,
          })
        : nothing
    }
  `;
}

/** The pictures on the way to the last. */
function framesPart(page: VisualizePage): TemplateResult | typeof nothing {
  const { frames, frame } = page;
  if (frames.length < 2) return nothing;
  const last = frames.at(-1)!;
  const shown = frames.some(({ step }) => step === frame) ? frame : last.step;
  return html`<div class="vis-frames" role="group" aria-label="Steps on the way">
    ${frames.map(
      ({ step, picture }) =>
        html`<button
          type="button"
          class="vis-frame"
          aria-pressed=${step === shown}
          aria-label=${`Step ${step}`}
          @click=${() => {
            page.frame = step === last.step ? undefined : step;
            page.say(`Step ${step}`);
          }}
        >
          <lens-thumbnail .picture=${picture} .side=${48}></lens-thumbnail><span class="dim">${step}</span>
        </button>`,
    )}
  </div>`;
}
