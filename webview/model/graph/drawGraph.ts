import type { Colormap } from '../../../src/result/colormap.js';
import type { Size } from '../../shared/canvas/geometry.js';
import { kindOf, type GraphScene, type SceneEdge, type SceneNode } from './scene.js';
import type { Placed } from './layoutMessages.js';

/** `x`, `y`: the point of the graph in the middle of the view; `zoom`: CSS pixels for a unit of the graph. */
export interface GraphViewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** How nodes are coloured: by kind, or by a share from 0 to 1. */
export interface GraphColors {
  readonly colors: Colormap;
  /** `undefined`: by kind. */
  share?(node: SceneNode): number;
}

export interface DrawGraphOptions {
  readonly room: Size;
  readonly view: GraphViewport;
  readonly ratio: number;
  readonly coloured: GraphColors;
  /** Ids. */
  readonly selected: string | undefined;
  readonly active: string | undefined;
  /** Names of the frames' modules. */
  readonly frameName: (module: number) => string;
  readonly background?: boolean;
}

/** Below this zoom texts cannot be read and are left out. */
const TEXTS_FROM = 0.45;
const EDGE_TEXTS_FROM = 0.75;

/** Draws what is in sight of a graph. */
export function drawGraph(canvas: HTMLCanvasElement, scene: GraphScene, o: DrawGraphOptions): void {
  const { room, view, ratio } = o;
  const [width, height] = [Math.round(room.width * ratio), Math.round(room.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d')!;
  const theme = themeColors();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (o.background) {
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
  }
  const scale = view.zoom * ratio;
  context.setTransform(scale, 0, 0, scale, width / 2 - view.x * scale, height / 2 - view.y * scale);
  const [halfWidth, halfHeight] = [room.width / 2 / view.zoom, room.height / 2 / view.zoom];
  const inSight = (left: number, top: number, right: number, bottom: number): boolean =>
    right >= view.x - halfWidth &&
    left <= view.x + halfWidth &&
    bottom >= view.y - halfHeight &&
    top <= view.y + halfHeight;
  const seen = ({ x, y, width: w, height: h }: Placed): boolean => inSight(x, y, x + w, y + h);
  const texts = view.zoom >= TEXTS_FROM;
  for (const frame of scene.frames)
    if (seen(frame)) drawFrame(context, frame, o.frameName(frame.module), theme, view.zoom);
  context.lineWidth = 1.2 / Math.max(0.5, view.zoom);
  for (const edge of scene.edges) drawEdge(context, edge, o, theme, inSight);
  for (const node of scene.nodes) if (seen(node)) drawNode(context, node, o, theme, texts);
}

function drawFrame(context: CanvasRenderingContext2D, frame: Placed, name: string, theme: Theme, zoom: number): void {
  context.fillStyle = theme.frame;
  context.strokeStyle = theme.border;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(frame.x, frame.y, frame.width, frame.height, 6);
  context.fill();
  context.stroke();
  if (zoom < TEXTS_FROM) return;
  context.fillStyle = theme.dim;
  context.font = `11px ${theme.font}`;
  context.textAlign = 'left';
  context.textBaseline = 'top';
  context.fillText(`− ${name}`, frame.x + 6, frame.y + 5, frame.width - 10);
}

function drawEdge(
  context: CanvasRenderingContext2D,
  { edge, points, text, label }: SceneEdge,
  { view, selected, active }: DrawGraphOptions,
  theme: Theme,
  inSight: (left: number, top: number, right: number, bottom: number) => boolean,
): void {
  if (points.length < 4) return;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]!);
    right = Math.max(right, points[i]!);
    top = Math.min(top, points[i + 1]!);
    bottom = Math.max(bottom, points[i + 1]!);
  }
  if (!inSight(left, top, right, bottom)) return;
  const strong = [edge.from, edge.to].some((id) => id === selected || id === active);
  context.strokeStyle = context.fillStyle = strong ? theme.selection : theme.edge;
  context.beginPath();
  context.moveTo(points[0]!, points[1]!);
  for (let i = 2; i < points.length - 2; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!];
    context.quadraticCurveTo(x, y, (x + points[i + 2]!) / 2, (y + points[i + 3]!) / 2);
  }
  const [x, y] = [points.at(-2)!, points.at(-1)!];
  context.lineTo(x, y);
  context.stroke();
  const angle = Math.atan2(y - points.at(-3)!, x - points.at(-4)!);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - 7 * Math.cos(angle - 0.4), y - 7 * Math.sin(angle - 0.4));
  context.lineTo(x - 7 * Math.cos(angle + 0.4), y - 7 * Math.sin(angle + 0.4));
  context.fill();
  if (view.zoom < TEXTS_FROM || (view.zoom < EDGE_TEXTS_FROM && !strong)) return;
  const middle = 2 * Math.floor(points.length / 4);
  // Where no room was left for it, beside the middle of the edge.
  const place = label ?? { x: points[middle]! + 4, y: points[middle + 1]! };
  context.textAlign = label === undefined ? 'left' : 'center';
  context.textBaseline = 'middle';
  context.lineWidth = 3;
  context.strokeStyle = theme.background;
  const write = (line: string, dy: number, font: string, color: string): void => {
    if (line === '') return;
    context.font = `${font} ${theme.font}`;
    context.strokeText(line, place.x, place.y + dy);
    context.fillStyle = color;
    context.fillText(line, place.x, place.y + dy);
  };
  write(text.name, -7, '10px', strong ? theme.foreground : theme.dim);
  write(text.shape, 8, '10px', strong ? theme.foreground : theme.dim);
  context.lineWidth = 1.2 / Math.max(0.5, view.zoom);
}

function drawNode(
  context: CanvasRenderingContext2D,
  placed: SceneNode,
  o: DrawGraphOptions,
  theme: Theme,
  texts: boolean,
): void {
  const { x, y, width, height, node, id } = placed;
  const round = node.kind === 'input' || node.kind === 'output' ? height / 2 : 4;
  context.fillStyle = theme.node;
  context.strokeStyle = id === o.active ? theme.focus : id === o.selected ? theme.selection : theme.border;
  context.lineWidth = id === o.active || id === o.selected ? 2.5 : 1;
  context.beginPath();
  context.roundRect(x, y, width, height, round);
  context.fill();
  context.stroke();
  if (node.kind === 'module') {
    // A second edge behind: there is more inside.
    context.beginPath();
    context.moveTo(x + 4, y + height + 3);
    context.lineTo(x + width - 4, y + height + 3);
    context.stroke();
  }
  context.save();
  context.beginPath();
  context.roundRect(x, y, width, height, round);
  context.clip();
  context.fillStyle = stripColor(placed, o.coloured, theme);
  context.fillRect(x, y, 7, height);
  context.restore();
  if (!texts) return;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillStyle = theme.foreground;
  context.font = `600 12px ${theme.font}`;
  context.fillText(
    clipped(context, node.kind === 'module' ? `+ ${node.label}` : node.label, width - 20),
    x + 13,
    y + 13,
  );
  context.fillStyle = theme.dim;
  context.font = `10.5px ${theme.font}`;
  context.fillText(clipped(context, node.detail, width - 20), x + 13, y + 27);
}

function clipped(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = (least + most + 1) >> 1;
    // The end of a name tells more than its beginning.
    if (context.measureText(`…${text.slice(-middle)}`).width <= width) least = middle;
    else most = middle - 1;
  }
  return `…${least === 0 ? '' : text.slice(-least)}`;
}

function stripColor(node: SceneNode, { colors, share }: GraphColors, theme: Theme): string {
  if (share !== undefined) {
    const value = share(node);
    // Nothing is known of it: no colour of the scale.
    if (Number.isNaN(value)) return theme.node;
    const at = 3 * Math.round(255 * Math.max(0, Math.min(1, value)));
    return `rgb(${colors.table[at]}, ${colors.table[at + 1]}, ${colors.table[at + 2]})`;
  }
  if (node.node.kind === 'module') return theme.dim;
  return node.node.kind === 'node' ? theme.kinds[kindOf(node.node.label)] : theme.kinds.other;
}

type Theme = ReturnType<typeof themeColors>;

/** Names of the editor's chart colours, by what a node does. */
export const KIND_COLORS = {
  weights: '--vscode-charts-blue',
  normalise: '--vscode-charts-purple',
  activate: '--vscode-charts-red',
  pool: '--vscode-charts-green',
  shape: '--vscode-charts-yellow',
  other: '--vscode-charts-foreground',
} as const;

function themeColors(): {
  readonly background: string;
  readonly node: string;
  readonly frame: string;
  readonly border: string;
  readonly foreground: string;
  readonly dim: string;
  readonly edge: string;
  readonly focus: string;
  readonly selection: string;
  readonly font: string;
  readonly kinds: Readonly<Record<keyof typeof KIND_COLORS, string>>;
} {
  const style = getComputedStyle(document.body);
  const variable = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const foreground = variable('--vscode-foreground', '#888');
  const dim = variable('--vscode-descriptionForeground', foreground);
  const kind = (name: keyof typeof KIND_COLORS): string => variable(KIND_COLORS[name], dim);
  return {
    background: variable('--vscode-editor-background', '#1e1e1e'),
    node: variable('--vscode-editorWidget-background', '#252526'),
    frame: variable('--vscode-list-hoverBackground', 'rgba(128, 128, 128, 0.08)'),
    border: variable('--vscode-contrastBorder', variable('--vscode-scrollbarSlider-background', '#555')),
    foreground,
    dim,
    edge: dim,
    focus: variable('--vscode-focusBorder', '#0078d4'),
    selection: variable('--vscode-contrastActiveBorder', variable('--vscode-textLink-foreground', '#0078d4')),
    font: style.fontFamily,
    kinds: {
      weights: kind('weights'),
      normalise: kind('normalise'),
      activate: kind('activate'),
      pool: kind('pool'),
      shape: kind('shape'),
      other: kind('other'),
    },
  };
}
