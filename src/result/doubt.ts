/** What a person must know to believe an answer or not: said where the answer is seen. */
export interface Doubt {
  /**
   * `guessed`: nobody says how pictures are prepared. `uniform`: the model is as unsure as it can be. `grey`: colour is
   * thrown away. `squeezed`: little is left of a large picture.
   */
  readonly kind: 'guessed' | 'uniform' | 'grey' | 'squeezed';
  /** A few words, for a column of a table. */
  readonly short: string;
  /** What it is, and the way out. */
  readonly sentence: string;
}
