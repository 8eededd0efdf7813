import { presets } from '../../input/presets.js';
import type { Handlers } from '../../protocol/channel.js';
import type { SettingsOperations } from '../../protocol/settings.js';
import type { Rooms } from '../rooms.js';
import { findSettings } from './find.js';
import { sidecarWith } from './sidecar.js';

export function settingsHandlers({ models }: Rooms): Handlers<SettingsOperations> {
  return {
    findSettings: (request, call) => models.use(request, (model) => findSettings(model, request, call)),
    sidecarText: sidecarWith,
    presets: async () => presets,
  };
}
