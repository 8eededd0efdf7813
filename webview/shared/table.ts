import { html, type TemplateResult } from 'lit';

/** The head of a table: a name for each column, in its scope. */
export function tableHead(...names: readonly (string | TemplateResult)[]): TemplateResult {
  return html`<thead>
    <tr>
      ${names.map((name) => html`<th scope="col">${name}</th>`)}
    </tr>
  </thead>`;
}
