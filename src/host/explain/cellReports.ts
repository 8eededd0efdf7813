import { isCancelled, toErrorData } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { CellReport, TopClass } from '../../protocol/explainPanel.js';
import type { Explanation } from '../../result/explanation.js';
import type { Answer } from './answers.js';

/** A page is told of cells so often (ms): each time it draws anew. */
const EVERY = 100;

/** Reports of the cells of a grid, gathered: hundreds end in a second where they are known already. */
export class Gathered {
  private readonly reports = new Map<number, CellReport>();
  private timer: NodeJS.Timeout | undefined;
  private last = -Infinity;

  constructor(private readonly tell: (reports: readonly CellReport[]) => void) {}

  /** The first one goes at once. */
  add(report: CellReport | undefined): void {
    if (report === undefined) return;
    this.reports.set(report.cell, report);
    const wait = this.last + EVERY - performance.now();
    if (wait <= 0) this.send();
    else this.timer ??= setTimeout(() => this.send(), wait);
  }

  /** Sends what there is. */
  send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.last = performance.now();
    if (this.reports.size === 0) return;
    this.tell([...this.reports.values()]);
    this.reports.clear();
  }
}

function topOf([first]: Explanation['predictions']): { readonly top?: TopClass } {
  if (first === undefined) return {};
  const { index, label, probability } = first;
  return { top: { index, label, ...given({ probability }) } };
}

/** How a cell has ended; nothing of one that was stopped. */
export function endOf(cell: number, answer: Answer | { readonly error: unknown }): CellReport | undefined {
  if ('outcome' in answer)
    return 'error' in answer.outcome
      ? { cell, state: 'failed', error: answer.outcome.error }
      : { cell, state: 'done', ...topOf(answer.outcome.result.predictions) };
  const { error } = answer;
  return isCancelled(error) ? undefined : { cell, state: 'failed', error: toErrorData(error) };
}
