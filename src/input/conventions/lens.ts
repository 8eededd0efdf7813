import { LensError } from '../../base/errors.js';
import { tableOf } from '../labelText.js';
import { parseSidecar, settingsOf } from '../sidecar.js';
import type { Convention } from './convention.js';

/** The key under which a model that was trained here says how it wants its pictures: the text of a settings file. */
export const LENS_SETTINGS = 'onnx-lens.settings';

/** What a network that was trained here says about itself. */
export const lens: Convention = {
  id: 'lens',
  title: 'ONNX Lens',
  place: 'inside',
  async read({ metadata }) {
    const text = metadata.get(LENS_SETTINGS);
    if (text === undefined) return [];
    const origin = { kind: 'metadata', detail: "the model's metadata, where it was trained" } as const;
    try {
      const sidecar = parseSidecar(text, `"${LENS_SETTINGS}" in the model's metadata`);
      const labels = typeof sidecar.labels === 'string' ? undefined : tableOf(sidecar.labels);
      return [{ settings: settingsOf(sidecar), origin }, ...(labels === undefined ? [] : [{ labels, origin }])];
    } catch (error) {
      if (!(error instanceof LensError)) throw error;
      return [{ origin, warnings: [`${error.message} It was ignored.`] }];
    }
  },
};
