import type { RoarAnswer } from '../../protocol/benchmark.js';
import { NOTHING, overSeeds, roarRanked } from '../../result/roar.js';
import { onOneLine, table } from '../io.js';

/** The table of the paper: accuracy in per cent over what was removed, and its deviation where there are several seeds. */
export function roarText({ roar }: RoarAnswer, out: string | undefined): string {
  const { fractions, seeds, trained, tested, majority, notes, params } = roar;
  const percent = (v: number): string => (100 * v).toFixed(1);
  const cell = (id: string, fraction: number): string => {
    const { mean, low, high } = overSeeds(roar, id, fraction);
    return seeds.length < 2 ? percent(mean) : `${percent(mean)} (${percent(low)}–${percent(high)})`;
  };
  const head = ['', ...fractions.map((fraction) => `${fraction} %`)];
  return [
    `Test accuracy in % after ${params.keep ? 'all but the most relevant' : 'the most relevant'} was removed: ${trained} training and ${tested} test pictures, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds (lowest–highest)'}\n`,
    table(
      head,
      roarRanked(roar).map(({ id }) => [id, ...fractions.map((fraction) => cell(id, fraction))]),
    ),
    `nothing removed: ${cell(NOTHING, 0)}; the most frequent class: ${percent(majority)}\n`,
    notes.map((note) => `${onOneLine(note)}\n`).join(''),
    out === undefined
      ? 'All of it: --out FILE.csv, FILE.png, FILE.svg or FILE.json, or --json.\n'
      : `written: ${out}\n`,
  ].join('\n');
}
