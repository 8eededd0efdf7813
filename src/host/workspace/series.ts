import type { LayerDescription } from '../../result/inspection.js';

/** A series of checkpoints: names that are alike but for the number that says how far the training was. */

export interface SeriesFile {
  readonly name: string;
  readonly step: number;
  /** A word says that the number is a step (`epoch_3`); else it only may be one, and the layers have to be the same. */
  readonly certain: boolean;
}

/**
 * The files that belong to the same training as `name`, by the step in their names: `epoch_3.onnx` and `epoch_10.onnx`,
 * `3.onnx`, `net-0010.onnx`, `epoch=3-step=1200-val_loss=0.25.onnx`. Only `name` itself where it has no step: the
 * numbers of `resnet18.onnx`, `model_fp16.onnx` and `fold_2.onnx` are none.
 */
export function seriesOf(name: string, files: readonly string[]): readonly SeriesFile[] {
  const own = split(name);
  if (own === undefined) return [{ name, step: 0, certain: false }];
  return [...new Set([name, ...files])]
    .flatMap((file) => {
      const parts = split(file);
      return parts?.key === own.key ? [{ name: file, step: parts.step, certain: parts.certain }] : [];
    })
    .sort((a, b) => a.step - b.step || (a.name < b.name ? -1 : 1));
}

/** Whether two checkpoints can be of one training: the same layers, with as many parameters each. */
export function sameLayers(a: readonly LayerDescription[], b: readonly LayerDescription[]): boolean {
  const learned = (layers: readonly LayerDescription[]): string =>
    layers
      .filter((layer) => layer.parameters > 0)
      .map((layer) => `${layer.name} ${layer.op} ${layer.parameters}`)
      .join('\n');
  return learned(a) === learned(b);
}

interface Split {
  /** The name without its step and without the numbers that change with it. */
  readonly key: string;
  readonly step: number;
  readonly certain: boolean;
}

const STEP =
  /(?:epochs?|steps?|iter(?:ation)?s?|ckpt|checkpoint|snapshot|update|round)[_\-.= ]?$|(?:^|[^a-z])(?:ep|e|it)[_\-.= ]?$/i;
const SEPARATED = /(?:^|[_\-.= ]|(?:^|[^a-z])(?:model|network|net|weights|version|v))$/i;
/** Numbers of other things: a variant, a repetition, a precision, the size of an architecture. */
const OTHER =
  /(?:^|[^a-z])(?:fold|seed|run|trial|split|rank|gpu|part|shard|opset|ir|fp|bf|float|int|uint|bits?|size|crop|res|patch|window|classes|batch|bs|(?:vit|deit|beit|swin|dino)[_-](?:tiny|small|base|large|huge|[a-z]))[_\-.= ]?$/i;
/** What Lightning, Keras and others write into names beside the step. */
const MEASURED = /(loss|acc(?:uracy)?|error|auc|f1|iou|dice|map|psnr|score|lr)([=_-]?)\d+(?:\.\d+)?/gi;
/** `10k` is ten thousand; a letter otherwise (`2b`, `400mf`, `32x4d`) makes it another number. */
const ENDS = /^(k?)(?![a-z\d])/i;

function split(name: string): Split | undefined {
  if (!/\.onnx$/i.test(name)) return undefined;
  const text = name.slice(0, -'.onnx'.length).replace(MEASURED, '$1$2#');
  const numbers = [...text.matchAll(/\d+/g)].flatMap((match) => {
    const { index } = match;
    const end = index + match[0].length;
    const before = text.slice(0, index);
    const thousands = ENDS.exec(text.slice(end))?.[1];
    if (thousands === undefined) return [];
    const certain = STEP.test(before);
    if (!certain && (!SEPARATED.test(before) || OTHER.test(before))) return [];
    return [{ index, end: end + thousands.length, step: Number(match[0]) * (thousands === '' ? 1 : 1000), certain }];
  });
  const sure = numbers.filter((number) => number.certain);
  const chosen = (sure.length > 0 ? sure : numbers).at(-1);
  if (chosen === undefined) return undefined;
  let key = '';
  let from = 0;
  for (const each of sure.length > 0 ? sure : [chosen]) {
    key += `${text.slice(from, each.index)}#`;
    from = each.end;
  }
  return { key: key + text.slice(from), step: chosen.step, certain: chosen.certain };
}
