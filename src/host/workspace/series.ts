import type { LayerDescription } from '../../result/inspection.js';

/**
 * A series of checkpoints: names that are alike but for the number that says how far the training was, and those that say
 * that it was the best, the last, or that it had ended.
 */

export interface SeriesFile {
  readonly name: string;
  /** What the name says; of one without a number, after the last. */
  readonly step: number;
  /** A word says that the number is a step (`epoch_3`); else it only may be one, and the layers have to be the same. */
  readonly certain: boolean;
  /** What it is called where its name has no number: `best`. */
  readonly label?: string;
}

/**
 * The files that belong to the same training as `name`, by the step in their names: `epoch_3.onnx` and `epoch_10.onnx`,
 * `3.onnx`, `net-0010.onnx`, `epoch=3-step=1200-val_loss=0.25.onnx`; and after them the others of that name: `best.onnx`,
 * `last.onnx`, `birds.onnx` beside `birds_epoch1.onnx`. Only `name` itself where there is none: the numbers of
 * `resnet18.onnx`, `model_fp16.onnx` and `fold_2.onnx` are no steps.
 */
export function seriesOf(name: string, files: readonly string[]): readonly SeriesFile[] {
  const stem = stemOf(name);
  const all = [...new Set([name, ...files])].flatMap((file) => {
    if (file !== name && !/\.onnx$/i.test(file)) return [];
    return stemOf(file) === stem ? [{ file, parts: split(file) }] : [];
  });
  const key = split(name)?.key ?? mostFrequent(all.flatMap(({ parts }) => parts?.key ?? []));
  const stepped = all
    .flatMap(({ file, parts }) =>
      parts?.key === key && parts !== undefined ? [{ name: file, step: parts.step, certain: parts.certain }] : [],
    )
    .sort((a, b) => a.step - b.step || (a.name < b.name ? -1 : 1));
  const after = all
    .filter(({ parts }) => parts === undefined)
    .map(({ file }) => ({ name: file, label: labelOf(file) }))
    .sort((a, b) => rankOf(a.label) - rankOf(b.label) || (a.name < b.name ? -1 : 1));
  const last = stepped.at(-1)?.step ?? -1;
  return [...stepped, ...after.map((each, i) => ({ ...each, step: last + 1 + i, certain: false }))];
}

/** Names as a person would look for the best trained one: those of finished trainings first, then later steps before earlier ones. */
export function byTraining(a: string, b: string): number {
  const [x, y] = [split(a), split(b)];
  if (x === undefined || y === undefined) return Number(x !== undefined) - Number(y !== undefined);
  return y.step - x.step;
}

const ORDER = ['best', 'latest', 'last', 'final'];
const WORD = /(?:^|[_\-.= ])(best|last|latest|final)$/i;
const STEPS =
  /(?:^|[_\-.= ])(?:epochs?|steps?|iter(?:ation)?s?|ckpt|checkpoint|snapshot|update|round|ep|e|it)?[_\-.= ]?#/gi;

/** The name of the training: without steps, and without what says which moment it was. */
function stemOf(name: string): string {
  const text = split(name)?.key ?? name.replace(/\.onnx$/i, '');
  return text.replace(STEPS, '').replace(WORD, '');
}

function labelOf(name: string): string {
  const text = name.replace(/\.onnx$/i, '');
  return WORD.exec(text)?.[1] ?? text;
}

function rankOf(label: string): number {
  const at = ORDER.indexOf(label.toLowerCase());
  return at < 0 ? ORDER.length : at;
}

function mostFrequent(keys: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
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
