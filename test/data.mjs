// The open test data: models, pictures and reference values that are no part of the repository. What needs them is skipped
// where they are absent.
import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder that LENS_TEST_DATA names, else the one beside the checkout. */
export const DATA = path.resolve(process.env.LENS_TEST_DATA || '../shared/data');

/** Why something that needs the data is not done; undefined where the data is there. */
export const dataMissing = existsSync(DATA) ? undefined : 'the test data is not on this machine (LENS_TEST_DATA)';
