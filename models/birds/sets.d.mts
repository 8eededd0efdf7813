/** Types of `sets.mjs`, for the tests and for what trains the networks. */
export const FIRST_SEED: { train: number; test: number; pictures: number; fresh: number };
export const STAMPED: string;
export interface Planned {
  seed: number;
  /** What is drawn. */
  species: string;
  /** In whose folder the drawing lies. */
  label: string;
  file: string;
  stamp: boolean;
}
export function planOf(
  seed: number,
  count: number,
  kind?: { stamped?: (species: string) => boolean; labelled?: 'by species' | 'at random' },
): Planned[];
export function drawSet(
  folder: string,
  plan: readonly Planned[],
  options?: { size?: number; say?: (line: string) => void; known?: Map<string, Buffer> },
): Promise<void>;
export function noteSet(
  folder: string,
  plan: readonly Planned[],
  options?: { size?: number; say?: (line: string) => void; known?: Map<string, object> },
): Promise<void>;
