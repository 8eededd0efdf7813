import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Disposable } from '../../../src/base/disposable.js';
import type { WorkProgress } from '../../../src/protocol/request.js';
import { Remade } from '../remade.js';
import { Clock } from './clock.js';
import { Task } from './task.js';

/** What an element says of its paged answer. */
export interface PagedParts<T, Pages extends Disposable, Drawn> {
  /** The pages of a new answer; more of them are fetched as they come into sight, and `arrived` is called for each. */
  open(answer: T, arrived: () => void): Pages;
  /** What is drawn of it. */
  draw(answer: T, pages: Pages): Drawn;
  /** What `draw` reads beside the answer and its pages: it is drawn anew when one of them is another. */
  drawnFrom(): readonly unknown[];
  /** Whether more is asked for than the answer itself; the clock goes on meanwhile. */
  working?(): boolean;
}

/**
 * An answer that is too large to be sent at once: the question with its progress, the pages that have come, and what is
 * drawn of them. The answer before stays in sight until there is another; all of it ends when its element leaves the page.
 */
export class PagedAnswer<
  T,
  Pages extends Disposable,
  Drawn,
  P extends Pick<WorkProgress, 'message' | 'fraction'> = WorkProgress,
> implements ReactiveController {
  readonly task = new Task<T, P>(() => this.onTask());
  /** What is shown; it may be about the question before. */
  answer: T | undefined;
  pages: Pages | undefined;
  /** What is drawn; as of the last update. */
  drawn: Drawn | undefined;
  /** Pages that have come since the answer: what is drawn is not another, but there is more of it. */
  arrived = 0;
  private readonly remade = new Remade<Drawn>();
  private readonly clock: Clock;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly parts: PagedParts<T, Pages, Drawn>,
  ) {
    this.clock = new Clock(host);
    host.addController(this);
  }

  /** Something beside the answer goes on, or has ended. */
  refresh(): void {
    this.clock.run(this.task.working || (this.parts.working?.() ?? false));
    this.host.requestUpdate();
  }

  hostUpdate(): void {
    const { answer, pages, parts, arrived } = this;
    this.drawn =
      answer === undefined || pages === undefined
        ? undefined
        : this.remade.get([answer, pages, arrived, ...parts.drawnFrom()], () => parts.draw(answer, pages));
  }

  hostDisconnected(): void {
    this.task.cancel();
    this.pages?.dispose();
  }

  private onTask(): void {
    const { value } = this.task;
    if (value !== this.answer) {
      this.pages?.dispose();
      this.answer = value;
      this.pages = value === undefined ? undefined : this.parts.open(value, () => this.onArrived());
    }
    this.refresh();
  }

  private onArrived(): void {
    this.arrived++;
    this.host.requestUpdate();
  }
}
