import { html, nothing, type TemplateResult } from 'lit';
import { AUTO } from '../../../src/result/method.js';
import { iconButton } from '../../shared/controls.js';
import type { Asked } from '../asked.js';
import './methodHelp.js';
import type { MethodHelp } from './methodHelp.js';
import './methodPicker.js';
import { methodEntries } from './methods.js';

/** The method: the list of all of them, what the chosen one answers, why `auto` took it, and what is known of them. */
export function methodPart(c: Asked): TemplateResult {
  const { method, question, choice } = c;
  const value = method?.id ?? question?.method ?? '';
  const title = method?.title ?? (value === AUTO ? 'Auto' : value);
  return html`
    <div class="field method-field">
      <span class="field-name">Method</span>
      <span class="field-control"
        ><lens-method-picker
          .groups=${methodEntries(c.setup?.methods ?? [], c.fits)}
          .value=${value}
          .shown=${choice === undefined ? title : `${title} (auto)`}
          @lens-open=${() => void c.loadFits()}
          @lens-choose=${(event: CustomEvent<string>) => c.chooseMethod(event.detail)}
        ></lens-method-picker
        >${iconButton({
          label: 'Which method? What they find where the answer is known',
          icon: 'question',
          onClick: (event) => helpOf(event)?.show(),
        })}</span
      >
    </div>
    ${
      method === undefined || choice !== undefined
        ? html`<p class="method-choice" role="status">
            ${choice?.sentence ?? 'Auto takes the method that fits the model best, once it is open.'}
          </p>`
        : nothing
    }
    ${
      method === undefined
        ? html`<p class="summary"></p>`
        : html`<p class="summary dim" title="${method.summary} ${method.citation}">${method.summary}</p>`
    }
    <lens-method-help .methods=${c.setup?.methods ?? []} .method=${value}></lens-method-help>
  `;
}

function helpOf(event: Event): MethodHelp | null {
  return (event.currentTarget as HTMLElement).closest('section')?.querySelector<MethodHelp>('lens-method-help') ?? null;
}
