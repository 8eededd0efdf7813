import { html, nothing, type TemplateResult } from 'lit';
import type { NamedNetwork } from '../../../src/protocol/explainPanel.js';
import { button } from '../../shared/controls.js';
import { plural } from '../../shared/format.js';
import type { Comparison } from './comparison.js';
import type { Verdicts } from './networks.js';

/** The networks that are compared: each with what it sees otherwise, and how it goes again. */
export function networksPart(compare: Comparison): TemplateResult {
  const { choice, verdicts } = compare;
  return html`<h2>Models</h2>
    ${choice.networks.map((network) => networkLine(network, compare, verdicts))}
    <p class="grid-status">
      ${button({
        label: 'Add a model\u2026',
        title: 'The same pictures by another checkpoint, or by this network with random weights',
        onClick: () => void compare.addNetwork(),
      })}
      ${
        choice.only === undefined
          ? nothing
          : button({
              label: 'Show all pictures',
              onClick: () => compare.choose({ only: undefined }),
            })
      }
    </p>`;
}

function networkLine(network: NamedNetwork, compare: Comparison, verdicts: Verdicts | undefined): TemplateResult {
  const { of = 0, changed = [], wrong = 0, right = 0 } = verdicts?.summary(network) ?? {};
  const said = [
    `${changed.length} of ${plural(of, 'picture')} changed`,
    ...(wrong > 0 ? [`${wrong} now wrong`] : []),
    ...(right > 0 ? [`${right} now right`] : []),
  ].join(', ');
  return html`<p class="grid-status">
    <span
      >${network.name}<br /><span class="dim" role="status"
        >${said}${compare.asksByNumber(network) ? '. Its classes are asked for by their numbers, which may mean others here.' : ''}</span
      ></span
    >
    ${
      changed.length === 0 || compare.choice.only !== undefined
        ? nothing
        : button({
            label: 'Only these',
            title: `Only the pictures that ${network.name} sees otherwise`,
            onClick: () => compare.choose({ only: changed }),
          })
    }
    ${button({
      label: 'Remove',
      title: `Remove ${network.name} from the grid`,
      onClick: () => compare.choose({ networks: compare.choice.networks.filter((each) => each !== network) }),
    })}
  </p>`;
}
