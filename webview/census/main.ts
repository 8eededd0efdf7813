import '../shared/styles.css';
import { html, render } from 'lit';
import type { CensusOperations } from '../../src/protocol/census.js';
import type { Passed } from '../../src/protocol/passed.js';
import { connect } from '../shared/page/channel.js';

const host = connect<Passed<keyof CensusOperations>, object>({});

void host.census({}).then(({ operators }) => {
  const rows = operators.map(
    ({ name, count }) =>
      html`<tr>
        <td>${name}</td>
        <td>${count}</td>
      </tr>`,
  );
  render(
    html`<table>
      <caption>
        Operators
      </caption>
      <tbody>
        ${rows}
      </tbody>
    </table>`,
    document.body,
  );
});
