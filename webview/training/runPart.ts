import { html, nothing, type TemplateResult } from 'lit';
import { button, iconButton } from '../shared/controls.js';
import { formatNumber, formatPercent, leftText, plural } from '../shared/format.js';
import { failure } from '../shared/messages.js';
import { taskProgress } from '../shared/task/taskProgress.js';
import type { TrainPage } from './page.js';

/** How far the training is, with its pause and its end. */
export function runPart(page: TrainPage): TemplateResult | typeof nothing {
  const { made, view } = page;
  if (!made.working) return nothing;
  return html`<section class="train-run" aria-label="Under way">
    <div class="train-bar">
      ${taskProgress(made, 'Opening the model', { after: 0, onCancel: () => page.cancel() })}
      <p class="train-now">${nowText(page)}</p>
    </div>
    <div class="buttons">
      ${iconButton({ label: view.paused ? 'Go on' : 'Pause', icon: view.paused ? 'play' : 'debug-pause', pressed: view.paused, onClick: () => page.steer(view.paused ? 'run' : 'pause') })}
      ${iconButton({ label: 'End here and keep the network', icon: 'debug-stop', onClick: () => page.steer('stop') })}
    </div>
  </section>`;
}

function nowText({ now, view }: TrainPage): string {
  if (view.paused) return 'Paused: nothing is lost, and nothing is computed.';
  if (now === undefined) return '';
  const { loss, accuracy, secondsLeft, resumed } = now;
  return [
    ...(loss === undefined || Number.isNaN(loss) ? [] : [`loss ${formatNumber(loss)}`]),
    ...(accuracy === undefined || Number.isNaN(accuracy) ? [] : [`${formatPercent(accuracy)} right`]),
    secondsLeft === undefined ? 'the time left is not known yet' : `${leftText(secondsLeft)} left`,
    ...(resumed > 0 ? [`${plural(resumed, 'epoch')} from before`] : []),
  ].join(' · ');
}

/** How it has ended. */
export function endPart(page: TrainPage): TemplateResult | typeof nothing {
  const { made, view, result } = page;
  if (made.working) return nothing;
  if (made.error !== undefined)
    return failure(made.error, [
      { label: 'Go on where it was', onClick: () => page.goOn() },
      { label: 'Show the log', onClick: () => void page.host.showLog({}) },
    ]);
  if (view.cancelled) return cancelledPart(page);
  if (result === undefined) return nothing;
  const { measured, epoch, curve, ended, set, notes, params } = result;
  const last = curve.at(-1);
  const why = {
    epochs: '',
    patience: ': nothing got better any more',
    stopped: ` of ${params.epochs}: it was ended by hand`,
  }[ended];
  const { omitted, network } = view.done!;
  return html`<section class="train-end" aria-label="Result">
    <p class="train-score">
      ${
        measured !== undefined
          ? html`<strong>${formatPercent(measured.accuracy)}</strong> of ${plural(set.heldOut, 'picture')} that it was
              not trained on are right`
          : last === undefined
            ? 'No epoch is whole.'
            : html`<strong>${formatPercent(last.accuracy)}</strong> of the pictures that it was trained on are right; of
                others nothing is known`
      }
    </p>
    <p class="dim">
      ${plural(curve.length, 'epoch')}${why}${epoch === undefined ? '' : `; the weights are those of epoch ${epoch}`},
      in ${view.folder?.name ?? 'its folder'}
    </p>
    ${
      notes.length === 0
        ? nothing
        : html`<ul class="train-notes dim">
            ${notes.map((note) => html`<li>${note}</li>`)}
          </ul>`
    }
    ${
      omitted.length === 0
        ? nothing
        : html`<details class="more">
            <summary>${plural(omitted.length, 'picture')} left out</summary>
            <ul class="train-notes">
              ${omitted.map(({ name, error }) => html`<li>${name}: ${error.message}</li>`)}
            </ul>
          </details>`
    }
    <div class="actions">
      ${network === undefined ? nothing : button({ label: 'Open the Network', look: 'primary', onClick: () => void page.host.open({ path: network }) })}
      ${ended === 'stopped' ? button({ label: 'Go On', icon: 'play', onClick: () => page.goOn() }) : nothing}
      ${button({ label: 'Copy the Command', onClick: () => view.asked !== undefined && void page.host.copyTrainCommand(view.asked) })}
    </div>
  </section>`;
}

function cancelledPart(page: TrainPage): TemplateResult {
  const whole = page.now?.curve.length ?? 0;
  const kept =
    whole === 0
      ? 'No epoch was whole.'
      : `${plural(whole, 'epoch')} are kept in ${page.view.folder?.name ?? 'its folder'}.`;
  return html`<section class="train-end" aria-label="Result">
    <p>Cancelled. ${kept}</p>
    <div class="actions">${button({ label: 'Go On', look: 'primary', icon: 'play', onClick: () => page.goOn() })}</div>
  </section>`;
}
