import type { Census } from '../result/census.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelRequest } from './request.js';

/** What a model consists of. */
export interface CensusOperations {
  /** Counts the operators; reads no weights and runs nothing. */
  census: Operation<ModelRequest, Census>;
}

export const censusOperations: Chapter<CensusOperations> = {
  census: { runs: 'never', waits: 'neither' },
};
