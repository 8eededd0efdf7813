import { rgba } from './stamps.js';

/** Colours of the theme, for what is drawn on the map. */
export interface Inks {
  readonly paper: string;
  readonly ink: string;
  readonly dim: string;
  readonly focus: string;
  readonly font: string;
  /** The same as pixels. */
  readonly paperPixel: number;
  readonly inkPixel: number;
}

export function inks(): Inks {
  const style = getComputedStyle(document.body);
  const variable = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const paper = variable('--vscode-editor-background', '#1e1e1e');
  const ink = variable('--vscode-foreground', '#cccccc');
  return {
    paper,
    ink,
    dim: variable('--vscode-descriptionForeground', ink),
    focus: variable('--vscode-contrastActiveBorder', variable('--vscode-focusBorder', '#0078d4')),
    font: style.fontFamily,
    paperPixel: pixelOf(paper),
    inkPixel: pixelOf(ink),
  };
}

const known = new Map<string, number>();

/** Any colour of a style sheet as an opaque pixel. */
function pixelOf(colour: string): number {
  let pixel = known.get(colour);
  if (pixel === undefined) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1, 1];
    const context = canvas.getContext('2d')!;
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    pixel = rgba(r!, g!, b!);
    known.set(colour, pixel);
  }
  return pixel;
}
