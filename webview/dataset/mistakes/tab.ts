import { html, nothing, type TemplateResult } from 'lit';
import type { Mistakes } from '../../../src/result/dataset.js';
import { formatProbability, plural } from '../../shared/format.js';
import { notice } from '../../shared/messages.js';
import { Remade } from '../../shared/remade.js';
import { accuracyText, className, confidentMistakes, doubtfulHits, whyNone, suspectsOf, type Facts } from '../facts.js';
import { pictureList } from '../pictureList.js';
import type { Room, TabDefinition } from '../room.js';
import { calibrationPart } from './calibration.js';
import { confusionPart } from './confusion.js';

/** Which pictures the model gets wrong, and how sure it is. */
export const tab: TabDefinition = { id: 'mistakes', label: 'Mistakes', side: true, render };

/** Lists hold so many: further down nobody looks, and the gallery has them all. */
const MOST = 500;

function render(room: Room, facts: Facts): TemplateResult {
  const { mistakes } = facts;
  if (mistakes === undefined) return html`${notice({ icon: 'info', text: whyNone(facts) })}`;
  return html`${measures(facts, mistakes)} ${confusionPart(room, facts, mistakes)} ${lists(room, facts, mistakes)}
  ${mistakes.calibration === undefined ? nothing : calibrationPart(mistakes.calibration)}`;
}

function measures({ count }: Facts, { accuracy, correct, counted, calibration }: Mistakes): TemplateResult {
  const without = count - counted;
  return html`<p class="lead">
    <strong>${accuracyText(accuracy)}</strong> right: ${correct} of ${plural(counted, 'picture')} with a
    label${without === 0 ? '' : `; ${without} without one`}.
    ${calibration === undefined ? nothing : html`Expected calibration error <strong>${formatProbability(calibration.ece)}</strong>.`}
  </p>`;
}

const made = new Remade<{ wrong: readonly number[]; hits: readonly number[]; suspects: readonly number[] }>();

function lists(room: Room, facts: Facts, { suspects }: Mistakes): TemplateResult {
  const {
    wrong,
    hits,
    suspects: doubted,
  } = made.get([facts], () => ({
    wrong: confidentMistakes(facts).slice(0, MOST),
    hits: doubtfulHits(facts).slice(0, MOST),
    suspects: suspectsOf(facts),
  }));
  const list = (
    title: string,
    hint: string,
    examples: readonly number[],
    none: string,
    note?: (at: number) => string,
  ): TemplateResult =>
    html`<section>
      <h2>${title} <span class="hint">${hint}</span></h2>
      ${
        examples.length === 0
          ? html`<p class="dim">${none}</p>`
          : pictureList(room, {
              label: title,
              examples,
              selects: true,
              most: 6,
              ...(note === undefined ? {} : { note }),
            })
      }
    </section>`;
  return html`<div class="columns">
    ${list('Most confident mistakes', `${facts.wrong} wrong`, wrong, 'There is no mistake.')}
    ${list('Least confident hits', `${facts.right} right`, hits, 'Nothing is right.')}
    ${list(
      'Labels worth a look',
      'a suspicion, not a finding',
      doubted,
      'No label stands out by what the model says.',
      (at) => `perhaps ${className(facts, suspects[at]!.suggested)}`,
    )}
  </div>`;
}
