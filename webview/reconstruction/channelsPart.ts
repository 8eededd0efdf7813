import { html, nothing, type TemplateResult } from 'lit';
import '../shared/canvas/cellGrid.js';
import '../shared/canvas/thumbnail.js';
import { canonical } from '../../src/base/canonical.js';
import type { Rgb } from '../../src/base/picture.js';
import type { CellPoint } from '../shared/canvas/cellGrid.js';
import type { CellSource } from '../shared/canvas/cells.js';
import { imageOf } from '../shared/canvas/raster.js';
import { button, numberField } from '../shared/controls.js';
import { zoomButtons } from '../shared/form/cellControls.js';
import { baseName, formatNumber, plural } from '../shared/format.js';
import { emptyState, failure } from '../shared/messages.js';
import { Remade } from '../shared/remade.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import { isOfLayer } from './aim.js';
import { seriesState } from './comparePart.js';
import type { VisualizePage } from './page.js';

/** What every channel of a layer looks for, as one grid. */
export class ChannelsPart {
  point: CellPoint | undefined;
  private readonly sources = new Remade<CellSource | undefined>();
  private readonly images = new WeakMap<Rgb, ImageData>();

  constructor(private readonly redraw: () => void) {}

  render(page: VisualizePage): TemplateResult {
    const { view, facts, channels } = page;
    const { aim } = view;
    const layer = facts?.layer?.name === aim.layer ? facts?.layer : undefined;
    if (!isOfLayer(aim) || aim.layer === undefined)
      return emptyState({
        icon: 'layers',
        text: 'Choose a layer to see what each of its channels looks for.',
        action: { label: 'Choose a Layer', onClick: () => page.ask({ aim: { ...aim, kind: 'channel' } }) },
      });
    const { asked } = view.channels;
    const begun = asked?.base.layer === aim.layer;
    const count = layer?.channels ?? 0;
    const wanted = page.channelsAsked;
    const set = begun && canonical({ ...asked, running: null }) === canonical({ ...wanted, running: null });
    return html`<section class="vis-channels" aria-labelledby="vis-channels">
      <h2 id="vis-channels">
        What the channels of ${aim.layer} look for<span class="hint dim"
          >${count === 0 ? '' : plural(count, 'channel')}</span
        >
      </h2>
      <div class="controls-row">
        <label class="inline"
          ><span>steps for each</span>${numberField({
            label: 'Steps for each channel',
            value: view.channels.steps,
            minimum: 1,
            step: 1,
            onChange: (steps) => page.update({ channels: { ...view.channels, steps } }),
          })}</label
        >
        <span class="dim">${view.preset}, seed ${view.seed}</span>
        ${
          set
            ? nothing
            : button({
                label: `Make ${plural(count, 'Picture')}`,
                look: 'primary',
                icon: 'sparkle',
                disabled: wanted === undefined || page.wanted === 'start',
                onClick: () => page.beginChannels(),
              })
        }
        <span class="buttons"
          >${zoomButtons(view.channels.zoom, (zoom) => page.update({ channels: { ...view.channels, zoom } }))}</span
        >
      </div>
      ${layer !== undefined && count === 0 ? html`<p class="dim">The value of this layer has no channels.</p>` : nothing}
      ${begun ? seriesState(channels, () => void channels.resume()) : nothing}
      ${begun && channels.cells.length > 0 ? this.grid(page) : nothing}
    </section>`;
  }

  private grid(page: VisualizePage): TemplateResult {
    const { channels, view, facts } = page;
    const source = this.sources.get([channels.cells, facts], () => this.sourceOf(page));
    const { point } = this;
    const at = point ?? { row: view.aim.channel, column: 0 };
    return html`<lens-cell-grid
        class="vis-grid"
        .source=${source}
        .label=${`Pictures of the channels of ${view.aim.layer}`}
        .zoom=${view.channels.zoom}
        .smooth=${view.smooth}
        .arrived=${channels.arrived}
        .chosen=${{ row: view.aim.channel, column: 0 }}
        @lens-zoom=${({ detail }: CustomEvent<number>) => page.update({ channels: { ...view.channels, zoom: detail } })}
        @lens-cell=${({ detail }: CustomEvent<CellPoint | null>) => {
          this.point = detail ?? undefined;
          this.redraw();
        }}
        @lens-choose-cell=${({ detail }: CustomEvent<CellPoint>) =>
          page.ask({ aim: { ...view.aim, kind: 'channel', channel: detail.row } })}
        @lens-open-cell=${() => page.make()}
      ></lens-cell-grid>
      <p class="cell-readout">${source === undefined || at.row >= source.rows ? '' : source.label(at.row, 0)}</p>
      <p class="dim vis-small">A click chooses a channel; a double click or Enter makes it at full length.</p>`;
  }

  private sourceOf({ channels, facts }: VisualizePage): CellSource | undefined {
    const { cells } = channels;
    if (facts === undefined) return undefined;
    const { height, width } = facts;
    const pictureAt = (row: number): Rgb | undefined => {
      const made = cells[row]?.made;
      return made === undefined ? cells[row]?.live : 'picture' in made ? made.picture : undefined;
    };
    return {
      rows: cells.length,
      columns: 1,
      cellHeight: height,
      cellWidth: width,
      flow: true,
      paint: (row, _column, image, left, top) => {
        const picture = pictureAt(row);
        if (picture === undefined) return false;
        const pixels = this.imageOf(picture);
        for (let y = 0; y < pixels.height; y++)
          image.data.set(
            pixels.data.subarray(4 * y * width, 4 * (y + 1) * width),
            4 * ((top + y) * image.width + left),
          );
        return true;
      },
      label: (row) => {
        const cell = cells[row];
        if (cell === undefined) return '';
        const { made } = cell;
        const text =
          made === undefined
            ? 'not there yet'
            : 'error' in made
              ? made.error.message
              : `answers ${formatNumber(made.value)}`;
        return `channel ${cell.channel}: ${text}`;
      },
      caption: (row) => String(row),
      crossed: (row) => {
        const made = cells[row]?.made;
        return made !== undefined && 'error' in made;
      },
    };
  }

  private imageOf(picture: Rgb): ImageData {
    const before = this.images.get(picture);
    if (before !== undefined) return before;
    const image = imageOf(picture);
    this.images.set(picture, image);
    return image;
  }
}

/** The pictures of a folder that excite the channel most, beside the one that was made. */
export function naturalPart(page: VisualizePage): TemplateResult | typeof nothing {
  const { view, top, host } = page;
  const { aim, searched: natural } = view;
  if ((aim.kind !== 'channel' && aim.kind !== 'neuron') || aim.layer === undefined) return nothing;
  const found = top.progress?.top ?? top.value;
  const shown = found?.layer === aim.layer && found.channel === aim.channel ? found : undefined;
  const choose = async (): Promise<void> => {
    const folder = await host.chooseFolder({}).catch(() => undefined);
    if (folder === undefined) return;
    page.update({ searched: folder });
    page.searchTop();
  };
  return html`<section class="vis-natural" aria-labelledby="vis-natural">
    <h2 id="vis-natural">
      Pictures that excite channel ${aim.channel} most<span class="hint dim"
        >${shown === undefined ? '' : `of ${plural(shown.seen, 'picture')}`}</span
      >
    </h2>
    <div class="controls-row">
      ${natural === undefined ? nothing : html`<span class="ellipsis">${natural.name}</span>`}
      ${natural === undefined || shown !== undefined || top.working ? nothing : button({ label: 'Search These Pictures', onClick: () => page.searchTop() })}
      ${button({ label: natural === undefined ? 'Choose a Folder…' : 'Other Folder…', onClick: () => void choose() })}
    </div>
    ${top.error === undefined ? nothing : failure(top.error, [{ label: 'Search again', onClick: () => page.searchTop(true) }])}
    ${taskProgress(top, 'Searching the folder', { after: 0 })}
    ${
      shown === undefined
        ? nothing
        : html`<ul class="plain vis-top">
            ${shown.pictures.map((picture) => {
              const name = picture.label ?? baseName(picture.input);
              return html`<li>
                <button
                  type="button"
                  class="vis-frame"
                  title="${baseName(picture.input)}: explain it"
                  @click=${() => void host.explain({ path: picture.input })}
                >
                  <lens-thumbnail .picture=${picture.patch} .side=${72}></lens-thumbnail>
                  <span class="ellipsis">${name}</span><span class="dim">${formatNumber(picture.value)}</span>
                </button>
              </li>`;
            })}
          </ul>`
    }
  </section>`;
}
