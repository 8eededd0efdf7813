import { assertClose } from '../support/close.js';
import { Tabulated } from '../../../src/numeric/umap/tabulated.js';

describe('a function that is looked up', () => {
  it('is the function, at every size, and exactly so outside of the table', () => {
    const exact = (x: number): number => (2 * 0.9) / ((0.001 + x) * (1 + 1.6 * x ** 0.9));
    const table = new Tabulated(exact);
    // Between two points of a line that are h apart: h²/8 · |f''|; h is x / 256, and x² f'' at most 5.6 f.
    const relative = 5.6 / 8 / 256 ** 2;
    for (let power = -40; power < 30; power += 0.173)
      assertClose(table.at(2 ** power), exact(2 ** power), { relative: 1.02 * relative }, `at 2^${power}`);
    // What single precision rounds up to the end of the table.
    assertClose(table.at(2 ** 20 - 1e-6), exact(2 ** 20), { relative: 1e-6 }, 'at the end');
  });
});
