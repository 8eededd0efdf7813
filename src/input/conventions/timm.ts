import { tableOf } from '../labelText.js';
import type { LabelTable } from '../labels.js';
import type { Interpolation, PartialSettings } from '../settings.js';
import { chooseInput, detectLayout, pictureShape } from '../shape.js';
import {
  asNumbers,
  asSide,
  isObject,
  readJsonBeside,
  type Convention,
  type ModelContext,
  type Reading,
} from './convention.js';

/**
 * timm's `config.json`: `pretrained_cfg` (or, in a flat variant, its keys at the top), `label_names` and
 * `label_descriptions`. The picture is resized to floor(size / crop_pct) and cropped in the middle.
 */
export const timm: Convention = {
  id: 'timm',
  title: 'timm',
  place: 'beside',
  async read(context) {
    const file = await readJsonBeside(context, 'config.json');
    if (file?.value === undefined) return [];
    const nested = file.value['pretrained_cfg'];
    const config = isObject(nested) ? nested : file.value;
    const isTimm =
      Array.isArray(config['mean']) && (config['input_size'] !== undefined || config['crop_pct'] !== undefined);
    const readings: Reading[] = [];
    if (isTimm) {
      readings.push({
        settings: timmSettings(config, modelSize(context)),
        origin: { kind: 'file', detail: `${isObject(nested) ? 'pretrained_cfg in ' : ''}${file.origin.detail} (timm)` },
      });
    }
    const labels = timmLabels(isObject(nested) && nested['label_names'] !== undefined ? nested : file.value);
    if (labels !== undefined)
      readings.push({ labels, origin: { kind: 'file', detail: `label_names in ${file.origin.detail} (timm)` } });
    return readings;
  },
};

type Config = Readonly<Record<string, unknown>>;
type Sides = readonly [number, number];

/** Height and width that the model fixes. */
function modelSize({ inputs }: ModelContext): Sides | undefined {
  const dims = chooseInput(inputs)?.dims;
  if (dims?.length !== 4) return undefined;
  const { height, width } = pictureShape(dims, detectLayout(dims) ?? 'NCHW');
  return height === undefined || width === undefined ? undefined : [height, width];
}

function lastTwo(value: unknown): Sides | undefined {
  if (!Array.isArray(value) || value.length < 2) return undefined;
  const [height, width] = value.slice(-2).map(asSide);
  return height === undefined || width === undefined ? undefined : [height, width];
}

/** A `pretrained_cfg` in the words of the plan; `fixed` is the size the model itself insists on. */
export function timmSettings(config: Config, fixed: Sides | undefined): PartialSettings {
  const train = lastTwo(config['input_size']);
  const test = lastTwo(config['test_input_size']);
  const atTestSize =
    fixed !== undefined && test !== undefined && same(fixed, test) && !(train !== undefined && same(fixed, train));
  const size = fixed ?? train;
  const share = fraction(atTestSize ? config['test_crop_pct'] : undefined) ?? fraction(config['crop_pct']) ?? 0.875;
  const mean = asNumbers(config['mean']);
  const std = asNumbers(config['std'])?.map((s) => (s === 0 ? 1 : s));
  return {
    ...(size === undefined
      ? {}
      : { size, ...geometry(config, [Math.floor(size[0] / share), Math.floor(size[1] / share)]) }),
    range: [0, 1],
    mean: mean ?? [0],
    std: std ?? [1],
    ...(config['crop_mode'] === 'border' && mean?.length === 3
      ? { pad: mean.map((m) => Math.round(255 * m)) as unknown as readonly [number, number, number] }
      : {}),
  };
}

function geometry(config: Config, scaled: Sides): PartialSettings {
  const named = config['interpolation'];
  const interpolation = (typeof named === 'string' ? INTERPOLATION.get(named) : undefined) ?? 'bicubic';
  const square = scaled[0] === scaled[1];
  switch (config['crop_mode']) {
    case 'squash':
      return { resize: { mode: 'exact', size: scaled, interpolation }, crop: 'center' };
    case 'border':
      return { resize: { mode: 'longSide', size: scaled, interpolation }, crop: 'center' };
    default:
      // For a target that is not square timm forgets the interpolation and takes its default.
      return {
        resize: {
          mode: 'shortSide',
          size: square ? scaled[0] : scaled,
          interpolation: square ? interpolation : 'bilinear',
        },
        crop: 'center',
      };
  }
}

const INTERPOLATION: ReadonlyMap<string, Interpolation> = new Map<string, Interpolation>([
  ['nearest', 'nearest'],
  ['bilinear', 'bilinear'],
  ['bicubic', 'bicubic'],
  ['box', 'box'],
  ['lanczos', 'lanczos'],
  ['random', 'bilinear'],
]);

function same(a: Sides, b: Sides): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function fraction(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && value <= 1 ? value : undefined;
}

function timmLabels(config: Config): LabelTable | undefined {
  const table = tableOf(config['label_names']);
  const descriptions = config['label_descriptions'];
  if (table === undefined || !isObject(descriptions)) return table;
  const described = table.names.map((name) => (Object.hasOwn(descriptions, name) ? descriptions[name] : undefined));
  return described.every((text): text is string => typeof text === 'string')
    ? { names: described, aliases: table.names }
    : table;
}
