import type { Inspection, Outline } from '../result/inspection.js';
import type { Measurements, Overview, ScanProgress, WeightScan } from '../result/overview.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelRequest, WorkProgress } from './request.js';

/** What a checkpoint is, as a whole. */
export interface OverviewOperations {
  /** Cheap: never starts a session, reads no weights. */
  outline: Operation<Pick<ModelRequest, 'model' | 'reach'>, Outline>;
  inspect: Operation<ModelRequest, Inspection, WorkProgress>;
  /** What the file says: no session, no weights. */
  overview: Operation<ModelRequest, Overview, WorkProgress>;
  /** What one run at the input's real size teaches: shapes, FLOPs, memory, differentiability. */
  measure: Operation<ModelRequest, Measurements, WorkProgress>;
  /** Reads every weight once, in pieces, and says what is odd. */
  scanWeights: Operation<ModelRequest, WeightScan, ScanProgress>;
}

export const overviewOperations: Chapter<OverviewOperations> = {
  outline: { runs: 'never', waits: 'neither', light: true },
  inspect: { runs: 'always', waits: 'neither', doing: 'inspecting' },
  overview: { runs: 'never', waits: 'neither' },
  measure: { runs: 'always', waits: 'neither', title: 'measuring' },
  scanWeights: { runs: 'never', waits: 'neither', title: 'checking the weights of' },
};
