import { html, nothing, type TemplateResult } from 'lit';
import type { ParameterSchema, ParameterSpec, ParameterValue } from '../../../src/result/method.js';
import { checkbox, dropdown, numberField, textField } from '../controls.js';
import { shownParameters, type ParameterValues } from './parameters.js';

export interface ParameterFormOptions {
  readonly schema: ParameterSchema;
  /** Values that differ from the defaults. */
  readonly values: ParameterValues;
  /** Names not to show. */
  readonly without?: readonly string[];
  readonly onChange: (name: string, value: ParameterValue) => void;
  readonly disabled?: boolean;
}

/** A form made from a method's own description of its parameters: a row for each, with its unit and its explanation. */
export function parameterForm(o: ParameterFormOptions): TemplateResult {
  return html`${shownParameters(o.schema, o.without).map(([name, spec]) => {
    const value = o.values[name] ?? spec.default;
    const changed = value !== spec.default;
    const control = controlOf(name, spec, value, o);
    return spec.type === 'boolean'
      ? html`<div class="field wide" title=${spec.description}>${control}</div>`
      : html`<div class="field" title=${spec.description}>
          <span class="field-name ${changed ? 'changed' : ''}">${spec.title}</span>
          <span class="field-control"
            >${control}${spec.unit === undefined ? nothing : html`<span class="unit">${spec.unit}</span>`}</span
          >
        </div>`;
  })}`;
}

function controlOf(name: string, spec: ParameterSpec, value: ParameterValue, o: ParameterFormOptions): TemplateResult {
  const common = { label: spec.title, title: spec.description, disabled: o.disabled ?? false };
  const onChange = (next: ParameterValue): void => o.onChange(name, next);
  switch (spec.type) {
    case 'boolean':
      return checkbox({ ...common, checked: value === true, onChange });
    case 'choice':
      return dropdown({
        ...common,
        value: String(value),
        choices: spec.choices.map((c) => ({ value: c, label: c.replaceAll('_', ' ') })),
        onChange,
      });
    case 'text':
      return textField({
        ...common,
        value: String(value),
        invalid: spec.pattern !== undefined && !new RegExp(`^(?:${spec.pattern})$`, 'u').test(String(value)),
        onChange,
      });
    case 'integer':
    case 'number':
      return numberField({
        ...common,
        value: Number(value),
        onChange,
        ...(spec.minimum === undefined ? {} : { minimum: spec.minimum }),
        ...(spec.maximum === undefined ? {} : { maximum: spec.maximum }),
        ...(spec.type === 'integer' ? { step: spec.step ?? 1 } : {}),
      });
  }
}
