import { given } from '../../../src/base/given.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { CompareAsked, DatasetHostApi } from '../../../src/protocol/datasetPanel.js';
import type { OtherCheckpoint } from '../../../src/protocol/modelPanel.js';
import type { Comparison } from '../../../src/result/comparison.js';
import type { MethodDescription } from '../../../src/result/method.js';
import { Task } from '../../shared/task/task.js';
import type { DatasetView } from '../kept.js';

/** What the page keeps of this view. */
export interface KeptCompare {
  readonly other?: OtherCheckpoint;
  readonly layout: string;
  /** How reasons are compared; left out, they are not. */
  readonly method?: string;
}

/** The id of the view, and of what is kept of it. */
export const COMPARE = 'compare';

/** The panel around this part. */
export interface CompareRoom {
  readonly host: Client<DatasetHostApi>;
  readonly view: DatasetView;
  update(view: Partial<DatasetView>): void;
  /** Which examples every question is about. */
  readonly part: Pick<CompareAsked, 'most' | 'split' | 'mapping'>;
}

/** Another model beside the one of the panel: which, what was asked, and what came. */
export class Compare {
  readonly task: Task<Comparison>;
  methods: readonly MethodDescription[] = [];
  private asked = false;

  constructor(
    private readonly room: CompareRoom,
    private readonly onChange: () => void,
  ) {
    this.task = new Task<Comparison>(onChange);
  }

  /** What was chosen; it may have been kept by another version. */
  get kept(): KeptCompare {
    const kept = this.room.view.parts[COMPARE] as Partial<KeptCompare> | null | undefined;
    const { other, layout, method } = typeof kept === 'object' && kept !== null ? kept : {};
    return {
      ...given({
        other: isOther(other) ? other : undefined,
        method: typeof method === 'string' ? method : undefined,
      }),
      layout: typeof layout === 'string' ? layout : 'pca',
    };
  }

  choose(change: Partial<KeptCompare>): void {
    const { parts } = this.room.view;
    this.room.update({ parts: { ...parts, [COMPARE]: { ...this.kept, ...change } } });
  }

  /** Reasons are not compared any more. */
  withoutReasons(): void {
    const { method: _before, ...kept } = this.kept;
    this.room.update({ parts: { ...this.room.view.parts, [COMPARE]: kept } });
  }

  /** Opens the view with another model, and asks at once. */
  with(other: OtherCheckpoint): void {
    this.choose({ other });
    this.room.update({ tab: COMPARE });
    this.ask();
  }

  /** Asks which other model is meant, then asks both. */
  async pick(): Promise<void> {
    const other = await this.room.host.chooseOther({}).catch(() => undefined);
    if (other === undefined) return;
    this.choose({ other });
    this.ask();
  }

  /** What would be asked now. */
  get request(): CompareAsked | undefined {
    const { other, layout, method } = this.kept;
    if (other === undefined) return undefined;
    return { ...this.room.part, other, layout, ...given({ method }) };
  }

  /** What is shown is the answer to another question. */
  get changed(): boolean {
    return this.task.value !== undefined && JSON.stringify(this.request) !== this.task.question;
  }

  ask(): void {
    const { request, task } = this;
    if (request === undefined) return;
    const again = task.question === JSON.stringify(request) && task.value !== undefined;
    void task.run(JSON.stringify(request), (options) => this.room.host.compare(request, options), again);
  }

  /** The ways in which reasons can be compared, asked for once. */
  learn(): void {
    if (this.asked) return;
    this.asked = true;
    void (async () => {
      this.methods = await this.room.host.methods({}).catch(() => []);
      this.onChange();
    })();
  }
}

function isOther(other: unknown): other is OtherCheckpoint {
  const { kind, seed, file } = (other ?? {}) as { kind?: unknown; seed?: unknown; file?: { uri?: unknown } };
  return (kind === 'random' && typeof seed === 'number') || (kind === 'file' && typeof file?.uri === 'string');
}

/** What the other model is called. */
export function otherName(other: OtherCheckpoint): string {
  return other.kind === 'random' ? `random weights (seed ${other.seed})` : other.file.name;
}
