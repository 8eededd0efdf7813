import type { Address } from '../../../src/base/place.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { Asked, Run } from '../asked.js';

/** The run of the history that is subtracted from the map on show. Without a DOM. */
export class Difference {
  private id = '';

  /** @param load gets an explanation of a run into the page; rejects where it is lost */
  constructor(
    private readonly asked: Pick<Asked, 'selected' | 'current' | 'runs'>,
    private readonly load: (run: Run, picture: Address) => Promise<void>,
    private readonly onChange: () => void,
  ) {}

  /** Runs whose map can be subtracted from the one on show. */
  get references(): readonly Run[] {
    const { selected, current, runs } = this.asked;
    return runs.filter(
      (run) =>
        run !== current &&
        selected !== undefined &&
        run.status === 'done' &&
        run.outcomes.get(selected)?.state === 'done',
    );
  }

  get reference(): Run | undefined {
    return this.references.find((run) => run.id === this.id);
  }

  /** What is subtracted from the map on show, as far as it is here. */
  get explanation(): Explanation | undefined {
    const { selected } = this.asked;
    return selected === undefined ? undefined : this.reference?.explanations.get(selected);
  }

  /** Shows the difference to another run; an empty id: the map itself. */
  subtract(id: string): void {
    this.id = id;
    this.loadReference();
    this.onChange();
  }

  /** Another picture is looked at. */
  loadReference(): void {
    const { reference } = this;
    const { selected } = this.asked;
    if (reference === undefined || selected === undefined) return;
    this.load(reference, selected).then(this.onChange, () => this.subtract(''));
  }
}
