import type { Tensor } from '../base/tensor.js';
import { FileSource, type ByteSource } from './byteSource.js';
import { fromRaw, IntegerValues } from './elements.js';
import type { ExternalFiles } from './external.js';
import type { StoredTensor } from './model.js';
import { decodeText } from './text.js';
import { truncated, unpack, VARINT, Window, type Span } from './wire.js';

/** What the parsers share while one file is read. */
export class Context {
  readonly window: Window;
  readonly warnings: string[] = [];
  private readonly opened = new Map<string, FileSource>();

  constructor(
    /** Real path of the model file: what locations refer to. */
    readonly path: string,
    source: ByteSource,
    readonly external: ExternalFiles,
  ) {
    this.window = new Window(source);
  }

  warn(sentence: string): void {
    if (this.warnings.length < 100 && !this.warnings.includes(sentence)) this.warnings.push(sentence);
  }

  text(span: Span): string {
    return decodeText(this.window.peek(span));
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
    const values = new IntegerValues(type, dims);
    unpack(this.window, { start: at.offset, end: at.offset + at.length }, VARINT, (f) => values.add(f.bigint()));
    return values.tensor();
  }

  close(): void {
    for (const source of this.opened.values()) source.close();
    this.opened.clear();
  }
}
