import { html, nothing, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import type { CellGrid } from '../shared/canvas/cellGrid.js';
import { iconButton } from '../shared/controls.js';
import '../shared/form/menu.js';
import { failure, notice } from '../shared/messages.js';
import { WholePage } from '../shared/page/wholePage.js';
import { tabStrip } from '../shared/page/tabStrip.js';
import { Clock } from '../shared/task/clock.js';
import { beliefPart } from './beliefPart.js';
import { ChannelsPart, naturalPart } from './channelsPart.js';
import { comparePart } from './comparePart.js';
import { exportItems } from './exports.js';
import type { Tab } from './kept.js';
import type { VisualizePage } from './page.js';
import { PicturePart } from './picturePart.js';
import { factsPart, saysPart } from './saidPart.js';
import { makeButton, questionPart } from './questionPart.js';

const TABS: readonly { readonly id: Tab; readonly label: string }[] = [
  { id: 'picture', label: 'Picture' },
  { id: 'compare', label: 'Side by side' },
  { id: 'channels', label: 'Channels' },
];

/** The panel of pictures that are made for a model: the question beside one large, side by side, or all of a layer. */
@customElement('lens-visualize-app')
export class VisualizeApp extends WholePage {
  page!: VisualizePage;
  @query('lens-cell-grid') private readonly cells!: CellGrid | null;
  private readonly clock = new Clock(this);
  private readonly picture = new PicturePart(() => this.requestUpdate());
  private readonly channels = new ChannelsPart(() => this.requestUpdate());

  /** Draws anew; called by the page. */
  refresh(): void {
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { page } = this;
    const { setup, setupError, stale, made, view } = page;
    this.clock.run(page.working);
    if (setupError !== undefined)
      return html`<main class="vis-main">
        ${failure(setupError, [{ label: 'Try again', look: 'primary', onClick: () => void page.start(undefined) }])}
      </main>`;
    if (setup === undefined) return html`<main class="vis-main"></main>`;
    const again = (): void => page.again();
    return html`<header class="page-toolbar">
        <h1>
          <span class="ellipsis">${page.name}</span>
          <span class="dim ellipsis"
            >${setup.model.name.replace(/\.onnx$/i, '')}${made.value === undefined ? '' : ` · ${made.value.provider}`}</span
          >
        </h1>
        <div class="buttons">
          ${iconButton({ label: 'Make it again', icon: 'refresh', disabled: made.working || page.facts === undefined, onClick: again })}
          <lens-menu
            .label=${'Save and copy'}
            .icon=${'desktop-download'}
            .items=${exportItems(page, () => this.cells?.picture())}
          ></lens-menu>
        </div>
      </header>
      <main class="vis-page">
        ${tabStrip({
          label: 'Views',
          tabs: TABS,
          shown: view.tab,
          choose: (tab) => {
            page.update({ tab: tab as Tab });
            return this.updateComplete;
          },
        })}
        ${
          stale.length === 0 || made.working
            ? nothing
            : html`<div class="strip">
                ${notice({
                  icon: 'sync',
                  text: `${stale.length === 1 ? `${stale[0]!} has changed` : `${stale.length} files have changed`}. What is shown is of before.`,
                  action: { label: 'Make it again', look: 'primary', onClick: again },
                })}
              </div>`
        }
        <div class="vis-main" role="tabpanel" id="panel-${view.tab}" aria-labelledby="tab-${view.tab}" tabindex="-1">
          <div class="vis-body">
            <div class="vis-left">${this.shown()}</div>
            <div class="vis-right">
              ${questionPart(page)}
              ${view.tab === 'picture' ? html`<div class="vis-make">${makeButton(page)}</div>` : nothing}
            </div>
          </div>
          <div class="sr-only" aria-live="polite">${page.spoken}</div>
        </div>
      </main>`;
  }

  private shown(): TemplateResult {
    const { page, picture, channels } = this;
    switch (page.view.tab) {
      case 'picture':
        return html`<div class="vis-large">
          ${picture.stage(page)}
          <div class="vis-beside">${saysPart(page)} ${beliefPart(page)} ${picture.curve(page)} ${factsPart(page)}</div>
          ${naturalPart(page)}
        </div>`;
      case 'compare':
        return comparePart(page);
      case 'channels':
        return channels.render(page);
    }
  }
}
