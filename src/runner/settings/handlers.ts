import { Newest } from '../../base/newest.js';
import { presets } from '../../input/presets.js';
import type { Handlers } from '../../protocol/channel.js';
import type { SettingsOperations } from '../../protocol/settings.js';
import type { Rooms } from '../rooms.js';
import { findSettings, type FoundSettings } from './find.js';
import { sidecarWith } from './sidecar.js';

/** Findings kept; each is some words and numbers. */
const MOST = 64;

export function settingsHandlers({ models }: Rooms): Handlers<SettingsOperations> {
  const found: FoundSettings = new Newest(MOST);
  return {
    findSettings: (request, call) => models.use(request, (model) => findSettings(model, request, call, found)),
    sidecarText: sidecarWith,
    presets: async () => presets,
  };
}
