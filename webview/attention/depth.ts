import type { AttentionLayer } from '../../src/result/attention.js';
import type { LineChartData } from '../shared/charts/lineChart.js';
import { formatNumber } from '../shared/format.js';
import type { Measure } from './kept.js';
import type { Numbers } from './store.js';

/** Numbers of each head over the depth of a network. Without a DOM. */

export const MEASURES: readonly {
  readonly value: Measure;
  readonly label: string;
  readonly title: string;
  readonly unit: string;
}[] = [
  {
    value: 'distance',
    label: 'Distance',
    title: 'How far tokens look on average, in tokens of their grid',
    unit: 'distance (tokens)',
  },
  {
    value: 'entropy',
    label: 'Entropy',
    title: 'How evenly they look, in nats: 0 is one token only',
    unit: 'entropy (nats)',
  },
  {
    value: 'onPrefix',
    label: 'Off the picture',
    title: 'Share on tokens without a place: class token, registers',
    unit: 'share on tokens without a place',
  },
  { value: 'onSelf', label: 'Itself', title: 'Share of a token on itself', unit: 'share on itself' },
];

type NumbersOf = (layer: string) => Numbers | undefined;

/** The value of a head; NaN where it has none or is not known. */
export function valueOf(numbers: NumbersOf, layer: AttentionLayer, head: number, measure: Measure): number {
  return head < layer.heads ? (numbers(layer.name)?.[measure][head] ?? NaN) : NaN;
}

/** Points: a place for each layer, a series for each head. */
export function depthChart(
  layers: readonly AttentionLayer[],
  numbers: NumbersOf,
  measure: Measure,
  chosen: { readonly series: number; readonly place: number } | undefined,
): LineChartData {
  const heads = layers.reduce((most, layer) => Math.max(most, layer.heads), 0);
  const { unit } = MEASURES.find(({ value }) => value === measure)!;
  return {
    labels: layers.map((_, i) => String(i)),
    xTitle: 'layer',
    yTitle: unit,
    minimum: 0,
    points: chosen === undefined ? {} : { chosen },
    series: Array.from({ length: heads }, (_, head) => ({
      name: `head ${head}`,
      values: layers.map((layer) => valueOf(numbers, layer, head, measure)),
    })),
  };
}

/** The same as text: a row for each layer. */
export function depthRows(
  layers: readonly AttentionLayer[],
  numbers: NumbersOf,
  measure: Measure,
): readonly (readonly string[])[] {
  return layers.map((layer) =>
    Array.from({ length: layer.heads }, (_, head) => {
      const value = valueOf(numbers, layer, head, measure);
      return Number.isNaN(value) ? '' : formatNumber(value);
    }),
  );
}
