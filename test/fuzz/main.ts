import type { Kind } from './kind.js';
import { campaign, type CampaignOptions, type Summary } from './campaign.js';
import { models } from './kinds/models.js';
import { npy } from './kinds/npy.js';
import { pictures } from './kinds/pictures.js';
import { python } from './kinds/python.js';
import { sidecars } from './kinds/sidecars.js';

/** Every kind of file that comes from elsewhere: a new one is a line here. */
export const KINDS: readonly Kind[] = [models, pictures, npy, sidecars, python];

/** Tries mutants of the kinds, and prints a line for each. */
export async function run(kinds: readonly string[], options: CampaignOptions): Promise<readonly Summary[]> {
  const summaries: Summary[] = [];
  for (const kind of KINDS.filter(({ id }) => kinds.includes(id))) {
    const summary = await campaign(kind, options);
    const { accepted, refused, failures, seconds, mostMegabytes } = summary;
    const tried = accepted + refused + failures.length;
    const speed = seconds > 0 ? `${Math.round(tried / seconds)}/s` : '';
    options.say(
      `${kind.id.padEnd(8)} ${tried} mutants: ${accepted} accepted, ${refused} refused, ${failures.length} failed (${Math.round(seconds)} s, ${speed}, at most ${mostMegabytes} MB)`,
    );
    summaries.push(summary);
  }
  return summaries;
}
