import { Newest } from '../../base/newest.js';
import type { Handlers } from '../../protocol/channel.js';
import type { SanityOperations } from '../../protocol/sanity.js';
import type { Rooms } from '../rooms.js';
import { sanityOf, type Badges } from './badge.js';

/** Badges kept; each is some maps of one value per pixel. */
const MOST = 64;

export function sanityHandlers({ models, foreground }: Rooms): Handlers<SanityOperations> {
  const badges: Badges = new Newest(MOST);
  return {
    sanity: (request, call) => models.use(request, (model) => sanityOf(model, request, call, badges, foreground)),
  };
}
