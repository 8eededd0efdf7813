import type { Size } from '../../shared/canvas/geometry.js';
import type { Camera, Seen } from './cloud.js';
import type { Inks } from './inks.js';
import type { Scene } from './scene.js';

/** What is drawn over the points. */
export interface Over {
  readonly scene: Scene;
  readonly seen: Seen;
  readonly order: Uint32Array;
  readonly room: Size;
  readonly inks: Inks;
  /** What the directions are; none where they have no meaning. */
  readonly axes: readonly string[];
  /** Of space: how it is turned. */
  readonly turns: Camera | undefined;
  readonly hovered: number | undefined;
  readonly focused: number | undefined;
  /** A lasso or a rectangle that is being drawn. */
  readonly outline: readonly number[] | undefined;
  /** Draws a picture; `false` where it is not there yet. Absent: points are points. */
  paint?(point: number, x: number, y: number, side: number): boolean;
  readonly zoom?: number;
}

/** Pictures at once, and names at once. */
const PICTURES = 800;
const NAMES = 150;

export function drawOver(context: CanvasRenderingContext2D, o: Over): void {
  const { inks, seen } = o;
  context.font = `11px ${inks.font}`;
  if (o.paint !== undefined) pictures(context, o);
  axes(context, o);
  if (o.scene.names !== undefined) names(context, o, o.scene.names);
  for (const [point, radius] of [
    [o.hovered, 8],
    [o.focused, 11],
  ] as const) {
    if (point === undefined) continue;
    const [x, y] = [seen.xy[2 * point]!, seen.xy[2 * point + 1]!];
    ring(context, x, y, radius, 4, inks.paper);
    ring(context, x, y, radius, 2, inks.focus);
  }
  const { outline } = o;
  if (outline !== undefined && outline.length >= 4) {
    context.beginPath();
    for (let k = 0; k < outline.length; k += 2) context.lineTo(outline[k]!, outline[k + 1]!);
    context.closePath();
    context.globalAlpha = 0.15;
    context.fillStyle = inks.focus;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = inks.focus;
    context.lineWidth = 1.5;
    context.setLineDash([5, 3]);
    context.stroke();
    context.setLineDash([]);
  }
}

function ring(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  width: number,
  colour: string,
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}

/** Pictures where none covers another; what is on top comes first. The others stay points. */
function pictures(context: CanvasRenderingContext2D, { scene, seen, order, room, paint, zoom = 1, inks }: Over): void {
  const side = Math.round(Math.max(18, Math.min(72, 26 * Math.sqrt(zoom))));
  const taken = new Set<number>();
  const columns = Math.ceil(room.width / side) + 3;
  const there: number[] = [];
  for (let k = order.length - 1; k >= 0 && there.length < PICTURES; k--) {
    const i = order[k]!;
    const [x, y] = [seen.xy[2 * i]!, seen.xy[2 * i + 1]!];
    if (!(x > -side && y > -side && x < room.width + side && y < room.height + side)) continue;
    // One for each cell of a grid: two of neighbouring cells may overlap, but none is hidden.
    const cell = (Math.floor(y / side) + 1) * columns + Math.floor(x / side) + 1;
    if (taken.has(cell)) continue;
    taken.add(cell);
    there.push(i);
  }
  for (const i of there.reverse()) {
    const [x, y] = [seen.xy[2 * i]! - side / 2, seen.xy[2 * i + 1]! - side / 2];
    if (!paint!(i, x, y, side)) continue;
    const colour = scene.colours[i]!;
    const selected = scene.selected[i] === 1;
    context.strokeStyle = selected ? inks.ink : `rgb(${colour & 255} ${(colour >>> 8) & 255} ${(colour >>> 16) & 255})`;
    context.lineWidth = selected ? 3 : 2;
    // A dashed frame says "wrong", as the diamond does.
    if (scene.shapes[i] === 1) context.setLineDash([3, 2]);
    context.strokeRect(x, y, side, side);
    context.setLineDash([]);
  }
}

function axes(context: CanvasRenderingContext2D, { axes: texts, turns, room, inks }: Over): void {
  context.fillStyle = inks.dim;
  context.strokeStyle = inks.dim;
  context.lineWidth = 1;
  context.textBaseline = 'alphabetic';
  if (turns === undefined) {
    if (texts.length < 2) return;
    context.textAlign = 'right';
    context.fillText(`${texts[0]!} →`, room.width - 8, room.height - 8);
    context.textAlign = 'left';
    context.fillText(`↑ ${texts[1]!}`, 8, 16);
    return;
  }
  // Three short lines in a corner say how space is turned.
  const [x0, y0, length] = [34, room.height - 34, 22];
  const [cy, sy, cp, sp] = [Math.cos(turns.yaw), Math.sin(turns.yaw), Math.cos(turns.pitch), Math.sin(turns.pitch)];
  const ends: readonly (readonly [number, number])[] = [
    [cy, -sp * sy],
    [0, -cp],
    [sy, sp * cy],
  ];
  context.textAlign = 'center';
  for (const [k, [dx, dy]] of ends.entries()) {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x0 + length * dx, y0 + length * dy);
    context.stroke();
    context.fillText(String(k + 1), x0 + (length + 8) * dx, y0 + (length + 8) * dy + 4);
  }
}

/** Names beside points, as long as none covers another. */
function names(
  context: CanvasRenderingContext2D,
  { seen, order, room, inks, focused, hovered }: Over,
  texts: readonly string[],
): void {
  const taken: { x: number; y: number; w: number }[] = [];
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.lineWidth = 3;
  context.strokeStyle = inks.paper;
  context.fillStyle = inks.ink;
  const first = [hovered, focused].filter((i) => i !== undefined);
  for (const i of [...first, ...order]) {
    if (taken.length > NAMES) break;
    const [x, y] = [seen.xy[2 * i]!, seen.xy[2 * i + 1]!];
    if (!(x >= 0 && y >= 0 && x < room.width && y < room.height)) continue;
    const text = texts[i]!.length > 28 ? `${texts[i]!.slice(0, 27)}…` : texts[i]!;
    const w = context.measureText(text).width + 10;
    if (taken.some((t) => Math.abs(t.y - y) < 13 && x < t.x + t.w && t.x < x + w)) continue;
    taken.push({ x, y, w });
    context.strokeText(text, x + 8, y);
    context.fillText(text, x + 8, y);
  }
}
