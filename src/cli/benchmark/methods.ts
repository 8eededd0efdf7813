import { given } from '../../base/given.js';
import type { MeasuredQuestion } from '../../protocol/benchmark.js';
import type { MethodDescription, ParameterSchema } from '../../result/method.js';
import { usage, type CommandLine } from '../options.js';

/** What `--param` says, to whom. */
export interface Shared {
  readonly methods: readonly MeasuredQuestion[];
  /** Of the verb itself. */
  readonly own: Readonly<Record<string, string>>;
}

/**
 * The methods of `--method A,B,C`, each with those of the parameters that it has; `ID.KEY=VALUE` is for one of them alone.
 *
 * @param own parameters of the verb itself, before those of methods
 */
export function sharedParams(
  { method = '', params, layer }: CommandLine,
  known: readonly MethodDescription[],
  own: ParameterSchema,
): Shared {
  const ids = method
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean);
  const used = new Set<string>();
  const mine = Object.fromEntries(Object.entries(params).filter(([key]) => Object.hasOwn(own, key)));
  const methods = ids.map((id): MeasuredQuestion => {
    const description = known.find((each) => each.id === id);
    const taken: Record<string, string> = {};
    for (const [key, value] of Object.entries(params)) {
      const [to, name] = key.startsWith(`${id}.`) ? [id, key.slice(id.length + 1)] : [undefined, key];
      if (to === undefined && Object.hasOwn(own, key)) continue;
      if (to === undefined && description !== undefined && !Object.hasOwn(description.parameters, name)) continue;
      taken[name] = value;
      used.add(key);
    }
    const looks = description === undefined || description.layer !== 'none';
    return { method: id, ...given({ params: taken, layer: looks ? layer : undefined }) };
  });
  const unknown = Object.keys(params).find((key) => !used.has(key) && !Object.hasOwn(own, key));
  if (unknown !== undefined) {
    const all = ids.flatMap((id) => Object.keys(known.find((each) => each.id === id)?.parameters ?? {}));
    throw usage(
      `Nothing that was asked has a parameter "${unknown}".`,
      `There are ${[...new Set([...Object.keys(own), ...all])].join(', ')}.`,
    );
  }
  return { methods, own: mine };
}
