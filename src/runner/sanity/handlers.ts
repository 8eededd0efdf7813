import { Newest } from '../../base/newest.js';
import type { Handlers } from '../../protocol/channel.js';
import type { SanityOperations } from '../../protocol/sanity.js';
import type { Rooms } from '../rooms.js';
import { CHECKS } from '../../result/check.js';
import { sanityOf, type Badges } from './badge.js';
import { checkModel } from './check.js';

/** Badges kept; each is some maps of one value per pixel. */
const MOST = 64;

export function sanityHandlers(rooms: Rooms): Handlers<SanityOperations> {
  const { models, foreground } = rooms;
  const badges: Badges = new Newest(MOST);
  return {
    sanity: (request, call) => models.use(request, (model) => sanityOf(model, request, call, badges, foreground)),
    check: (request, call) => models.use(request, (model) => checkModel(model, rooms, request, call)),
    checkList: () => Promise.resolve(CHECKS),
  };
}
