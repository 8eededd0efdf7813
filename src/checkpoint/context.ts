import { LensError } from '../base/errors.js';
import type { Tensor } from '../base/tensor.js';
import { FileSource, type ByteSource } from './byteSource.js';
import { fromIntegers, fromRaw } from './elements.js';
import type { ExternalFiles } from './external.js';
import type { StoredTensor } from './model.js';
import { decodeText } from './text.js';
import { truncated, unpack, VARINT, Window, type Span } from './wire.js';

const MOST_MESSAGES = 5_000_000;

/** What the parsers share while one file is read. */
export class Context {
  readonly window: Window;
  readonly warnings: string[] = [];
  private readonly opened = new Map<string, FileSource>();
  private messages = 0;

  constructor(
    /** Real path of the model file: what locations refer to. */
    readonly path: string,
    source: ByteSource,
    readonly external: ExternalFiles,
  ) {
    this.window = new Window(source);
  }

  /** Counts one message, so that a hostile file of empty ones cannot fill the memory. */
  count(): void {
    if (++this.messages > MOST_MESSAGES) {
      throw new LensError(
        'input',
        'checkpoint/too-large',
        `The model has more than ${MOST_MESSAGES} parts; this is no plausible network.`,
      );
    }
  }

  warn(sentence: string): void {
    if (this.warnings.length < 100 && !this.warnings.includes(sentence)) this.warnings.push(sentence);
  }

  text(span: Span): string {
    return decodeText(this.window.copy(span));
  }

  /** Bytes of a file: the model's own or an external one. */
  readAt(file: string, offset: number, length: number): Uint8Array {
    if (file === this.path) return this.window.copy({ start: offset, end: offset + length });
    let source = this.opened.get(file);
    if (source === undefined) {
      source = new FileSource(file);
      this.opened.set(file, source);
    }
    const bytes = new Uint8Array(length);
    if (source.read(bytes, offset) < length) throw truncated();
    return bytes;
  }

  /** The values of a tensor, now. */
  load({ at, type, dims }: StoredTensor): Tensor {
    if (at.kind === 'memory') return at.tensor;
    if (at.encoding === 'raw') return fromRaw(type, dims, this.readAt(at.path, at.offset, at.length));
    const values: bigint[] = [];
    unpack(this.window, { start: at.offset, end: at.offset + at.length }, VARINT, (f) => values.push(f.bigint()));
    return fromIntegers(type, dims, values);
  }

  close(): void {
    for (const source of this.opened.values()) source.close();
    this.opened.clear();
  }
}
