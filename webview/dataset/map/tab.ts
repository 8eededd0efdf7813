import { html, nothing, type TemplateResult } from 'lit';
import { dropdown, iconButton, segmented, checkbox, button, numberField } from '../../shared/controls.js';
import { combobox } from '../../shared/form/combobox.js';
import type { Entry } from '../../shared/form/search.js';
import { parameterForm } from '../../shared/form/parameterForm.js';
import { withParameter } from '../../shared/form/parameters.js';
import { formatNumber, plural } from '../../shared/format.js';
import { emptyState, failure, notice } from '../../shared/messages.js';
import { Remade } from '../../shared/remade.js';
import { taskProgress } from '../../shared/task/taskProgress.js';
import { embeddingMethods } from '../../../src/result/embeddingMethods.js';
import { className, found, ofClass, verdict, shortName, type Facts } from '../facts.js';
import type { ColourBy } from '../kept.js';
import { pictureOf } from '../pictureList.js';
import type { Room, TabDefinition } from '../room.js';
import { curvePart } from './curve.js';
import { legend } from './legend.js';
import './map.js';
import type { Picked } from './map.js';
import { numbers } from './numbers.js';
import { colourings } from './scene.js';
import { ofOneClass } from './scores.js';
import { seedsPart } from './seeds.js';
import { axesOf, drawnOf, methodOf, type Drawn } from './state.js';

/** Where the classes lie in the model's eyes. */
export const tab: TabDefinition = { id: 'map', label: 'Map', side: true, render };

function render(room: Room, facts: Facts): TemplateResult {
  const drawn = drawnOf(room, facts);
  return html`${question(room)} ${tools(room, facts)}
    <div class="map-frame">${picture(room, facts, drawn)} ${under(room)}</div>
    ${drawn === undefined || drawn.classes !== undefined ? nothing : legend(room, facts, drawn)} ${running(room)}
    ${numbers(room)} ${seedsPart(room, facts)} ${curvePart(room)}`;
}

/** Of what the points are, and how they are placed. */
function question(room: Room): TemplateResult {
  const { view, layers, layout } = room;
  const { of, layer, method, params, components, seed } = view.map;
  const { parameters, summary } = methodOf(method);
  const own = params[method] ?? {};
  const shown = layer ?? layout.value?.embedding.layer ?? room.facts?.survey.layer ?? '';
  return html`<div class="map-question">
    ${segmented({
      label: 'Points are',
      value: of,
      choices: [
        { value: 'activations', label: 'pictures', title: 'What a layer makes of each picture' },
        { value: 'weights', label: 'classes', title: 'The rows of the last layer: one point for each class' },
      ],
      onChange: (value) => room.updateMap({ of: value === 'weights' ? 'weights' : 'activations' }),
    })}
    ${
      of === 'weights'
        ? nothing
        : combobox({
            label: 'Layer',
            value: layer ?? '',
            shown: layer === undefined ? `${shown}${shown === '' ? '' : ' (before the last linear layer)'}` : layer,
            entries: [
              { value: '', label: 'before the last linear layer' },
              ...layers.map(({ name, op, shape }) => ({
                value: name,
                label: name,
                detail: [op, shape].filter(Boolean).join(' '),
              })),
            ],
            onChoose: (value) => {
              const { layer: _before, ...rest } = room.view.map;
              room.update({ map: value === '' ? rest : { ...rest, layer: value } });
            },
          })
    }
    ${dropdown({
      label: 'Method',
      value: method,
      choices: embeddingMethods.map(({ id, title, summary: what }) => ({ value: id, label: title, title: what })),
      onChange: (value) => room.updateMap({ method: value }),
    })}
    ${segmented({
      label: 'Dimensions',
      value: String(components),
      choices: [
        { value: '2', label: '2-D' },
        { value: '3', label: '3-D' },
      ],
      onChange: (value) => room.updateMap({ components: value === '3' ? 3 : 2 }),
    })}
    <details class="map-settings" @focusout=${closeLeft} @keydown=${closeOnEscape}>
      <summary title=${summary}>
        Settings${Object.keys(own).length > 0 || seed !== 0 ? html`<span class="changed"> •</span>` : nothing}
      </summary>
      <div class="map-form">
        ${parameterForm({
          schema: parameters,
          values: own,
          without: ['components'],
          onChange: (name, value) =>
            room.updateMap({
              params: { ...params, [method]: withParameter(parameters, own, name, value) },
            }),
        })}
        ${
          method === 'pca'
            ? nothing
            : html`<div class="field" title="Another seed gives another picture">
                <span class="field-name ${seed === 0 ? '' : 'changed'}">Seed</span>
                <span class="field-control"
                  >${numberField({ label: 'Seed', value: seed, minimum: 0, step: 1, onChange: (value) => room.updateMap({ seed: value }) })}</span
                >
              </div>`
        }
        <p class="dim">${summary}</p>
      </div>
    </details>
  </div>`;
}

/** The settings lie over the map: they close when the focus goes elsewhere. */
function closeLeft(event: FocusEvent): void {
  const details = event.currentTarget as HTMLDetailsElement;
  const to = event.relatedTarget as Node | null;
  // Nothing has the focus: a click on the text of the settings themselves, or the window was left.
  if (to !== null && !details.contains(to)) details.open = false;
}

function closeOnEscape(event: KeyboardEvent): void {
  const details = event.currentTarget as HTMLDetailsElement;
  if (event.key !== 'Escape' || !details.open) return;
  details.open = false;
  details.querySelector('summary')?.focus();
  event.preventDefault();
}

/** How the points are looked at. */
function tools(room: Room, facts: Facts): TemplateResult {
  const { map } = room.view;
  const offered = colourings(facts);
  const classes = map.of === 'weights';
  return html`<div class="map-tools">
    ${segmented({
      label: 'Dragging',
      value: map.tool,
      choices: [
        {
          value: 'move',
          label: map.components === 3 ? 'turn' : 'move',
          title: 'Drag to move; with Shift a lasso. With Ctrl what is selected is added to.',
        },
        { value: 'lasso', label: 'lasso', title: 'Drag around points to select them; with Ctrl to add them' },
        {
          value: 'rectangle',
          label: 'rectangle',
          title: 'Drag a rectangle over points to select them; with Ctrl to add them',
        },
      ],
      onChange: (tool) => room.updateMap({ tool: tool === 'lasso' || tool === 'rectangle' ? tool : 'move' }),
    })}
    ${
      classes || offered.length === 0
        ? nothing
        : html`<label class="inline"
              ><span>Colour</span> ${dropdown({
                label: 'Colour by',
                value: offered.some(({ value }) => value === map.colour) ? map.colour : offered[0]!.value,
                choices: offered,
                onChange: (value) => room.updateMap({ colour: value as ColourBy }),
              })}</label
            >
            ${ofOneClass(map.colour) && offered.some(({ value }) => value === map.colour) ? colourClass(room, facts) : nothing}`
    }
    ${
      classes
        ? nothing
        : html`${checkbox({
            label: 'pictures',
            checked: map.marks === 'pictures',
            onChange: (on) => room.updateMap({ marks: on ? 'pictures' : 'points' }),
          })}
          ${
            facts.wrong === 0
              ? nothing
              : checkbox({
                  label: 'mistakes on top',
                  checked: map.wrongOnTop,
                  onChange: (wrongOnTop) => room.updateMap({ wrongOnTop }),
                })
          }`
    }
    ${search(room, facts)}
    ${
      room.isolated === undefined
        ? nothing
        : button({
            label: `Only ${room.isolated.size} shown: show all`,
            icon: 'filter',
            onClick: () => room.isolate(undefined),
          })
    }
  </div>`;
}

const classEntries = new Remade<readonly Entry[]>();

/** Of which class the number is that points are coloured by. */
function colourClass(room: Room, facts: Facts): TemplateResult {
  const { classes } = facts.survey;
  return combobox({
    label: 'Class to colour by',
    value: String(room.view.map.colourClass),
    shown: className(facts, room.view.map.colourClass),
    entries: classEntries.get([facts], () =>
      classes.map((label, index) => ({ value: String(index), label, detail: String(index) })),
    ),
    onChoose: (value) => room.updateMap({ colourClass: Number(value) }),
  });
}

/** Finds pictures by name or class; Enter selects them. */
export function search(room: Room, facts: Facts): TemplateResult {
  const choose = (event: KeyboardEvent): void => {
    const { value } = event.target as HTMLInputElement;
    if (event.key !== 'Enter' || value.trim() === '') return;
    const hits = found(facts, value);
    room.select(hits);
    room.say(hits.length === 0 ? `Nothing holds “${value}”` : `${plural(hits.length, 'picture')} selected`);
  };
  return html`<div class="set-search">
    <span class="codicon codicon-search" aria-hidden="true"></span>
    <input
      type="text"
      aria-label="Find pictures by name or class; Enter selects them"
      placeholder="Find and select"
      spellcheck="false"
      @keydown=${choose}
    />
  </div>`;
}

const words = new WeakMap<Facts, (i: number) => string>();

/** What is said of a picture under the pointer. */
function wordsOf(facts: Facts): (i: number) => string {
  let own = words.get(facts);
  if (own === undefined)
    words.set(facts, (own = (i) => (i < facts.count ? `${verdict(facts, i)} · ${shortName(facts, i)}` : '')));
  return own;
}

function picture(room: Room, facts: Facts, drawn: Drawn | undefined): TemplateResult {
  const { layout, view } = room;
  const { value, error } = layout;
  if (drawn === undefined) {
    if (error !== undefined)
      return html`<div class="map-empty">
        ${failure(error, [{ label: 'Try again', look: 'primary', onClick: () => again(room) }])}
      </div>`;
    if (layout.stopped)
      return html`<div class="map-empty">
        ${emptyState({ icon: 'debug-pause', text: 'Stopped before there was a first picture.', action: { label: 'Go on', onClick: () => again(room) } })}
      </div>`;
    return html`<div class="map-empty"></div>`;
  }
  const { classes, scene } = drawn;
  const axes = value === undefined || drawn.running ? [] : axesOf(value.embedding);
  const label = `${classes === undefined ? plural(scene.order.length, 'picture') : plural(scene.order.length, 'class', 'classes')} by ${methodOf(view.map.method).title}, ${room.selected.size} selected`;
  const focused = room.focus;
  return html`<lens-map
    class=${layout.outdated && !drawn.running ? 'old' : ''}
    .scene=${scene}
    .label=${label}
    .tool=${view.map.tool}
    .pictures=${view.map.marks === 'pictures'}
    .picture=${pictureOf(room)}
    .words=${classes === undefined ? wordsOf(facts) : (k: number) => scene.names?.[k] ?? ''}
    .focused=${classes === undefined ? focused : undefined}
    .arrived=${room.arrived}
    .axes=${axes}
    @lens-pick=${(event: CustomEvent<Picked>) => classes !== undefined && pickClasses(room, facts, classes, event)}
    @lens-focus-point=${(event: Event) => classes !== undefined && event.stopPropagation()}
    @lens-open-point=${(event: Event) => classes !== undefined && event.stopPropagation()}
  ></lens-map>`;
}

/** A class stands for all its pictures. */
function pickClasses(room: Room, facts: Facts, classes: readonly number[], event: CustomEvent<Picked>): void {
  event.stopPropagation();
  const { points, how } = event.detail;
  room.select(
    points.flatMap((k) => ofClass(facts, classes[k]!)),
    how,
  );
  room.say(points.map((k) => className(facts, classes[k]!)).join(', '));
}

function again(room: Room): void {
  room.layout.expire();
  room.layout.question = undefined;
  room.updateMap({});
}

/** Over the lower edge of the picture: how far it is, and how it ended. Nothing moves when it comes. */
function under(room: Room): TemplateResult {
  const { layout } = room;
  const { value, error } = layout;
  const lines: (TemplateResult | typeof nothing)[] = [];
  if (layout.working) lines.push(taskProgress(layout, 'Placing the points'));
  else if (value !== undefined) {
    if (error !== undefined)
      lines.push(
        notice({ icon: 'error', text: error.message, action: { label: 'Try again', onClick: () => again(room) } }),
      );
    else if (layout.stopped)
      lines.push(
        notice({
          icon: 'debug-pause',
          text: 'Stopped. What is shown is of before.',
          action: { label: 'Go on', onClick: () => again(room) },
        }),
      );
    else if (value.stoppedAt !== undefined)
      lines.push(
        notice({
          icon: 'debug-stop',
          text: `Stopped by hand at step ${value.stoppedAt}.`,
          action: { label: 'To the end', onClick: () => again(room) },
        }),
      );
  }
  return html`<div class="map-under">${lines}</div>`;
}

/** While points move: the step, and the way to halt them. What a layout of this kind does not say stands beside it. */
function running(room: Room): TemplateResult | typeof nothing {
  const { layout, view, paused } = room;
  const { progress, working, value } = layout;
  if (view.map.method === 'pca') return nothing;
  const moving = working && progress?.points !== undefined;
  const divergence = working ? progress?.divergence : value?.embedding.divergence;
  const seeds = room.seeds.length > 0;
  return html`<div class="map-running">
    ${
      moving
        ? html`${iconButton({ label: paused ? 'Go on' : 'Pause', icon: paused ? 'play' : 'debug-pause', pressed: paused, onClick: () => room.steer(paused ? 'run' : 'pause') })}
            ${iconButton({ label: 'Stop here and keep what there is', icon: 'debug-stop', onClick: () => room.steer('stop') })}
            <span class="readout" role="status"
              >${paused ? 'paused at ' : ''}step
              ${progress?.step ?? 0}${progress?.steps === undefined ? '' : ` of ${progress.steps}`}${
                divergence === undefined ? '' : ` · divergence ${formatNumber(divergence)}`
              }</span
            >`
        : nothing
    }
    <span class="dim">Seed ${view.map.seed}. Another seed looks different: trust what they have in common.</span>
    <button type="button" class="link" aria-expanded=${seeds} ?disabled=${working} @click=${() => room.showSeeds()}>
      ${seeds ? 'Hide the three seeds' : 'Show three seeds'}
    </button>
  </div>`;
}
