import { html, nothing, type TemplateResult } from 'lit';
import { embeddingMethods } from '../../../src/result/embeddingMethods.js';
import type { ComparedSet, Comparison } from '../../../src/result/comparison.js';
import { findingsOf, probeWords } from '../../../src/result/comparisonWords.js';
import { button, dropdown } from '../../shared/controls.js';
import { plural } from '../../shared/format.js';
import { emptyState, failure, notice } from '../../shared/messages.js';
import { Remade } from '../../shared/remade.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import { shortName, verdict, type Facts } from '../facts.js';
import '../map/map.js';
import type { Scene } from '../map/scene.js';
import { cloudFor, pictureScene } from '../map/state.js';
import { pictureList, pictureOf } from '../pictureList.js';
import type { Room, TabDefinition } from '../room.js';
import { alignmentPart } from './alignment.js';
import { COMPARE, otherName } from './compare.js';
import { linkedTo, type Linked } from './linked.js';
import { signalPart } from './signal.js';

/** Two models under one selection. */
export const tab: TabDefinition = { id: COMPARE, label: 'Compare', side: true, render };

/** The two maps, drawn anew only where something of them has changed. */
const scenes = [new Remade<Scene>(), new Remade<Scene>()] as const;

/** Lists hold so many; all stand in the saved page's document. */
const MOST = 500;

function render(room: Room, facts: Facts): TemplateResult {
  const { compare } = room;
  compare.learn();
  const { task, kept } = compare;
  const { value, error } = task;
  return html`${question(room)} ${taskProgress(task, 'Comparing the models', { after: 0 })}
  ${
    error === undefined
      ? nothing
      : failure(error, [{ label: 'Try again', look: 'primary', onClick: () => compare.ask() }])
  }
  ${task.stopped ? notice({ icon: 'debug-pause', text: 'Stopped.', action: { label: 'Compare', onClick: () => compare.ask() } }) : nothing}
  ${
    value?.set === undefined
      ? task.working || error !== undefined
        ? nothing
        : emptyState({
            icon: 'split-horizontal',
            text:
              kept.other === undefined
                ? 'Put another model beside this one: what they disagree on, whose neighbourhoods changed, which layers are alike, what is left of each layer.'
                : `Beside ${otherName(kept.other)}: both models look at all pictures, which takes a while.`,
            action:
              kept.other === undefined
                ? { label: 'Choose a model', onClick: () => void compare.pick() }
                : { label: 'Compare', onClick: () => compare.ask() },
          })
      : answer(room, facts, value, value.set)
  }`;
}

/** Beside which model, and what is asked. */
function question(room: Room): TemplateResult {
  const { compare } = room;
  const { kept, methods, task } = compare;
  return html`<div class="map-question">
    ${button({
      label: kept.other === undefined ? 'Choose a model…' : `Beside ${otherName(kept.other)}`,
      icon: 'split-horizontal',
      title: 'Choose another model, or random weights of this one',
      onClick: () => void compare.pick(),
    })}
    <label class="inline"
      ><span>Layout</span> ${dropdown({
        label: 'Layout of the two maps',
        value: kept.layout,
        choices: embeddingMethods.map(({ id, title, summary }) => ({ value: id, label: title, title: summary })),
        onChange: (layout) => compare.choose({ layout }),
      })}</label
    >
    <label class="inline"
      ><span>Reasons</span> ${dropdown({
        label: 'How reasons of equal predictions are compared',
        value: kept.method ?? '',
        choices: [
          { value: '', label: 'not compared' },
          ...methods.map(({ id, title, summary }) => ({ value: id, label: title, title: summary })),
        ],
        onChange: (method) => (method === '' ? compare.withoutReasons() : compare.choose({ method })),
      })}</label
    >
    ${
      task.value === undefined
        ? nothing
        : html`${button({ label: compare.changed ? 'Compare with these settings' : 'Compare again', icon: 'refresh', onClick: () => compare.ask() })}
          ${button({ label: 'Save as a page…', icon: 'desktop-download', onClick: () => void room.host.saveComparison({}) })}`
    }
  </div>`;
}

function answer(room: Room, facts: Facts, comparison: Comparison, set: ComparedSet): TemplateResult {
  const linked = linkedTo(facts, set);
  const { alignment, signal } = set;
  return html`<ul class="findings">
      ${findingsOf(comparison).map((finding) => html`<li>${finding}</li>`)}
    </ul>
    ${maps(room, facts, comparison, set, linked)} ${explainBoth(room, facts)} ${lists(room, set, linked)}
    ${signal === undefined ? nothing : signalPart(signal)}
    ${alignment === undefined ? nothing : alignmentPart(alignment)} ${said(set)}`;
}

/** Both spaces beside each other: what is selected in one is selected in the other. */
function maps(
  room: Room,
  facts: Facts,
  { a, b }: Comparison,
  { spaces }: ComparedSet,
  { points, other }: Linked,
): TemplateResult | typeof nothing {
  if (spaces === undefined || points === undefined) return nothing;
  const { selected, isolated, view } = room;
  const one = (which: 0 | 1, name: string, of: Facts, at: Float32Array, space: typeof spaces.a): TemplateResult => {
    const scene = scenes[which].get([of, at, selected, isolated, view.map], () =>
      pictureScene(room, of, cloudFor(at, 2)),
    );
    return html`<figure>
      <lens-map
        .scene=${scene}
        .label=${`${name}, ${space.layer}`}
        .tool=${view.map.tool}
        .pictures=${view.map.marks === 'pictures'}
        .picture=${pictureOf(room)}
        .words=${(i: number) => (i < facts.count ? `${verdict(facts, i)} · ${shortName(facts, i)}` : '')}
        .focused=${room.focus}
        .arrived=${room.arrived}
      ></lens-map>
      <figcaption>
        <span class="ellipsis" title=${name}>${name}</span>
        <span class="dim">${space.probe === undefined ? '' : `probe ${probeWords(space.probe)}`}</span>
      </figcaption>
    </figure>`;
  };
  return html`<section aria-label="The pictures in both models' eyes">
    <div class="map-seeds compare-maps">
      ${one(0, a.name, facts, points.a, spaces.a)} ${one(1, b.name, other, points.b, spaces.b)}
    </div>
    <p class="dim">
      The second map is turned and mirrored onto the first, and drawn at its own scale. How alike the spaces are is not
      to be read from the maps: see the numbers.
    </p>
  </section>`;
}

/** So many are explained without being asked about: each takes time. */
const EXPLAINED = 30;

/** One picture, both models: the grid of the explain panel. */
function explainBoth(room: Room, facts: Facts): TemplateResult {
  const { selected, compare, host } = room;
  const examples = [...selected].sort((x, y) => x - y).slice(0, EXPLAINED);
  const { other } = compare.kept;
  const shown = examples.length < selected.size ? `the first ${examples.length}` : plural(examples.length, 'picture');
  const explain = (): void => {
    const names = examples.map((i) => facts.survey.names[i]!);
    if (other !== undefined) void host.explain({ names, beside: other }).catch(() => undefined);
  };
  return html`<div class="actions">
    ${button({
      label: examples.length === 0 ? 'Explain with both models' : `Explain ${shown} with both models`,
      icon: 'eye',
      title: examples.length === 0 ? 'Select pictures first' : 'Maps of both models beside each other',
      disabled: examples.length === 0,
      onClick: explain,
    })}
  </div>`;
}

function lists(room: Room, set: ComparedSet, linked: Linked): TemplateResult {
  const { predictions, spaces, reasons } = set;
  const list = (
    title: string,
    hint: string,
    examples: readonly number[],
    note: (i: number) => string,
  ): TemplateResult => {
    const shown = examples.slice(0, MOST);
    return html`<section>
      <h2>${title} <span class="hint">${hint}</span></h2>
      ${
        shown.length === 0
          ? html`<p class="dim">None.</p>`
          : pictureList(room, {
              label: title,
              examples: shown,
              selects: true,
              most: 6,
              note: (at) => note(linked.there[shown[at]!]!),
            })
      }
    </section>`;
  };
  const named = (k: number, of: Int32Array): string => predictions?.classes[of[k]!] ?? 'nothing';
  return html`<div class="columns">
    ${
      predictions === undefined
        ? nothing
        : list(
            'Disagreements',
            `${plural(linked.disagreements.length, 'picture')}, the surest first`,
            linked.disagreements,
            (k) => `other: ${named(k, predictions.b)}`,
          )
    }
    ${
      spaces === undefined
        ? nothing
        : list(
            'Neighbourhood changed',
            `share of ${spaces.k} nearest that stayed; by chance ${spaces.chance.toFixed(2)}`,
            linked.changed,
            (k) => spaces.kept[k]!.toFixed(2),
          )
    }
    ${
      reasons === undefined
        ? nothing
        : list(
            'Same answer, other reason',
            `${reasons.explained} of ${reasons.of} explained by ${reasons.method}`,
            reasons.rows.map((row) => linked.here[row.example]!).filter((i) => i >= 0),
            (k) => `Spearman ${reasons.rows.find((row) => row.example === k)?.spearman.toFixed(2) ?? ''}`,
          )
    }
  </div>`;
}

function said({ notes, omitted }: ComparedSet): TemplateResult | typeof nothing {
  const lines = [...notes, ...omitted.map(({ name, error }) => `${name}: ${error.message}`)];
  if (lines.length === 0) return nothing;
  return html`<section>
    <h2>What must be said</h2>
    <ul class="plain lead">
      ${lines.slice(0, 40).map((line) => html`<li>${line}</li>`)}
    </ul>
    ${lines.length > 40 ? html`<p class="dim">And ${lines.length - 40} more.</p>` : nothing}
  </section>`;
}
