import { throwIfCancelled } from '../../../base/errors.js';
import type { Call } from '../../../protocol/channel.js';
import type { RoarProgress } from '../../../protocol/benchmark.js';
import type { JobPlace } from '../../../protocol/request.js';
import type { RoarCell } from '../../../result/roar.js';
import { decodeAnswer, encodeAnswer } from '../../reading/answers.js';
import { JobUnits } from '../../reading/keptInJob.js';
import { cellKey, forgetTraining, trainCell, type CellResult } from './cell.js';
import { keptLevels, mapKey, mapUnits, rowLevels, type MapUnit, type RowLevels } from './maps.js';
import type { Cell, RoarQuestion } from './question.js';
import { WorkLeft } from './workLeft.js';

/**
 * Every training of this process's share, in their order; what is kept in a job's folder is not made again. The maps of a
 * method are made before its first training, those of this share first; what another share has made is read.
 */
export async function* roarUnits(
  question: RoarQuestion,
  job: JobPlace | undefined,
  call: Pick<Call<RoarProgress>, 'signal' | 'progress'>,
): AsyncGenerator<RoarCell> {
  const { signal } = call;
  const { cells, removal, rows } = question;
  const units = job === undefined ? undefined : new JobUnits(job);
  const own = cells.filter((_, i) => units?.mine(i) ?? true);
  const known = new Map<Cell, CellResult>();
  const left = new WorkLeft(own.length);
  for (const cell of own) {
    const key = cellKey(question, cell);
    const found = decodeAnswer<CellResult>(await units?.read(key));
    if (found === undefined) continue;
    known.set(cell, found);
    left.known(await units!.journal.about(key));
    // A process that was ended between the two has left it.
    if (job?.merge !== true) await forgetTraining(units!.journal, question, cell);
  }
  const tell = (message: string, cell?: Cell): void => {
    const { done, of, fraction, seconds } = left;
    call.progress({
      fraction,
      message,
      done,
      of,
      ...(seconds === undefined ? {} : { secondsLeft: seconds }),
      ...(cell === undefined ? {} : { cell: { method: cell.id, seed: cell.seed } }),
    });
  };
  if (units !== undefined && known.size < own.length) await ownMaps(question, units, signal, tell);
  const made = new LevelsCache(question, (unit) => levelsOf(question, unit, units, signal, tell));
  for (const cell of own) {
    throwIfCancelled(signal);
    let result = known.get(cell);
    if (result === undefined) {
      const what =
        cell.row === undefined
          ? 'nothing removed'
          : `${rows[cell.row]!.title}, ${removal.fractions[cell.level]} % removed`;
      const levels = cell.row === undefined ? undefined : await made.of(cell.row, cell.seed);
      left.begin();
      result = await trainCell(question, cell, levels, {
        signal,
        ...(units === undefined ? {} : { journal: units.journal }),
        progress: (now) => {
          left.step(now, question.training.recipe.epochs);
          tell(
            `training ${left.done + 1} of ${left.of}: ${what}, seed ${cell.seed}, epoch ${now.epoch} of ${question.training.recipe.epochs}`,
            cell,
          );
        },
      });
      const seconds = left.end();
      if (units !== undefined) {
        await units.journal.write(cellKey(question, cell), encodeAnswer(result), { seconds });
        await forgetTraining(units.journal, question, cell);
      }
    }
    yield {
      method: cell.id,
      fraction: cell.row === undefined ? 0 : removal.fractions[cell.level]!,
      seed: cell.seed,
      ...result,
    };
  }
}

/** The maps that this share is to make, so that shares that run at the same time do not make the same. */
async function ownMaps(
  question: RoarQuestion,
  units: JobUnits,
  signal: AbortSignal,
  tell: (message: string) => void,
): Promise<void> {
  if (units.job.shard === undefined) return;
  for (const [i, unit] of mapUnits(question).entries())
    if (units.mine(i)) await levelsOf(question, unit, units, signal, tell);
}

function levelsOf(
  question: RoarQuestion,
  unit: MapUnit,
  units: JobUnits | undefined,
  signal: AbortSignal,
  tell: (message: string) => void,
): Promise<Uint8Array> {
  const { rows, pictures, test } = question;
  const before = unit.set === 'pictures' ? 0 : pictures.count;
  tell(`${rows[unit.row]!.title}: picture ${before + unit.from + 1} of ${pictures.count + test.count}`);
  // Missing maps of a job that is put together are no error: its trainings are what is asked for.
  const kept =
    units === undefined
      ? undefined
      : { read: (key: string) => units.journal.read(key), write: units.write.bind(units) };
  return keptLevels(question, unit, kept, signal);
}

/** What the row that was asked for last removes; without a job, of all rows, since their maps would be made again. */
class LevelsCache {
  private readonly all = new Map<string, RowLevels>();
  private readonly units = new Map<string, Promise<Uint8Array>>();

  constructor(
    private readonly question: RoarQuestion,
    private readonly make: (unit: MapUnit) => Promise<Uint8Array>,
  ) {}

  async of(row: number, seed: number): Promise<RowLevels> {
    const drawn = 'baseline' in this.question.rows[row]!.by;
    const key = `${row} ${drawn ? seed : ''}`;
    const known = this.all.get(key);
    if (known !== undefined) return known;
    const levels = await rowLevels(this.question, row, seed, (unit) => {
      const name = mapKey(this.question, unit);
      const made = this.units.get(name) ?? this.make(unit);
      this.units.set(name, made);
      return made;
    });
    // One row at a time: levels take as much as the pictures themselves.
    this.all.clear();
    this.all.set(key, levels);
    return levels;
  }
}
