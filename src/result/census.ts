/** How often each operator stands in a model, most often first. */
export interface Census {
  readonly operators: readonly { readonly name: string; readonly count: number }[];
}
