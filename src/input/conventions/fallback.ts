import { takesBytes, type DefaultRule } from './convention.js';

/** How the warning begins that what pixels become is a guess. */
export const GUESSED = 'Nothing says how this model wants its pictures';

/** Nothing is known: the whole picture, scaled to 0..1 and not normalised. A model that takes bytes gets bytes. */
export const fallback: DefaultRule = {
  id: 'fallback',
  read({ channels, type }) {
    const bytes = takesBytes(type);
    const colour = channels === 1 ? 'grey' : 'RGB';
    const taken = bytes
      ? `${colour} bytes${type === 'int8' ? ' less 128' : ''}`
      : `${colour} / 255 without normalisation`;
    return {
      settings: {
        color: channels === 1 ? 'gray' : 'RGB',
        resize: { mode: 'exact', interpolation: 'bilinear' },
        crop: 'none',
        range: type === 'int8' ? [-128, 127] : bytes ? [0, 255] : [0, 1],
        mean: [0],
        std: [1],
      },
      origin: {
        kind: 'default',
        detail: bytes ? `${taken}, because the model takes ${type}` : `${taken}, because nothing says otherwise`,
      },
      warnings: bytes ? [] : [`${GUESSED}: they are taken as ${taken}.`],
    };
  },
};
