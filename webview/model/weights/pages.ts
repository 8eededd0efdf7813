import type { CellsInSight } from '../../shared/canvas/cellGrid.js';
import type { KernelPage, LayerWeights, WeightEntry } from '../../../src/result/weights.js';

/** Numbers that are asked for at a time: a quarter of a megabyte. */
const BLOCK = 65_536;
/** Blocks that are kept; the ones longest out of sight go. */
const KEPT = 64;

interface Block {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

/** How the pages of a weight are cut: cells of `area` numbers, blocks of `rows × columns` cells. */
export interface PageShape {
  readonly rows: number;
  readonly columns: number;
  /** Numbers in a cell. */
  readonly area: number;
  readonly blockRows: number;
  readonly blockColumns: number;
}

/** Rows, columns and cells of a weight as its view shows them. */
export function pageShape({ view, shape }: Pick<WeightEntry, 'view' | 'shape'>): PageShape {
  const [rows = 1, second = 1, height = 1, width = 1] = shape;
  const grid = view === 'kernels' || view === 'matrix' || view === 'position';
  const columns = grid ? second : 1;
  const area = view === 'rgb' ? 3 * height * width : view === 'kernels' || view === 'depthwise' ? height * width : 1;
  const cells = Math.max(1, Math.floor(BLOCK / area));
  const side = Math.max(1, Math.floor(Math.sqrt(cells)));
  const blockColumns = grid ? Math.min(columns, side) : 1;
  const blockRows = Math.min(rows, Math.max(1, Math.floor(cells / blockColumns)));
  return { rows, columns, area, blockRows, blockColumns };
}

/**
 * The first block of a weight. How its pages are cut depends on what it is: the first question is for few numbers, and
 * tells.
 */
export async function firstPage(
  ask: (page: KernelPage) => Promise<LayerWeights>,
  sort: 'index' | 'norm',
): Promise<LayerWeights> {
  const few = await ask({ rowFrom: 0, rowCount: 64, columnFrom: 0, columnCount: 64, sort });
  const { blockRows, blockColumns } = pageShape(few.shown);
  if (few.page.rows.length >= blockRows && few.page.columns.length === blockColumns) return few;
  return ask({ rowFrom: 0, rowCount: blockRows, columnFrom: 0, columnCount: blockColumns, sort });
}

/** The pages of one weight, fetched when they come into sight. */
export class WeightPages {
  private readonly blocks = new Map<string, Block | 'asked'>();
  private readonly abort = new AbortController();
  private most = 0;

  /**
   * @param first the answer that came with the question of what the weight is: its page is the first block
   * @param fetch asks for another
   * @param arrived a block has come
   */
  constructor(
    readonly shape: PageShape,
    private readonly sort: 'index' | 'norm',
    first: LayerWeights,
    private readonly fetch: (page: KernelPage, signal: AbortSignal) => Promise<LayerWeights>,
    private readonly arrived: () => void,
  ) {
    this.put('0/0', first);
  }

  /** Largest magnitude of what is there. */
  get magnitude(): number {
    return this.most;
  }

  /** Where a cell's numbers begin, or nothing while they are not there. */
  cell(row: number, column: number): { readonly values: Float32Array; readonly offset: number } | undefined {
    const { blockRows, blockColumns, area } = this.shape;
    const block = this.blocks.get(key(row, column, this.shape));
    if (block === undefined || block === 'asked') return undefined;
    const at = (row % blockRows) * block.columns.length + (column % blockColumns);
    // The planes of a colour filter are its columns.
    const offset = block.rows.length * area === block.values.length ? (row % blockRows) * area : at * area;
    return offset + area <= block.values.length ? { values: block.values, offset } : undefined;
  }

  /** The output that a row shows; another than its place where filters are sorted. */
  output(row: number): number {
    const block = this.blocks.get(key(row, 0, this.shape));
    return block === undefined || block === 'asked' ? row : (block.rows[row % this.shape.blockRows] ?? row);
  }

  /** Asks for what is in sight and not there. */
  need({ rowFrom, rowTo, columnFrom, columnTo }: CellsInSight): void {
    const { blockRows, blockColumns, rows, columns } = this.shape;
    for (let row = rowFrom - (rowFrom % blockRows); row < Math.min(rows, rowTo); row += blockRows) {
      for (
        let column = columnFrom - (columnFrom % blockColumns);
        column < Math.min(columns, columnTo);
        column += blockColumns
      ) {
        const name = key(row, column, this.shape);
        const known = this.blocks.get(name);
        this.blocks.delete(name);
        this.blocks.set(name, known ?? 'asked'); // the latest is last
        if (known === undefined) void this.ask(name, row, column);
      }
    }
    for (const [name, block] of this.blocks) {
      if (this.blocks.size <= KEPT) break;
      if (block !== 'asked') this.blocks.delete(name);
    }
  }

  /** Nothing more is asked for. */
  dispose(): void {
    this.abort.abort();
  }

  private async ask(name: string, rowFrom: number, columnFrom: number): Promise<void> {
    const { blockRows, blockColumns } = this.shape;
    const page = { rowFrom, rowCount: blockRows, columnFrom, columnCount: blockColumns, sort: this.sort };
    try {
      this.put(name, await this.fetch(page, this.abort.signal));
      this.arrived();
    } catch {
      // Asked again when it is next in sight; a file that cannot be read says so where the weight was asked for.
      this.blocks.delete(name);
    }
  }

  private put(name: string, { page: { rows, columns, values } }: LayerWeights): void {
    this.blocks.set(name, { rows, columns, values: values.data });
    for (const value of values.data) {
      const size = Math.abs(value);
      if (size > this.most && size < Infinity) this.most = size;
    }
  }
}

function key(row: number, column: number, { blockRows, blockColumns }: PageShape): string {
  return `${Math.floor(row / blockRows)}/${Math.floor(column / blockColumns)}`;
}
