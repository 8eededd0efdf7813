import { createHash } from 'node:crypto';
import { LensError } from '../../base/errors.js';
import { editedPixels, type PictureEdit } from '../../base/picture.js';
import { painted } from '../../input/edit.js';
import { requirePreprocessing } from '../../input/resolve.js';
import type { OpenModel } from '../model/open.js';
import type { ExpandedInput } from './inputs.js';

/**
 * The inputs of a request whose picture was painted over by hand; without an edit they are as they were.
 *
 * @throws LensError `input/edit-one` where there is more than one input: an edit is of one picture
 */
export function editedInputs(
  model: OpenModel,
  inputs: readonly ExpandedInput[],
  edit: PictureEdit | undefined,
): readonly ExpandedInput[] {
  if (edit === undefined) return inputs;
  const [input] = inputs;
  if (input === undefined || inputs.length > 1)
    throw new LensError('usage', 'input/edit-one', `An edit is of one picture; ${inputs.length} were given.`);
  if ('error' in input) return inputs;
  const edited = {
    pixels: editedPixels(edit),
    sha256: createHash('sha256').update(`${edit.width}×${edit.height} `).update(edit.data).digest('hex'),
  };
  return [
    {
      ...input,
      edited,
      load: async (signal) => {
        const plan = requirePreprocessing(model.resolved);
        const loaded = await input.load(signal);
        const { tensor, view } = painted({ tensor: loaded.tensor, view: loaded.picture }, edit, plan);
        return { ...loaded, tensor, picture: view };
      },
    },
  ];
}

/** What must be said wherever an edited picture is answered about. */
export function editNotes(input: ExpandedInput): readonly string[] {
  if ('error' in input || input.edited === undefined) return [];
  const { pixels } = input.edited;
  return [`Edited picture: ${pixels} ${pixels === 1 ? 'pixel was' : 'pixels were'} painted over by hand.`];
}
