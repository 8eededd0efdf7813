import { writeFileSync } from 'node:fs';
import prettier from 'prettier';
import { attributionMethods } from '../../src/method/index.js';
import type { Estimate } from '../../src/result/estimate.js';
import { foundShare, type Found, type TruthTable } from '../../src/result/truth.js';
import type { Row } from './measure.js';
import { measureTruth, NETWORKS } from './truth/table.js';

const FILE = 'src/result/truth.json';

/**
 * Which methods find what is known to be there: the mark in which two species of the field guide differ, on 64 drawings,
 * for both shipped networks. `--write` keeps the table where the product reads it; with `--quick`, methods of many passes are
 * asked about 16 drawings, and fewer checks are made.
 */
export async function bench(): Promise<Row[]> {
  const say = (line: string): void => console.error(`  ${line.slice(0, 100)}`);
  const table = await measureTruth({
    pictures: 64,
    photographs: 6,
    ...(process.argv.includes('--quick') ? { dear: 16, checked: 3 } : { checked: 6 }),
    say,
  });
  if (process.argv.includes('--write')) {
    const options = await prettier.resolveConfig(FILE);
    writeFileSync(FILE, await prettier.format(JSON.stringify(table), { ...options, parser: 'json' }));
  }
  return rowsOf(table);
}

function rowsOf(table: TruthTable): Row[] {
  const area = { what: 'truth, share of the picture that the mark covers: chance', value: share(table.area) };
  return [area, ...NETWORKS.flatMap(({ id }) => networkRows(table, id)), ...photographRows(table)];
}

const share = (value: number): string => value.toFixed(2).replace(/^0/, '');
const between = ({ mean, low, high }: Estimate): string => `${share(mean)} (${share(low)} to ${share(high)})`;
const titleOf = (id: string): string =>
  attributionMethods.find((m) => m.id === id)?.title ?? (id === 'random' ? 'random map' : 'edges (Sobel)');

/** Best first. */
function networkRows(table: TruthTable, network: string): Row[] {
  type Line = Found & { cost?: number; pictures?: number; learned?: readonly [number, number] };
  const lines = [...table.methods, ...table.references].flatMap(({ id, networks }) =>
    (networks as readonly (Line & { readonly network: string })[])
      .filter((each) => each.network === network)
      .map((found) => ({ id, found })),
  );
  return lines
    .sort((a, b) => foundShare(b.found) - foundShare(a.found))
    .map(({ id, found }) => {
      const { mass, peak, cost, learned, pictures } = found;
      const more =
        cost === undefined || learned === undefined
          ? ''
          : `; ${pictures} drawings; ${cost} × the gradient; depends on what was learned on ${learned[0]} of ${learned[1]}`;
      return {
        what: `truth, ${network}: ${titleOf(id)}`,
        value: `mass ${between(mass)}, peak ${between(peak)}${more}`,
      };
    });
}

function photographRows(table: TruthTable): Row[] {
  const { photographs } = table;
  if (photographs === undefined)
    return [{ what: 'truth, deletion and insertion on photographs', skipped: 'the test data is absent' }];
  return [...table.methods, ...table.references]
    .flatMap(({ id, photographs: curves }) => (curves === undefined ? [] : [{ id, curves }]))
    .sort((a, b) => b.curves.insertion.mean - a.curves.insertion.mean)
    .map(({ id, curves }) => ({
      what: `truth, ${photographs.network} on ${photographs.pictures} photographs: ${titleOf(id)}`,
      value: `insertion ${between(curves.insertion)}, deletion ${between(curves.deletion)}`,
    }));
}
