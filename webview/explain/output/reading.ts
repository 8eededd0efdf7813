import { html, nothing, type TemplateResult } from 'lit';
import type { ErrorData } from '../../../src/base/errors.js';
import { button, dropdown, icon } from '../../shared/controls.js';
import type { Asked } from '../asked.js';
import { choiceOf, questioned, READINGS, UNSAID, valueOf } from './questioned.js';
import { READING_LIST } from './toReading.js';

/** Asks what an output is, where its numbers would stand; the answer holds in this panel and can be saved beside the model. */
export function readingPart(
  c: Pick<Asked, 'question' | 'shown' | 'readAs'>,
  error: ErrorData | undefined,
  save: () => void,
): TemplateResult {
  const asked = questioned(c, error);
  if (asked === undefined) return html``;
  const { name, choice, sentence, urgent } = asked;
  const listed = choice === undefined || READINGS.some((r) => r.value === valueOf(choice));
  const unsaid = {
    value: UNSAID,
    label: urgent ? 'Choose…' : 'As the model tells',
    title: 'What the file and its shapes say',
  };
  return html`<div class="doubts reading" role="group" aria-label="How the output is read">
    <p class="doubt">${icon(urgent ? 'question' : 'info', urgent ? 'warn' : '')}<span>${sentence}</span></p>
    <div class="doubt-actions">
      ${dropdown({
        label: READING_LIST,
        value: choice === undefined ? UNSAID : valueOf(choice),
        choices: [unsaid, ...READINGS, ...(listed ? [] : [{ value: valueOf(choice), label: valueOf(choice) }])],
        onChange: (value) => c.readAs(name, choiceOf(value)),
      })}
      ${
        choice === undefined || error !== undefined
          ? nothing
          : button({
              label: 'Save beside the model',
              icon: 'save',
              title: 'Writes it under "outputs" in the settings file',
              onClick: save,
            })
      }
    </div>
  </div>`;
}
