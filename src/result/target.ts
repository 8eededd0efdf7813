/**
 * Whether the text of a target asks for a class, whichever: its rank, index or name. A text with a `#` (a unit: `conv3#5`) or
 * a dash between spaces (a difference: `cat - dog`) is a question of its own. What a new kind of target is written like
 * has one of them, so that it is known without the model.
 */
export function asksForClass(text: string): boolean {
  return !/#|\s[-−]\s/.test(text);
}
