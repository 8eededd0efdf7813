import { createHash } from 'node:crypto';
import { LensError } from '../../base/errors.js';
import { Newest } from '../../base/newest.js';
import type { PictureEdit } from '../../base/picture.js';

/** Bytes of edits that one panel keeps. */
const MOST = 64_000_000;

/** What was painted over pictures of a panel, by names that its questions carry. In memory only. */
export class Edits {
  private readonly kept = new Newest<string, PictureEdit>(MOST, ({ data }) => data.byteLength);

  /** Keeps an edit, and answers its name: that of its contents, so that the same edit has the same answers. */
  keep(edit: PictureEdit): string {
    const { width, height, data } = edit;
    const id = createHash('sha256').update(`${width}×${height} `).update(data).digest('hex');
    this.kept.set(id, edit);
    return id;
  }

  /** @throws LensError `explain/edit-forgotten` where it was given up for newer ones */
  of(id: string): PictureEdit {
    const edit = this.kept.get(id);
    if (edit !== undefined) return edit;
    throw new LensError('runtime', 'explain/edit-forgotten', 'What was painted over the picture is no longer kept.', {
      hint: 'Paint again, and explain the edited picture.',
    });
  }
}
