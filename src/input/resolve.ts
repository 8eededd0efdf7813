import path from 'node:path';
import { LensError } from '../base/errors.js';
import { given } from '../base/given.js';
import { formatDims } from '../base/tensor.js';
import type { ModelContext, Reading } from './conventions/convention.js';
import { Consulted } from './files.js';
import { FileReach } from './reach.js';
import { asPicture, inputAxes } from './axes.js';
import { conventions, defaultRules } from './conventions/index.js';
import { resolveLabels, type SaidLabels } from './resolveLabels.js';
import { mergeGeometry, mergeValues, pick, type Source } from './merge.js';
import { tableOf } from './labelText.js';
import type { Labels } from './labels.js';
import type { Layout, Origin, PartialSettings, Preprocessing, Setting } from './settings.js';
import { chooseInput, classCount, detectLayout, pictureShape, refusal, shown, type ModelValue } from './shape.js';
import { readModelSidecar, sidecarPath, sourcesOf, type LoadedSidecar, type Sidecar } from './sidecar.js';

export type { ModelContext } from './conventions/convention.js';

/** How a model wants its input, and what its classes are called. */
export interface ResolvedInput {
  /** The input that takes the picture; undefined for a model without inputs. */
  readonly input: ModelValue | undefined;
  /** What its axes are, a letter for each: `NCHW`, `HWC`, `NCDHW`; absent where its rank is not known. */
  readonly axes?: string;
  /** The output that holds the class scores, where the sidecar names one. */
  readonly output: string | undefined;
  /** What the sidecar says of outputs, by name. */
  readonly outputs: NonNullable<Sidecar['outputs']>;
  /** The settings file, where there is one. */
  readonly sidecar?: LoadedSidecar;
  /** Absent where pictures cannot be fed to this model; then `refusal` says why. Tensors still can. */
  readonly preprocessing?: Preprocessing;
  readonly refusal?: string;
  readonly labels: Labels;
  /** How the settings say the labels, where they do; a table by numbers as the list that it comes to. */
  readonly saidLabels?: SaidLabels;
  readonly warnings: readonly string[];
  /** The files that all of it comes from, and those that were looked for. */
  readonly consulted: Consulted;
}

/**
 * Collects the settings of a model: the sidecar first, then what the model file says, then the files around it, then a
 * stated default. Each setting keeps its origin.
 * @param sidecar a loaded one (`--config`), `null` for none; left out, the one beside the model is read
 * @param change settings to try in place of all others
 * @param said labels to try in place of all others
 */
export async function resolveInput(
  described: Omit<ModelContext, 'consulted'> & Partial<Pick<ModelContext, 'consulted'>>,
  sidecar?: LoadedSidecar | null,
  change?: PartialSettings,
  said?: SaidLabels,
): Promise<ResolvedInput> {
  const { consulted = new Consulted(new FileReach(described.modelPath)) } = described;
  const context: ModelContext = { ...described, consulted };
  const user = sidecar === undefined ? await readModelSidecar(context.modelPath, consulted) : (sidecar ?? undefined);
  const input = chooseInput(context.inputs, user?.content.input?.name);
  const output = user?.content.output;
  const classes = classCount(context.outputs, output);
  const narrowed: ModelContext = {
    ...context,
    inputs: input === undefined ? [] : [input],
    outputs: output === undefined ? context.outputs : context.outputs.filter((o) => o.name === output),
  };
  const readings: Reading[] = [];
  for (const convention of conventions) readings.push(...(await convention.read(narrowed)));
  const warnings = readings.flatMap((reading) => reading.warnings ?? []);
  const folder = path.dirname(user?.path ?? sidecarPath(path.resolve(context.modelPath)));
  const tried = said === undefined ? undefined : { labels: said, origin: TRIED, folder };
  const labels = await resolveLabels(user, readings, classes, warnings, consulted, tried);
  const { axes, guess, seen } = (input && inputAxes(input, context.outputs, context.graph)) ?? {};
  const common = {
    input,
    ...given({ axes, sidecar: user, saidLabels: said ?? saidIn(user) }),
    output,
    outputs: user?.content.outputs ?? {},
    labels,
    consulted,
  };

  const reason = refusal(input, axes);
  if (reason !== undefined || input === undefined)
    return { ...common, refusal: reason ?? 'The model has no input.', warnings };
  const sources: Source[] = [
    ...(change === undefined ? [] : [{ settings: change, origin: TRIED }]),
    ...(user === undefined ? [] : sourcesOf(user)),
    ...readings.flatMap(({ settings, origin }) => (settings === undefined ? [] : [{ settings, origin }])),
  ];
  warnings.push(...twice(sources, readings));
  if (guess !== undefined) warnings.push(guess);
  const plan = planFor(
    { ...input, axes: axes!, seen: seen === true },
    sources,
    classes,
    warnings,
    path.basename(sidecarPath(context.modelPath)),
  );
  return typeof plan === 'string'
    ? { ...common, refusal: plan, warnings }
    : { ...common, preprocessing: plan, warnings };
}

function saidIn(sidecar: LoadedSidecar | undefined): SaidLabels | undefined {
  const labels = sidecar?.content.labels;
  return labels === undefined || typeof labels === 'string' || Array.isArray(labels) ? labels : tableOf(labels)?.names;
}

/** Who else speaks of mean or deviation, where the graph normalises by itself. */
function twice(sources: readonly Source[], readings: readonly Reading[]): string[] {
  const own = readings.find((reading) => reading.normalises === true);
  if (own === undefined) return [];
  return sources.flatMap(({ settings: { mean = [0], std = [1] }, origin }) => {
    if (origin === own.origin || (mean.every((m) => m === 0) && std.every((s) => s === 1))) return [];
    const done = `${origin.detail} speaks of a mean or a standard deviation, but the graph normalises by itself`;
    return origin.kind === 'sidecar' || origin.kind === 'user'
      ? [`${done} (${own.origin.detail}): pictures are normalised twice, as ${origin.detail} says.`]
      : [`${done}: pictures are not normalised twice.`];
  });
}

/** The plan, or the sentence that says why there is none. */
export function requirePreprocessing(resolved: ResolvedInput): Preprocessing {
  if (resolved.preprocessing !== undefined) return resolved.preprocessing;
  throw new LensError('input', 'input/no-picture', resolved.refusal ?? 'This model does not take pictures.', {
    hint: 'Give it a .npy tensor of the shape of its input instead.',
  });
}

const TRIED: Origin = { kind: 'user', detail: 'edited in the panel' };

function planFor(
  input: ModelValue & { readonly axes: string; readonly seen: boolean },
  sources: readonly Source[],
  classes: number | undefined,
  warnings: string[],
  sidecarName: string,
): Preprocessing | string {
  const { dims, layout: only } = asPicture(input.dims!, input.axes)!;
  const shapeOrigin: Origin = {
    kind: 'metadata',
    detail: `the model's input shape ${formatDims(input.dims!.map(shown))}`,
  };
  const layout =
    only === undefined ? layoutFor(input, sources, shapeOrigin, warnings) : { value: only, origin: shapeOrigin };
  const shape = pictureShape(dims, layout.value);
  const said = pick(sources, (s) => s.color);
  const channels: Setting<number> =
    shape.channels === undefined
      ? {
          value: said?.value === 'gray' ? 1 : 3,
          origin: said?.origin ?? { kind: 'default', detail: 'the model does not fix its channels' },
        }
      : { value: shape.channels, origin: shapeOrigin };
  if (channels.value !== 1 && channels.value !== 3) {
    return `The model's input "${input.name}" (${formatDims(input.dims!.map(shown))}, ${layout.value}) takes ${channels.value} channels; a picture has 1 or 3.`;
  }
  const size = sizeFor(shape, sources, shapeOrigin, warnings, sidecarName);

  const fallback = defaultFor({ channels: channels.value, size: size.value, classes, type: input.type });
  let color: Preprocessing['color'] = said ?? {
    value: fallback.settings.color!,
    origin: channels.value === 1 ? shapeOrigin : fallback.origin,
  };
  if (channels.value === 1 && color.value !== 'gray') {
    warnings.push(`${color.origin.detail} says ${color.value}, but the model takes 1 channel: grey is given.`);
    color = { value: 'gray', origin: shapeOrigin };
  }
  const geometry = mergeGeometry(sources, fallback, size, warnings);
  const values = mergeValues(sources, fallback, channels.value, warnings);
  // Only what is really guessed is warned about.
  if (values.range.origin.kind === 'default' && values.mean.origin.kind === 'default') {
    warnings.push(
      ...(fallback.warnings ?? []).map((text) => `${text} Say what it was trained with in ${sidecarName}.`),
    );
  }
  const pad = pick(sources, (s) => s.pad) ?? {
    value: [0, 0, 0] as const,
    origin: { kind: 'default', detail: 'black' },
  };
  return { layout, channels, color, size, ...geometry, ...values, pad };
}

function defaultFor(
  context: Parameters<(typeof defaultRules)[number]['read']>[0],
): NonNullable<ReturnType<(typeof defaultRules)[number]['read']>> {
  for (const rule of defaultRules) {
    const reading = rule.read(context);
    if (reading !== undefined) return reading;
  }
  throw new Error('The last default rule must always answer');
}

function layoutFor(
  { dims = [], axes, seen }: ModelValue & { readonly axes: string; readonly seen: boolean },
  sources: readonly Source[],
  shapeOrigin: Origin,
  warnings: string[],
): Setting<Layout> {
  const said = pick(sources, (s) => s.layout);
  if (said !== undefined) return said;
  const detected = detectLayout(dims);
  if (detected !== undefined) return { value: detected, origin: shapeOrigin };
  if (seen)
    return {
      value: axes === 'NHWC' ? 'NHWC' : 'NCHW',
      origin: { kind: 'metadata', detail: "the graph's first convolution" },
    };
  // A model that fixes a channel count no picture has is refused with that number; only free dimensions are guessed.
  if (typeof dims[1] !== 'number')
    warnings.push('The shape of the input does not tell NCHW from NHWC; NCHW is assumed.');
  return { value: 'NCHW', origin: { kind: 'default', detail: 'NCHW, because the shape does not tell' } };
}

const DEFAULT_SIDE = 224;

/** How the warning about a size begins that nobody settles. */
export const FREE_SIZE = 'The model leaves the size of its input free';

function sizeFor(
  shape: { readonly height: number | undefined; readonly width: number | undefined },
  sources: readonly Source[],
  shapeOrigin: Origin,
  warnings: string[],
  sidecarName: string,
): Preprocessing['size'] {
  const said = pick(sources, (s) => s.size);
  const height = shape.height ?? said?.value[0] ?? DEFAULT_SIDE;
  const width = shape.width ?? said?.value[1] ?? DEFAULT_SIDE;
  const value = [height, width] as const;
  const fixed = shape.height !== undefined && shape.width !== undefined;
  if (said !== undefined && (said.value[0] !== height || said.value[1] !== width)) {
    warnings.push(
      `${said.origin.detail} says ${said.value.join('×')}, but the model's input is ${height}×${width} (height × width): the model's is taken.`,
    );
  }
  if (fixed) return { value, origin: shapeOrigin };
  if (said !== undefined) return { value, origin: said.origin };
  warnings.push(`${FREE_SIZE}; ${height}×${width} is taken. Set "input.size" in ${sidecarName} for another.`);
  return { value, origin: { kind: 'default', detail: `${DEFAULT_SIDE}, because the model leaves its size free` } };
}
