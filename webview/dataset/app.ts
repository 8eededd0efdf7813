import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { button, dropdown, iconButton } from '../shared/controls.js';
import '../shared/form/menu.js';
import type { MenuItem } from '../shared/form/menu.js';
import { plural } from '../shared/format.js';
import { emptyState, failure, notice } from '../shared/messages.js';
import { WholePage } from '../shared/page/wholePage.js';
import { tabStrip } from '../shared/page/tabStrip.js';
import { Clock } from '../shared/task/clock.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import type { DatasetController } from './controller.js';
import { accuracyText, type Facts } from './facts.js';
import { exportItems } from './map/exports.js';
import type { Picked } from './map/map.js';
import { side } from './side.js';
import { TABS, tabOf } from './tabs.js';

/** A part of a large data set that is looked at sooner, where a person asks for it. */
const SOME = 2000;

/** A data set in the eyes of a model: four views under one selection. */
@customElement('lens-dataset')
export class DatasetApp extends WholePage {
  controller!: DatasetController;
  private readonly clock = new Clock(this);

  protected override readonly search = '.set-search input';

  /** Draws anew; called by the controller. */
  refresh(): void {
    this.requestUpdate();
    const { survey, layout, curve, nearest, seeds, evaluate, retrain } = this.controller;
    this.clock.run(
      [survey, layout, curve, nearest, evaluate.task, retrain.task, ...seeds.map(({ task }) => task)].some(
        (task) => task.working,
      ),
    );
  }

  override render(): TemplateResult {
    const c = this.controller;
    const { facts } = c;
    const tab = tabOf(c.view.tab);
    const beside = tab.side && facts !== undefined && facts.count > 0;
    return html`
      <header>${this.header(facts)} ${this.notices(facts)} ${this.tabs(tab.id)}</header>
      <main
        class="set-layout ${beside ? 'with-side' : ''}"
        @lens-pick=${(event: CustomEvent<Picked>) => c.select(event.detail.points, event.detail.how)}
        @lens-focus-point=${(event: CustomEvent<number>) => c.look(event.detail)}
        @lens-open-point=${(event: CustomEvent<number>) => c.explain([event.detail])}
      >
        <div
          class="tab-body tab-${tab.id} ${c.survey.outdated ? 'old' : ''}"
          role="tabpanel"
          id="panel-${tab.id}"
          aria-labelledby="tab-${tab.id}"
          tabindex="-1"
        >
          ${facts === undefined ? this.waiting() : facts.count === 0 ? this.nothingLeft(facts) : tab.render(c, facts)}
        </div>
        ${beside ? side(c, facts) : nothing}
      </main>
      <div class="sr-only" aria-live="polite">${c.spoken}</div>
    `;
  }

  private header(facts: Facts | undefined): TemplateResult {
    const c = this.controller;
    const { setup } = c;
    const model = setup?.model.name.replace(/\.onnx$/i, '') ?? '';
    return html`<div class="page-toolbar">
      <h1>
        <span class="ellipsis">${setup === undefined ? '' : `${setup.place.name} · ${model}`}</span>
        <span class="dim ellipsis">${facts === undefined ? '' : countText(facts)}</span>
      </h1>
      ${this.splits(facts)}
      <div class="buttons">
        ${iconButton({ label: 'Ask the model again', icon: 'refresh', disabled: c.survey.working, onClick: () => c.ask(true) })}
        <lens-menu .label=${'Save and copy'} .icon=${'desktop-download'} .items=${exportItems(c, this)}></lens-menu>
        <lens-menu .label=${'More'} .items=${this.more(facts)}></lens-menu>
      </div>
    </div>`;
  }

  /** Which split of the data set is looked at. */
  private splits(facts: Facts | undefined): TemplateResult | typeof nothing {
    const c = this.controller;
    const all = facts?.survey.allSplits ?? [];
    if (all.length < 2) return nothing;
    return dropdown({
      label: 'Split',
      value: c.view.split ?? '',
      choices: [{ value: '', label: 'all splits' }, ...all.map((split) => ({ value: split, label: split }))],
      onChange: (value) => c.lookAtSplit(value === '' ? undefined : value),
    });
  }

  private more(facts: Facts | undefined): readonly MenuItem[] {
    const c = this.controller;
    const all = facts === undefined ? 0 : facts.survey.of;
    return [
      {
        label: 'Open the same pictures with another model…',
        icon: 'split-horizontal',
        onClick: () => void c.host.openWith({}),
      },
      ...(c.view.most === undefined && all > SOME
        ? [{ label: `Look at ${SOME} of ${all} pictures`, icon: 'filter', onClick: () => c.update({ most: SOME }) }]
        : []),
      ...(c.view.most === undefined
        ? []
        : [{ label: `Look at all ${all} pictures`, icon: 'list-flat', onClick: () => c.lookAtAll() }]),
      { label: 'Show the log', icon: 'output', onClick: () => void c.host.showLog({}) },
    ];
  }

  /** What has changed, what goes wrong, and how far the next answer is, while one is shown. */
  private notices(facts: Facts | undefined): TemplateResult | typeof nothing {
    const c = this.controller;
    const { survey, stale } = c;
    if (facts === undefined) return nothing;
    const again = { label: 'Run again', look: 'primary', onClick: () => c.ask(true) } as const;
    const lines: TemplateResult[] = [];
    if (stale.length > 0 && !survey.working) {
      const what = stale.length === 1 ? `${stale[0]!} has changed` : `${stale.length} files have changed`;
      lines.push(notice({ icon: 'sync', text: `${what}. What is shown is of before.`, action: again }));
    }
    if (survey.working) lines.push(html`${taskProgress(survey, 'Asking the model')}`);
    if (survey.error !== undefined) lines.push(failure(survey.error, [again]));
    if (survey.stopped)
      lines.push(
        notice({
          icon: 'debug-pause',
          text: 'Stopped. What is shown is of before; what was done is kept.',
          action: { label: 'Go on', onClick: () => c.ask(true) },
        }),
      );
    const { of, names } = facts.survey;
    if (c.view.most !== undefined && of > names.length + facts.survey.omitted.length)
      lines.push(
        notice({
          icon: 'filter',
          text: `${names.length} of ${of} pictures, drawn with the shares of the classes kept.`,
          action: { label: `All ${of}`, onClick: () => c.lookAtAll() },
        }),
      );
    return lines.length === 0 ? nothing : html`<div class="strip">${lines}</div>`;
  }

  /** Before there is an answer. */
  private waiting(): TemplateResult {
    const c = this.controller;
    const { survey, setup } = c;
    const { error, progress } = survey;
    if (error !== undefined)
      return failure(error, [
        { label: 'Try again', look: 'primary', onClick: () => c.ask(true) },
        { label: 'Show the log', onClick: () => void c.host.showLog({}) },
      ]);
    const of = progress?.of;
    const fewer =
      of === undefined || of <= SOME || c.view.most !== undefined
        ? nothing
        : button({
            label: `Look at ${SOME} of ${of}`,
            title: 'Drawn with the shares of the classes kept; it is said that they are a part',
            onClick: () => c.update({ most: SOME }),
          });
    if (survey.stopped)
      return html`${emptyState({
          icon: 'debug-pause',
          text: `Stopped${progress?.done === undefined || of === undefined ? '' : ` at ${progress.done} of ${of} pictures`}. What was done is kept: it goes on from there.`,
          action: { label: 'Go on', onClick: () => c.ask(true) },
        })}
        <div class="centred">${fewer}</div>`;
    return html`<p class="dim lead">
        ${setup === undefined ? '' : `${setup.model.name} looks at the pictures of ${setup.place.name}. What is done is kept: a second look costs nothing.`}
      </p>
      ${taskProgress(survey, 'Asking the model', { after: 0 })}
      <div class="centred">${fewer}</div>`;
  }

  /** A data set of which nothing could be used. */
  private nothingLeft(facts: Facts): TemplateResult {
    const { omitted } = facts.survey;
    return html`${emptyState({
        icon: 'circle-slash',
        text:
          omitted.length === 0
            ? 'There is no picture here.'
            : `None of ${plural(omitted.length, 'picture')} could be used.`,
        action: { label: 'Look again', onClick: () => this.controller.ask(true) },
      })}
      <ul class="plain lead">
        ${omitted.slice(0, 20).map(({ name, error }) => html`<li>${name}: <span class="dim">${error.message}</span></li>`)}
      </ul>`;
  }

  private tabs(shown: string): TemplateResult {
    return tabStrip({
      label: 'Views of the data set',
      tabs: TABS,
      shown,
      choose: (id) => {
        this.controller.update({ tab: id });
        return this.updateComplete;
      },
    });
  }
}

/** `300 pictures · 81.3 % right`; of a part it says so. */
function countText({ count, survey, mistakes }: Facts): string {
  const left = survey.omitted.length;
  const all = survey.of > count + left ? `${count} of ${survey.of} pictures` : plural(count, 'picture');
  return [
    all,
    mistakes === undefined ? '' : `${accuracyText(mistakes.accuracy)} right`,
    left === 0 ? '' : `${left} left out`,
    survey.title,
  ]
    .filter(Boolean)
    .join(' · ');
}
