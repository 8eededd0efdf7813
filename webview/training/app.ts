import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { emptyState, failure, notice } from '../shared/messages.js';
import { WholePage } from '../shared/page/wholePage.js';
import { Clock } from '../shared/task/clock.js';
import { curvesPart } from './curvesPart.js';
import type { TrainPage } from './page.js';
import { questionPart, trainButton } from './questionPart.js';
import { endPart, runPart } from './runPart.js';

/** The panel in which a model is trained: its curves beside the question. */
@customElement('lens-training-app')
export class TrainApp extends WholePage {
  page!: TrainPage;
  private readonly clock = new Clock(this);

  /** Draws anew; called by the page. */
  refresh(): void {
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { page } = this;
    const { setup, setupError, view } = page;
    this.clock.run(page.working);
    if (setupError !== undefined)
      return html`<main class="train-main">
        ${failure(setupError, [{ label: 'Try again', look: 'primary', onClick: () => void page.start(undefined) }])}
      </main>`;
    if (setup === undefined) return html`<main class="train-main"></main>`;
    const model = setup.model.name.replace(/\.onnx$/i, '');
    return html`<header class="page-toolbar">
        <h1>
          <span class="ellipsis">Training of ${model}</span>
          <span class="dim ellipsis">${view.place === undefined ? '' : `on ${view.place.name}`}</span>
        </h1>
      </header>
      <main class="train-page">
        ${
          page.stale
            ? html`<div class="strip">
                ${notice({
                  icon: 'sync',
                  text: `${setup.model.name} has changed. What is shown is of before.`,
                  action: { label: 'Look again', look: 'primary', onClick: () => page.again() },
                })}
              </div>`
            : nothing
        }
        <div class="train-main">${view.place === undefined ? this.without() : this.body()}</div>
        <div class="sr-only" aria-live="polite">${page.spoken}</div>
      </main>`;
  }

  private without(): TemplateResult {
    return emptyState({
      icon: 'mortar-board',
      text: 'A model learns from pictures with labels: a folder with a subfolder for each class, a list, a .parquet or an .npz file.',
      action: { label: 'Choose the Pictures…', onClick: () => void this.page.choosePlace() },
    });
  }

  private body(): TemplateResult {
    const { page } = this;
    return html`<div class="train-body">
      <div class="train-left">${runPart(page)} ${endPart(page)} ${curvesPart(page)}</div>
      <div class="train-right">
        ${questionPart(page)}
        <div class="train-make">${trainButton(page)}</div>
      </div>
    </div>`;
  }
}
