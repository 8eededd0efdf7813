import type { Parts } from './squares.js';

/**
 * Discs that touch, in rows that are shifted by half a disc: the densest way to lay them, which covers nine tenths of the
 * picture. What lies between them belongs to no part and is never covered.
 */
export function discs(height: number, width: number, count: number): Parts {
  const radius = Math.sqrt((height * width) / (2 * Math.sqrt(3) * count));
  const rowStep = Math.sqrt(3) * radius;
  const rows = Math.max(1, Math.round(height / rowStep));
  const columns = Math.max(1, Math.round(width / (2 * radius)));
  // The lattice is stretched a little, so that it ends where the picture does.
  const [dy, dx] = [height / rows, width / columns];
  const reach = Math.min(dx, dy / (Math.sqrt(3) / 2)) / 2;
  const of = new Int32Array(height * width).fill(-1);
  const numbers = new Map<string, number>();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const row of [Math.floor(y / dy) - 1, Math.floor(y / dy), Math.floor(y / dy) + 1]) {
        const shift = Math.abs(row % 2) === 1 ? dx / 2 : 0;
        const column = Math.round((x + 0.5 - dx / 2 - shift) / dx);
        const [cx, cy] = [dx / 2 + shift + column * dx, dy / 2 + row * dy];
        if (Math.hypot(x + 0.5 - cx, y + 0.5 - cy) > Math.max(reach, Math.SQRT1_2)) continue;
        const name = `${row} ${column}`;
        const number = numbers.get(name) ?? numbers.size;
        numbers.set(name, number);
        of[y * width + x] = number;
        break;
      }
    }
  }
  return { of, count: numbers.size };
}
