// A workspace folder with test data, for the driven tests that need some.
import fs from 'node:fs';
import path from 'node:path';
import { dataMissing } from '../../data.mjs';

/**
 * Makes the folder `lab` and has `fill` put files there; where the test data is not there, neither is the folder.
 * To be called before the workbench opens, so that it need not notice. Answers what skips a step that needs the folder.
 */
export function lab(srv, tools, fill) {
  const folder = path.join(srv.ws, 'lab');
  if (!dataMissing) {
    fs.mkdirSync(folder);
    fill(folder);
  }
  return () => fs.existsSync(folder) || tools.skip(dataMissing);
}
