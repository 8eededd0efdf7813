import { given } from '../../src/base/given.js';
import type { AttentionPicture, SilenceAnswer, SilenceProgress } from '../../src/protocol/attention.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import { Task } from '../shared/task/task.js';
import type { AttentionPlace } from './place.js';

/** What heads are silenced on, and of which class. */
export interface Silenced {
  readonly picture: NamedFile;
  /** Grows when the files have changed. */
  readonly version: number;
  readonly result: AttentionPicture | undefined;
  /** A class's index; left out, each picture's first class. */
  readonly target?: string;
}

/** Heads cut one after the other, on a picture or over a folder. */
export class Silencing {
  readonly task = new Task<SilenceAnswer, SilenceProgress>(() => this.place.update({}));
  /** All rows are listed. */
  all = false;

  constructor(private readonly place: AttentionPlace) {}

  ask({ picture, version, result, target }: Silenced, each: 'head' | 'layer', layer: string | undefined): void {
    this.all = false;
    const { place, task } = this;
    const asked = {
      input: (place.view.folder ?? picture).uri,
      each,
      score: result?.predicted?.[0]?.probability === undefined ? ('logit' as const) : ('probability' as const),
      ...given({ layer, target }),
    };
    const again = task.stopped || task.error !== undefined;
    void task.run(JSON.stringify([version, asked]), (options) => place.host.silence(asked, options), again);
  }

  showAll(): void {
    this.all = true;
    this.place.update({});
  }

  /** On this `picture`, the `folder`, or one to `choose`. */
  choose(value: string): void {
    const { folder, ...view } = this.place.view;
    if (value === 'picture') this.place.replace(view);
    else if (folder === undefined || value === 'choose')
      void this.place.host.chooseFolder({}).then(
        (chosen) => this.place.update(chosen === undefined ? {} : { folder: chosen }),
        () => undefined,
      );
  }

  clear(): void {
    this.all = false;
    this.task.clear();
  }
}
