import type { DefaultRule } from './convention.js';

/** How the warning begins that what pixels become is a guess. */
export const GUESSED = 'Nothing says how this model wants its pictures';

/** Nothing is known: the whole picture, scaled to 0..1 and not normalised. A model that takes bytes gets bytes. */
export const fallback: DefaultRule = {
  id: 'fallback',
  read({ channels, type }) {
    const bytes = type === 'uint8';
    const colour = channels === 1 ? 'grey' : 'RGB';
    const taken = bytes ? `${colour} bytes` : `${colour} / 255 without normalisation`;
    return {
      settings: {
        color: channels === 1 ? 'gray' : 'RGB',
        resize: { mode: 'exact', interpolation: 'bilinear' },
        crop: 'none',
        range: bytes ? [0, 255] : [0, 1],
        mean: [0],
        std: [1],
      },
      origin: {
        kind: 'default',
        detail: bytes ? `${taken}, because the model takes uint8` : `${taken}, because nothing says otherwise`,
      },
      warnings: bytes ? [] : [`${GUESSED}: they are taken as ${taken}.`],
    };
  },
};
