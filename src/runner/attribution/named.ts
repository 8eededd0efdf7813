import { remembered } from '../../base/memo.js';
import type { Rgb } from '../../base/picture.js';
import { decodePicture } from '../../input/decode.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { loadInput, oneInput } from '../input/answers.js';
import type { OpenModel } from '../model/open.js';

/**
 * Pictures that a question names: masks, and what embeddings are compared with. Each is read once for all inputs, so that
 * all are asked the same, whatever happens to the file meanwhile.
 */
export class NamedPictures {
  private readonly pictures = new Map<string, Promise<Rgb>>();
  private readonly embeddings = new Map<string, Promise<ArrayLike<number>>>();

  constructor(
    private readonly model: OpenModel,
    private readonly subject: ModelSubject,
  ) {}

  /** The picture as it lies in the file. */
  picture(file: string, signal: AbortSignal): Promise<Rgb> {
    return remembered(this.pictures, file, () => decodePicture(file, { signal }));
  }

  /** What the model answers to the picture. */
  embedding(file: string, signal: AbortSignal): Promise<ArrayLike<number>> {
    return remembered(this.embeddings, file, async () => {
      const { tensor } = await loadInput(await oneInput(this.model, file, signal), signal);
      const { value } = this.subject.scoreValue('logit');
      return (await this.subject.values(tensor, [value], signal)).get(value)!.data;
    });
  }
}
