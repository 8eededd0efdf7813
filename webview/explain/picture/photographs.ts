import { canonical } from '../../../src/base/canonical.js';
import { Newest } from '../../../src/base/newest.js';
import type { Rgb } from '../../../src/base/picture.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { Shown } from '../asked.js';

/** Models that see more than this on their longer side show their picture well enough. */
const SMALL = 128;
/** By how much a photograph has to be finer. */
const FINER = 1.5;
/** Pixels on the longer side that a panel shows. */
const MOST = 768;

/** Photographs below the heat of models that see little of them: asked for once, and few are kept. */
export class Photographs {
  private readonly known = new Newest<string, Rgb | 'coming' | 'none'>(8);

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'photograph'>,
    private readonly onChange: () => void,
  ) {}

  /** The photograph of what is shown, once it is here. A painted picture has none: what the model sees is no file's. */
  of(shown: Shown | undefined): Rgb | undefined {
    if (shown === undefined || !isFiner(shown.explanation)) return undefined;
    const { explanation, picture } = shown;
    const key = canonical([picture, explanation.crop, explanation.recipe.input?.sha256]);
    const found = this.known.get(key);
    if (found === undefined) {
      this.known.set(key, 'coming');
      void this.host
        .photograph({ picture, crop: explanation.crop!, most: MOST })
        .catch(() => undefined)
        .then((photo) => {
          this.known.set(key, photo ?? 'none');
          this.onChange();
        });
    }
    return found === 'coming' || found === 'none' ? undefined : found;
  }
}

/** Whether the file shows much more than the model sees of it. */
export function isFiner({ crop, picture, edited }: Explanation): boolean {
  const side = Math.max(picture.width, picture.height);
  return (
    crop !== undefined && edited === undefined && side <= SMALL && Math.max(crop.width, crop.height) >= FINER * side
  );
}
