import { html, nothing, type TemplateResult } from 'lit';
import { button, icon, numberField } from '../shared/controls.js';
import { plural } from '../shared/format.js';
import type { AttentionController } from './controller.js';
import type { SaidLayout } from './kept.js';
import { faultOf, proposed, saidTokens, undecided } from './tokens.js';

/** Asks where tokens stand, of layers of which the graph does not tell. */
export function layoutPart(c: AttentionController): TemplateResult | typeof nothing {
  const open = undecided(c.answer?.layers ?? []);
  if (open.length === 0) return nothing;
  return html`${open.map(({ tokens, layers }) => {
    const said = c.view.layouts[String(tokens)];
    const draft = c.drafts.get(tokens) ?? said ?? proposed(tokens);
    const fault = faultOf(draft, tokens);
    const field = (label: string, name: keyof SaidLayout, minimum: number): TemplateResult =>
      html`<label class="inline"
        ><span>${label}</span>${numberField({
          label: `${label}, of ${tokens} tokens`,
          value: draft[name],
          minimum,
          maximum: tokens,
          step: 1,
          onChange: (value) => c.draft(tokens, { ...draft, [name]: value }),
        })}</label
      >`;
    return html`<div class="att-layout" role="group" aria-label="Where tokens stand">
      <p>
        ${icon('question')} Where the ${tokens} tokens of
        ${layers.length === 1 ? `the layer ${layers[0]!}` : plural(layers.length, 'layer')} stand in the picture could
        not be told from the graph.
        ${said === undefined ? 'What follows is a guess.' : 'They are shown as you have said.'}
      </p>
      <div class="controls-row">
        ${field('without a place, in front', 'prefix', 0)} ${field('rows', 'rows', 1)} ${field('columns', 'columns', 1)}
        ${button({ label: 'Show them so', look: 'primary', disabled: fault !== undefined, onClick: () => c.sayLayout(tokens, draft) })}
        ${
          said === undefined
            ? nothing
            : button({
                label: 'Save beside the model',
                title:
                  'In its settings file: the numbers about places are known from then on, on the command line, too',
                onClick: () =>
                  void c.host
                    .saveTokens({ tokens: saidTokens(c.answer!.layers, c.view.layouts) })
                    .catch(() => undefined),
              })
        }
      </div>
      ${fault === undefined ? nothing : html`<p class="dim" role="alert">${fault}</p>`}
    </div>`;
  })}`;
}
