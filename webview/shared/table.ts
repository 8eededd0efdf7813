import { html, type TemplateResult } from 'lit';

/** The head of a table: a name for each column, in its scope. */
export function tableHead(...names: readonly (string | TemplateResult)[]): TemplateResult {
  return html`<thead>
    <tr>
      ${names.map((name) => html`<th scope="col">${name}</th>`)}
    </tr>
  </thead>`;
}

/** Things with their names, e.g. numbers: a row each. */
export function nameList(
  rows: readonly (readonly [name: string, value: string | TemplateResult])[],
  look: 'numbers' | 'facts',
): TemplateResult {
  return html`<dl class=${look}>
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}
