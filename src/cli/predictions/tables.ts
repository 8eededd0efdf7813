import type { PredictAnswer } from '../../protocol/prediction.js';
import type { OutputKindId } from '../../result/output.js';
import type { Prediction } from '../../result/explanation.js';
import { digits, onOneLine } from '../io.js';
import { succeeded } from '../verb.js';

/** Predictions as columns, by the kind of the output: in a terminal, and as .csv. */

type Cell = string | number;

export interface Columns {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What must be known to read them, a sentence each. */
  readonly notes: readonly string[];
}

/** Numbers of a vector that fit a line. */
const SHOWN = 10;

/** The kind of the output that is meant. */
export function kindOf({ outputs }: PredictAnswer): OutputKindId {
  return outputs.find((o) => o.chosen)?.kind ?? 'unknown';
}

/** For people: three digits, and an input named once. */
export function textColumns(answer: PredictAnswer): Columns {
  const kind = kindOf(answer);
  const results = succeeded(answer.results);
  const columns = columnsOf(kind, results, digits);
  const rows = columns.rows.map((row, i) =>
    i > 0 && columns.rows[i - 1]![0] === row[0] ? ['', '', ...row.slice(2)] : row,
  );
  return { ...columns, rows };
}

/** For programs: every digit, and every row complete. */
export function csvColumns(answer: PredictAnswer): Columns {
  return columnsOf(kindOf(answer), succeeded(answer.results), (v) => v);
}

function columnsOf(kind: OutputKindId, results: readonly Prediction[], number: (v: number) => Cell): Columns {
  const short = number === digits;
  const of = (r: Prediction): Cell[] => [r.input, r.label ?? ''];
  switch (kind) {
    case 'detection': {
      const mapped = results.every((r) => (r.boxes ?? []).every((b) => b.inPicture !== undefined));
      const rows = results.flatMap((r) => {
        const found = r.boxes ?? [];
        if (found.length === 0) return [[...of(r), '', 'nothing found', '', '', '', '', '']];
        return found.map((b, i) => [
          ...of(r),
          i + 1,
          b.label,
          number(b.score),
          ...(mapped ? b.inPicture! : b.box).map((v) => (short ? v.toFixed(1) : v)),
        ]);
      });
      const where = mapped ? 'the picture' : "the model's input";
      return {
        head: ['input', 'truth', 'box', 'label', 'score', 'x0', 'y0', 'x1', 'y1'],
        rows,
        notes: [
          `Boxes are in pixels of ${where}; those that score below 0.1 or overlap a better one of their class are left out.`,
          "As a target, write box:1 for the first, or LABEL@x0,y0,x1,y1 in pixels of the model's input.",
        ],
      };
    }
    case 'regression':
    case 'dense': {
      const one = results.every((r) => r.values?.length === 1);
      const rows = results.flatMap((r) =>
        (r.values ?? []).map((v, i) => [...of(r), ...(one ? [] : [r.names?.[i] ?? i]), number(v)]),
      );
      return { head: ['input', 'truth', ...(one ? [] : ['value of']), 'value'], rows, notes: [] };
    }
    case 'embedding': {
      const rows = results.map((r) => [
        ...of(r),
        r.values?.length ?? 0,
        number(r.norm ?? NaN),
        ...(short ? [vector(r.values ?? [])] : (r.values ?? [])),
      ]);
      const widest = results.reduce((most, r) => Math.max(most, r.values?.length ?? 0), 0);
      return {
        head: [
          'input',
          'truth',
          'size',
          'norm',
          ...(short ? ['values'] : Array.from({ length: widest }, (_, i) => `v${i}`)),
        ],
        rows,
        notes: [],
      };
    }
    case 'sequence':
      return { head: ['input', 'truth', 'text'], rows: results.map((r) => [...of(r), r.text ?? '']), notes: [] };
    case 'unknown': {
      const rows = results.map((r) => [...of(r), ...(short ? [vector(r.values ?? [])] : (r.values ?? []))]);
      return { head: ['input', 'truth', 'values'], rows, notes: [] };
    }
    default: {
      const probable = results.some((r) => r.top?.some((c) => c.probability !== undefined));
      const rows = results.flatMap((r) =>
        (r.top ?? []).map((c, i) => [
          ...of(r),
          ...(short ? [] : [i + 1]),
          c.index,
          c.label,
          ...(probable ? [c.probability === undefined ? '' : number(c.probability)] : []),
          number(c.logit),
        ]),
      );
      return {
        head: [
          'input',
          'truth',
          ...(short ? [] : ['rank']),
          short ? 'class' : 'index',
          'label',
          ...(probable ? ['probability'] : []),
          kind === 'segmentation' ? 'share' : 'logit',
        ],
        rows,
        notes: kind === 'segmentation' ? ['The share is that of the places that the class wins.'] : [],
      };
    }
  }
}

function vector(values: readonly number[]): string {
  const shown = values.slice(0, SHOWN).map(digits).join(' ');
  return values.length > SHOWN ? `${shown} … (${values.length})` : shown;
}

/** What small outputs beside the chosen one say, a line each. */
export function besideLines(results: readonly Prediction[]): string[] {
  return results.flatMap(({ input, others = [] }) =>
    others.map(({ name, kind, values, top }) => {
      const said =
        values?.map(digits).join(' ') ??
        top?.map((c) => `${c.label} ${digits(c.probability ?? c.logit)}`).join(', ') ??
        '';
      return onOneLine(`${results.length > 1 ? `${input}: ` : ''}${name} (${kind}): ${said}`);
    }),
  );
}
