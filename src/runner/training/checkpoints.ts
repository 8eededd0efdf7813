import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { filePath, type FilePath } from '../../base/place.js';
import { unwritable } from '../../base/unwritable.js';
import { writeModelFile } from '../../checkpoint/writer.js';
import type { Graph } from '../../graph/graph.js';
import { Journal } from '../../job/journal.js';
import { decodeTraining, encodeTraining, type SavedTraining, type TrainingKeep } from '../../training/saved.js';

/** The unit with all that a training needs to go on, in the folder of its checkpoints. */
const STATE = 'training';
/** Checkpoints that are written at most, and bytes of all of them; the last one is written in any case. */
const MOST = 50;
const MOST_BYTES = 2 ** 30;

/**
 * A training in a folder: `epoch_1.onnx` … as ordinary models, and beside them what is needed to go on. The network of an
 * epoch is written before the state that says that it is done.
 */
export class Checkpoints implements TrainingKeep {
  private readonly journal: Journal;
  private readonly every: number;
  readonly written: FilePath[] = [];

  /**
   * @param identity of the training: pictures, recipe and model
   * @param bytes of one network
   * @param complete what a network is to say about itself
   */
  constructor(
    private readonly folder: string,
    private readonly identity: string,
    private readonly epochs: number,
    bytes: number,
    private readonly complete: (graph: Graph, epoch: number, curve: SavedTraining['curve']) => Graph,
  ) {
    this.journal = new Journal(folder);
    this.every = Math.ceil(Math.max(epochs / MOST, (epochs * bytes) / MOST_BYTES));
  }

  /** @throws LensError `training/other` where the folder holds another training */
  async read(): Promise<SavedTraining | undefined> {
    const about = (await this.journal.about(STATE)) as { readonly identity?: unknown } | undefined;
    if (about === undefined) return undefined;
    if (about.identity !== this.identity)
      throw new LensError(
        'usage',
        'training/other',
        `"${this.folder}" holds another training: of another model, other pictures or other settings.`,
        { hint: 'Train into another folder, or take the files of the other away.' },
      );
    const bytes = await this.journal.read(STATE);
    return bytes === undefined ? undefined : decodeTraining(bytes);
  }

  async write(saved: SavedTraining, model: Graph): Promise<void> {
    const { epoch, ended, curve } = saved;
    if (epoch % this.every === 0 || epoch === this.epochs || ended !== undefined) {
      await mkdir(this.folder, { recursive: true }).catch((cause: unknown) => {
        throw unwritable(this.folder, cause);
      });
      const file = path.join(this.folder, `epoch_${epoch}.onnx`);
      await writeModelFile(this.complete(model, epoch, curve), file, { embed: true });
      this.written.push(filePath(file));
    }
    await this.journal.write(STATE, encodeTraining(saved), { identity: this.identity, epoch });
  }
}
