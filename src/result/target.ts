/** What is said of a target beside a result. */
export interface TargetSummary {
  /** The class, of a difference the first; the channel of a unit. */
  readonly index: number;
  readonly label: string;
  /** The box that is explained, x0, y0, x1, y1 in pixels of the model's input. */
  readonly box?: readonly [x0: number, y0: number, x1: number, y1: number];
}

/**
 * Whether the text of a target asks for a class, whichever: its rank, index or name. A text with a `#` (a unit: `conv3#5`),
 * a dash between spaces (a difference: `cat - dog`), the word of a kind and a colon in front (`box:1`), or four numbers
 * behind an `@` (`cat@0,0,9,9`) is a question of its own. What a new kind of target is written like has one of them, so
 * that it is known without the model.
 */
export function asksForClass(text: string): boolean {
  return !/#|\s[-−]\s|^\s*(?:box|mask|place|similar|value):|@\s*-?[\d.]+\s*(?:,\s*-?[\d.]+\s*){3}$/i.test(text);
}

/** The text of a target for people: what is painted by hand is no text to read. */
export function readableTarget(text: string): string {
  return text.replace(/\bmask:\d+x\d+:[\da-z,]*/gi, 'painted region');
}
