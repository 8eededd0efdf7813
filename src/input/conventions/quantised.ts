import { firstNodes } from '../../graph/measure/firstNodes.js';
import { chooseInput, detectLayout, pictureShape } from '../shape.js';
import type { Convention } from './convention.js';
import { preparedTo } from './spans.js';

/**
 * The numbers that the first quantiser of a graph was calibrated to hold, or that its first Clip lets pass: they are those of
 * black and of white, and so betray range, mean and standard deviation where these are known ones. Of the order of the
 * colours they say nothing.
 */
export const quantised: Convention = {
  id: 'quantised',
  title: "the numbers that the graph's first QuantizeLinear holds",
  place: 'inside',
  async read({ graph, inputs }) {
    const input = chooseInput(inputs);
    if (graph === undefined || input?.dims?.length !== 4) return [];
    const layout = detectLayout(input.dims) ?? 'NCHW';
    const found = firstNodes(graph, input.name, layout === 'NCHW' ? 1 : 3);
    if (found?.span === undefined || found.operators.length > 0) return [];
    const { low, high, operator } = found.span;
    const ends = `${shown(low)}…${shown(high)}`;
    const origin = {
      kind: 'metadata',
      detail: `the graph's first ${operator}, which holds ${ends}`,
    } as const;
    const ways = preparedTo(found.span, pictureShape(input.dims, layout).channels ?? 3);
    const [way] = ways;
    if (way === undefined || ways.length > 1)
      return [
        {
          origin,
          warnings: [`The graph's first ${operator} holds ${ends}; which pixel values these are is not clear.`],
        },
      ];
    const { range, mean, std, color } = way;
    const settings = { range, mean, std };
    if (color !== 'BGR') return [{ origin, settings }];
    const order = 'Numbers do not tell the order of the colours; BGR is usual with these.';
    return [{ origin, settings: { ...settings, color }, warnings: [order] }];
  },
};

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
