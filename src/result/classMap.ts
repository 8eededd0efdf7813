/** Which class of a segmentation wins each place of what the model sees. */
export interface ClassMap {
  readonly width: number;
  readonly height: number;
  /** One more than the class, rows from the top; 0 where none wins (a single mask). */
  readonly winners: Uint16Array;
  /** Classes that win a place, the most places first. */
  readonly classes: readonly {
    readonly index: number;
    readonly label: string;
    /** Of the places, 0 to 1. */
    readonly share: number;
  }[];
}

/** The class at a pixel of a picture of the given size, which the map lies over; undefined where none wins. */
export function classAt(
  { width, height, winners, classes }: ClassMap,
  picture: { readonly width: number; readonly height: number },
  { x, y }: { readonly x: number; readonly y: number },
): ClassMap['classes'][number] | undefined {
  const column = Math.floor(((x + 0.5) * width) / picture.width);
  const row = Math.floor(((y + 0.5) * height) / picture.height);
  const index = (winners[row * width + column] ?? 0) - 1;
  return classes.find((c) => c.index === index);
}
