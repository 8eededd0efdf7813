import type { Colormap } from '../../../src/result/colormap.js';
import { colormap } from '../../../src/result/colormap.js';
import type { GraphActivations, GraphStructure, VisibleNode } from '../../../src/result/graphView.js';
import { formatCount, formatNumber } from '../../shared/format.js';
import type { ActivationMeasure, GraphView } from '../kept.js';
import type { GraphColors } from './drawGraph.js';
import type { GraphScene } from './scene.js';

type Colour = GraphView['colour'];

interface Measure {
  readonly colour: Colour;
  readonly label: string;
  readonly title: string;
  /** What a colour stands for, below its bar. */
  readonly unit: string;
  /** Numbers that differ by orders of magnitude: the root brings small ones into sight. */
  readonly root: boolean;
}

/** What nodes can be coloured by, beside their kind. */
export const MEASURES: readonly Measure[] = [
  { colour: 'parameters', label: 'Parameters', title: '', unit: 'parameters', root: true },
  { colour: 'flops', label: 'FLOPs', title: 'Known once the model was measured', unit: 'FLOPs', root: true },
  {
    colour: 'meanMagnitude',
    label: 'Mean |activation|',
    title: 'Of each node’s value on a picture',
    unit: 'mean |activation|',
    root: true,
  },
  {
    colour: 'largest',
    label: 'Largest |activation|',
    title: 'Of each node’s value on a picture',
    unit: 'largest |activation|',
    root: true,
  },
  {
    colour: 'std',
    label: 'Deviation of activations',
    title: 'Of each node’s value on a picture',
    unit: 'standard deviation of the activation',
    root: true,
  },
  {
    colour: 'zero',
    label: 'Zero activations',
    title: 'Share of each node’s value that is exactly zero on a picture',
    unit: 'share of activations that are zero',
    root: false,
  },
];

const OF_PICTURE: ReadonlySet<Colour> = new Set<ActivationMeasure>(['meanMagnitude', 'largest', 'std', 'zero']);

/** Whether a picture has to be shown to the model for it. */
export function needsPicture(colour: Colour): colour is ActivationMeasure {
  return OF_PICTURE.has(colour);
}

/** Nodes and modules by one number each. */
export interface Colouring {
  readonly measure: Measure;
  /** NaN where there is none. */
  readonly value: (node: VisibleNode) => number;
  /** The value at the bright end: the largest in sight. */
  readonly limit: number;
  readonly colors: Colormap;
}

/** `undefined`: by kind, or nothing is known yet. */
export function colouringOf(
  colour: Colour,
  scene: GraphScene | undefined,
  structure: GraphStructure | undefined,
  activations: GraphActivations | undefined,
): Colouring | undefined {
  const measure = MEASURES.find((each) => each.colour === colour);
  if (measure === undefined || scene === undefined || structure === undefined) return undefined;
  const value = valueFor(colour, structure, activations);
  if (value === undefined) return undefined;
  const known = scene.nodes.map(({ node }) => value(node)).filter((v) => Number.isFinite(v));
  const limit = colour === 'zero' ? 1 : Math.max(0, ...known);
  return { measure, value, limit, colors: colormap('viridis') };
}

function valueFor(
  colour: Colour,
  structure: GraphStructure,
  activations: GraphActivations | undefined,
): ((node: VisibleNode) => number) | undefined {
  if (colour === 'parameters') return (node) => node.parameters;
  if (colour === 'flops') return structure.measured ? (node) => node.flops ?? 0 : undefined;
  if (!needsPicture(colour) || activations?.[colour].length !== structure.nodes.length) return undefined;
  const values = activations[colour];
  const last = lastOfModules(structure, values);
  return ({ kind, index }) => (kind === 'module' ? (last[index] ?? NaN) : (values[index] ?? NaN));
}

/** The number of the last value that each module makes, its inner modules included: what leaves it. */
function lastOfModules({ nodes, modules }: GraphStructure, values: Float32Array): Float32Array {
  const out = new Float32Array(modules.length).fill(NaN);
  nodes.forEach(({ kind, module }, i) => {
    if (kind !== 'node' || Number.isNaN(values[i])) return;
    for (let at = module; at >= 0; at = modules[at]!.parent) out[at] = values[i]!;
  });
  return out;
}

/** How the canvas draws it. */
export function graphColors(colouring: Colouring | undefined): GraphColors {
  if (colouring === undefined) return { colors: colormap('viridis') };
  const { value, limit, measure, colors } = colouring;
  const share = (v: number): number => (limit > 0 ? v / limit : 0);
  return {
    colors,
    share: ({ node }) => {
      const at = share(value(node));
      return measure.root ? Math.sqrt(at) : at;
    },
  };
}

/** The numbers below the bar: at its ends and in its middle. */
export function ticksOf({ measure, limit }: Colouring): readonly string[] {
  const middle = measure.root ? limit / 4 : limit / 2;
  return [0, middle, limit].map((v) => numberText(measure.colour, v));
}

export function numberText(colour: Colour, value: number): string {
  if (colour === 'parameters' || colour === 'flops') return formatCount(value);
  if (colour === 'zero') return `${(100 * value).toFixed(1)} %`;
  return formatNumber(value);
}
