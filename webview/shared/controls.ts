/**
 * The plain controls, under names of ours. The only module that knows the toolkit: its elements are registered as
 * `lens-…`, and panels use the functions below, each of which asks for a label.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { html, nothing, noChange, type TemplateResult } from 'lit';
import { AsyncDirective, directive } from 'lit/async-directive.js';
import type { ElementPart } from 'lit/directive.js';
import { repeat } from 'lit/directives/repeat.js';
import { styles } from './page/css.js';

provideVSCodeDesignSystem()
  .withPrefix('lens')
  .register(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());

/** A picture of the icon font; decoration, never the only carrier of a meaning. */
export function icon(name: string, extra = ''): TemplateResult {
  return html`<span class="codicon codicon-${name} ${extra}" aria-hidden="true"></span>`;
}

export interface ButtonOptions {
  readonly label: string;
  readonly onClick: (event: Event) => void;
  readonly look?: 'primary' | 'secondary';
  readonly icon?: string;
  readonly disabled?: boolean;
  readonly title?: string;
}

export function button(o: ButtonOptions): TemplateResult {
  return html`<lens-button
    appearance=${o.look ?? 'secondary'}
    ?disabled=${o.disabled ?? false}
    title=${o.title ?? nothing}
    @click=${o.onClick}
    >${o.icon === undefined ? nothing : html`<span slot="start" class="codicon codicon-${o.icon}" aria-hidden="true"></span>`}${o.label}</lens-button
  >`;
}

export interface IconButtonOptions {
  readonly label: string;
  readonly icon: string;
  readonly onClick: (event: Event) => void;
  readonly disabled?: boolean;
  /** For a button that stays pressed. */
  readonly pressed?: boolean;
  /** For a button that opens a menu. */
  readonly expanded?: boolean;
}

/** A button that is only an icon; its label is its tooltip, too. */
export function iconButton(o: IconButtonOptions): TemplateResult {
  return html`<button
    type="button"
    class="icon-button ${o.pressed ? 'pressed' : ''}"
    aria-label=${o.label}
    title=${o.label}
    aria-pressed=${o.pressed ?? nothing}
    aria-haspopup=${o.expanded === undefined ? nothing : 'menu'}
    aria-expanded=${o.expanded ?? nothing}
    ?disabled=${o.disabled ?? false}
    @click=${o.onClick}
  >
    ${icon(o.icon)}
  </button>`;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly title?: string;
}

export interface DropdownOptions {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onChange: (value: string) => void;
  readonly disabled?: boolean;
}

export function dropdown(o: DropdownOptions): TemplateResult {
  return html`<lens-dropdown
    aria-label=${o.label}
    ?disabled=${o.disabled ?? false}
    ${valueOf(o.value)}
    @change=${(event: Event) => {
      const { value } = event.target as HTMLInputElement;
      if (value !== o.value) o.onChange(value);
    }}
  >
    ${repeat(
      o.choices,
      (c) => c.value,
      (c) => html`<lens-option value=${c.value} title=${c.title ?? nothing}>${c.label}</lens-option>`,
    )}
  </lens-dropdown>`;
}

/** Keeps the value of a dropdown: it learns its options some time after they are there, and would begin with the first. */
class ValueDirective extends AsyncDirective {
  render(_value: string): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [value]: [string]): typeof noChange {
    const element = part.element as HTMLInputElement & { readonly open: boolean };
    const apply = (): void => {
      // While the list is open, the value follows the arrow keys and is the person's.
      if (this.isConnected && !element.open && element.value !== value) element.value = value;
    };
    queueMicrotask(apply);
    requestAnimationFrame(apply);
    return noChange;
  }
}
const valueOf = directive(ValueDirective);

/** Keeps the label of a text field: the toolkit writes its own over it when the element is connected. */
class LabelDirective extends AsyncDirective {
  render(_label: string): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [label]: [string]): typeof noChange {
    queueMicrotask(() => part.element.setAttribute('aria-label', label));
    return noChange;
  }
}
const labelOf = directive(LabelDirective);

export interface CheckboxOptions {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

export function checkbox(o: CheckboxOptions): TemplateResult {
  // The toolkit reports a change that we make, too: the listener must be the new one by then.
  return html`<lens-checkbox
    ?disabled=${o.disabled ?? false}
    @change=${(event: Event) => {
      const { checked } = event.target as HTMLInputElement;
      if (checked !== o.checked) o.onChange(checked);
    }}
    .checked=${o.checked}
    >${o.label}</lens-checkbox
  >`;
}

export interface TextFieldOptions {
  readonly label: string;
  readonly value: string;
  /** Called on Enter and when the field is left. */
  readonly onChange: (value: string) => void;
  readonly disabled?: boolean;
  readonly invalid?: boolean;
  readonly title?: string;
}

export function textField(o: TextFieldOptions): TemplateResult {
  return html`<lens-text-field
    ${labelOf(o.label)}
    aria-invalid=${o.invalid ? 'true' : nothing}
    class=${o.invalid ? 'invalid' : ''}
    title=${o.title ?? nothing}
    .value=${o.value}
    ?disabled=${o.disabled ?? false}
    @change=${(event: Event) => o.onChange((event.target as HTMLInputElement).value)}
  ></lens-text-field>`;
}

export interface NumberFieldOptions {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly step?: number;
  readonly disabled?: boolean;
  readonly title?: string;
}

/** Native, for its arrow keys and its limits; looks like the toolkit's text field. */
export function numberField(o: NumberFieldOptions): TemplateResult {
  return html`<input
    type="number"
    class="number-field"
    aria-label=${o.label}
    title=${o.title ?? nothing}
    min=${o.minimum ?? nothing}
    max=${o.maximum ?? nothing}
    step=${o.step ?? 'any'}
    .value=${String(o.value)}
    ?disabled=${o.disabled ?? false}
    @change=${(event: Event) => {
      const field = event.target as HTMLInputElement;
      const value = field.valueAsNumber;
      if (Number.isFinite(value) && field.validity.valid) o.onChange(value);
      else field.value = String(o.value);
    }}
  />`;
}

export interface SliderOptions {
  readonly label: string;
  readonly value: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
  /** The value in words, for a screen reader. */
  readonly text: string;
  readonly onInput: (value: number) => void;
  readonly disabled?: boolean;
}

/** The toolkit has no slider: the native one, coloured by the theme. */
export function slider(o: SliderOptions): TemplateResult {
  const filled = `${(100 * (o.value - o.minimum)) / (o.maximum - o.minimum)}%`;
  return html`<input
    type="range"
    class="slider"
    aria-label=${o.label}
    aria-valuetext=${o.text}
    min=${o.minimum}
    max=${o.maximum}
    step=${o.step}
    .value=${String(o.value)}
    ?disabled=${o.disabled ?? false}
    ${styles({ '--filled': filled })}
    @input=${(event: Event) => o.onInput((event.target as HTMLInputElement).valueAsNumber)}
  />`;
}

/** A few choices of which one is on, side by side: a radio group in the shape of buttons. */
export function segmented(o: DropdownOptions): TemplateResult {
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = o.choices.findIndex((c) => c.value === o.value);
    const next = (at + step + o.choices.length) % o.choices.length;
    o.onChange(o.choices[next]!.value);
    (event.currentTarget as HTMLElement).querySelectorAll('button')[next]?.focus();
  };
  return html`<div class="segmented" role="radiogroup" aria-label=${o.label} @keydown=${move}>
    ${o.choices.map(
      (c) =>
        html`<button
          type="button"
          role="radio"
          aria-checked=${c.value === o.value}
          tabindex=${c.value === o.value ? 0 : -1}
          title=${c.title ?? nothing}
          ?disabled=${o.disabled ?? false}
          @click=${() => c.value !== o.value && o.onChange(c.value)}
        >
          ${c.label}
        </button>`,
    )}
  </div>`;
}
