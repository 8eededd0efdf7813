import { html, nothing, type TemplateResult } from 'lit';
import { METRICS, type MetricId } from '../../../src/result/benchmark.js';
import { METHOD_GROUPS, type MethodGroup } from '../../../src/result/method.js';
import { button, checkbox, dropdown } from '../../shared/controls.js';
import { plural } from '../../shared/format.js';
import type { Facts } from '../facts.js';
import type { Room } from '../room.js';

/** In the list of measures; it is none of them, for it trains networks. */
const ROAR = 'roar';
const ROAR_SUMMARY =
  'Removes what methods point at from every picture, and trains a network from random weights on what is left.';

/** What methods are measured by. */
export function measure({ evaluate, retrain }: Room): TemplateResult {
  return html`<label class="inline"
    ><span>Measure</span> ${dropdown({
      label: 'What methods are measured by',
      value: retrain.kept.open ? ROAR : evaluate.kept.metric,
      choices: [
        ...METRICS.map(({ id, title, summary }) => ({ value: id as string, label: title, title: summary })),
        { value: ROAR, label: 'ROAR: remove and retrain', title: ROAR_SUMMARY },
      ],
      onChange: (id) => {
        if (id !== ROAR) evaluate.choose({ metric: id as MetricId });
        retrain.choose({ open: id === ROAR });
      },
    })}</label
  >`;
}

/** Which methods. */
export function methodChoice(room: Room): TemplateResult {
  const { kept, methods } = room.evaluate;
  const groups = Object.entries(METHOD_GROUPS) as [MethodGroup, (typeof METHOD_GROUPS)[MethodGroup]][];
  return html`<details class="eval-choice">
    <summary>${plural(kept.methods.length, 'method')}: ${titles(room).join(', ') || 'none'}</summary>
    ${groups.map(([id, { title }]) => {
      const some = methods.filter(({ group }) => group === id);
      if (some.length === 0) return nothing;
      return html`<fieldset>
        <legend>${title}</legend>
        ${some.map((method) =>
          checkbox({
            label: method.title,
            checked: kept.methods.includes(method.id),
            onChange: () => room.evaluate.toggle(method.id),
          }),
        )}
      </fieldset>`;
    })}
  </details>`;
}

function titles({ evaluate: { kept, methods } }: Room): string[] {
  return kept.methods.map((id) => methods.find((each) => each.id === id)?.title ?? id);
}

/** The way from a row to the explain panel on its method. A baseline has none: it is no method. */
export function explains(
  room: Room,
  facts: Facts,
  row: { readonly id: string; readonly title: string; readonly kind: 'method' | 'baseline' },
): { readonly onClick: (event: Event) => void; readonly control: TemplateResult | typeof nothing } {
  const { methods } = room.evaluate;
  // One method that is asked in two ways stands there twice, with its settings in the name.
  const method = methods.find(({ id }) => id === row.id || row.id.startsWith(`${id} (`))?.id;
  if (row.kind === 'baseline' || method === undefined) return { onClick: () => undefined, control: nothing };
  const picture = [...room.selected][0] ?? room.focus ?? 0;
  const open = (): void => {
    const name = facts.survey.names[picture];
    if (name !== undefined) void room.host.explain({ names: [name], method }).catch(() => undefined);
  };
  return {
    onClick: (event) => {
      const inner = (event.target as HTMLElement).closest('button, a, lens-button');
      if (inner === null) open();
    },
    control: button({
      label: 'Explain',
      icon: 'eye',
      title: `Explain ${facts.survey.names[picture] ?? 'a picture'} by ${row.title}`,
      onClick: open,
    }),
  };
}
