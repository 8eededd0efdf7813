/** Types of `draw.mjs`, for the tests. */
export interface Bird {
  /** An SVG document. */
  svg: string;
  /** The species. */
  label: string;
  /** The species' place in `labels`, which is the model's output. */
  index: number;
  /** A value for each mark. */
  attributes: Record<string, string>;
  background: string;
}
export const marks: Record<string, string[]>;
export const species: Record<string, Record<string, string>>;
export const labels: string[];
export function drawBird(
  seed: number,
  name: string,
  options?: { size?: number; attributes?: Record<string, string>; stamp?: boolean },
): Bird;
