import { html, type TemplateResult } from 'lit';
import type { GraphModule } from '../../../src/result/graphView.js';
import { dropdown, iconButton } from '../../shared/controls.js';
import { combobox } from '../../shared/form/combobox.js';
import type { GraphView } from '../kept.js';
import { MEASURES } from './colouring.js';
import type { findEntries } from './scene.js';

export interface GraphControls {
  readonly view: GraphView;
  /** What can be found. */
  readonly entries: ReturnType<typeof findEntries>;
  /** Those that can all be opened at once; `undefined` where they are too many. */
  readonly modules: readonly GraphModule[] | undefined;
  /** Whether a node is looked at. */
  readonly active: boolean;
  readonly onFind: (node: number) => void;
  readonly onChange: (view: Partial<GraphView>) => void;
  readonly onZoom: (factor: number) => void;
  readonly onAll: () => void;
  readonly onActive: () => void;
  readonly onSave: () => void;
}

/** The row above the graph. */
export function graphControls(o: GraphControls): TemplateResult {
  const { view, modules } = o;
  const down = view.direction === 'down';
  return html`<div class="controls-row">
    <span class="control-wide"
      >${combobox({
        label: 'Find a node',
        value: '',
        shown: 'Find a node…',
        entries: o.entries,
        onChoose: (value) => o.onFind(Number(value)),
      })}</span
    >
    <span class="control-wide"
      >${dropdown({
        label: 'Colour nodes by',
        value: view.colour,
        choices: [
          { value: 'kind', label: 'Colour: kind' },
          ...MEASURES.map(({ colour, label, title }) => ({ value: colour, label: `Colour: ${label}`, title })),
        ],
        onChange: (colour) => o.onChange({ colour: colour as GraphView['colour'] }),
      })}</span
    >
    <span class="buttons">
      ${iconButton({
        label: down ? 'Draw from left to right' : 'Draw from top to bottom',
        icon: down ? 'arrow-right' : 'arrow-down',
        onClick: () => o.onChange({ direction: down ? 'right' : 'down' }),
      })}
      ${iconButton({
        label: 'Open all modules',
        icon: 'expand-all',
        disabled: modules === undefined,
        onClick: () => o.onChange({ open: (modules ?? []).flatMap((m, i) => (i > 0 && m.nodes > 1 ? [m.path] : [])) }),
      })}
      ${iconButton({ label: 'Close all modules', icon: 'collapse-all', disabled: view.open.length === 0, onClick: () => o.onChange({ open: [] }) })}
      ${iconButton({ label: 'Smaller', icon: 'zoom-out', onClick: () => o.onZoom(1 / 1.3) })}
      ${iconButton({ label: 'Larger', icon: 'zoom-in', onClick: () => o.onZoom(1.3) })}
      ${iconButton({ label: 'Zoom to the selected node', icon: 'target', disabled: !o.active, onClick: o.onActive })}
      ${iconButton({ label: 'Show all', icon: 'screen-full', onClick: o.onAll })}
      ${iconButton({ label: 'Save the graph as a picture', icon: 'desktop-download', onClick: o.onSave })}
    </span>
  </div>`;
}
