import { LensError, type ErrorData } from '../../base/errors.js';

/** Said where every picture of a data set had to be left out. */
export function nothingLeft(omitted: readonly { readonly error: ErrorData }[]): LensError {
  const [first] = omitted;
  return new LensError(
    'input',
    'embed/empty',
    `No picture could be used${first === undefined ? '' : `: ${first.error.message}`}`,
    { hint: 'Give it a folder of pictures, a list, a .parquet or an .npz file.' },
  );
}
