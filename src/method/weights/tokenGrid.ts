/** How many of a transformer's tokens stand before a square grid of patches: none, a class token, class and distillation tokens, or up to 16 registers. */
export function tokenGrid(tokens: number): { prefix: number; grid?: readonly [number, number] } {
  for (let prefix = 0; prefix <= Math.min(17, tokens - 4); prefix++) {
    const side = Math.round(Math.sqrt(tokens - prefix));
    if (side * side === tokens - prefix) return { prefix, grid: [side, side] };
  }
  return { prefix: 0 };
}
