/** What a method says about itself. From one description come the panel's form, the command line's flags and the documentation. */

export type ParameterValue = number | string | boolean;

/** One parameter. `choice` values are the command line's words; every parameter has a default. */
export type ParameterSpec = { readonly title: string; readonly description: string; readonly unit?: string } & (
  | {
      readonly type: 'integer' | 'number';
      readonly default: number;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly step?: number;
    }
  | { readonly type: 'choice'; readonly default: string; readonly choices: readonly string[] }
  | { readonly type: 'boolean'; readonly default: boolean }
  /** Free text, e.g. a list of patch sizes. */
  | { readonly type: 'text'; readonly default: string; readonly pattern?: string }
);

export type ParameterSchema = Readonly<Record<string, ParameterSpec>>;

/** Values of a schema's parameters. */
export type ParametersOf<S extends ParameterSchema> = {
  readonly [K in keyof S]: S[K] extends { readonly type: 'integer' | 'number' }
    ? number
    : S[K] extends { readonly type: 'boolean' }
      ? boolean
      : S[K] extends { readonly type: 'choice'; readonly choices: readonly (infer C)[] }
        ? C
        : string;
};

export type Chapter =
  | 'weights'
  | 'activations'
  | 'attribution'
  | 'reconstruction'
  | 'embedding'
  | 'attention'
  | 'comparison'
  | 'concepts'
  | 'sanity'
  | 'benchmark';

export interface MethodDescription {
  /** The command line's word, e.g. `integrated_gradients`. */
  readonly id: string;
  readonly title: string;
  readonly chapter: Chapter;
  /** One sentence: what question it answers. */
  readonly summary: string;
  /** e.g. "Simonyan et al. 2014, Deep Inside Convolutional Networks, arXiv:1312.6034". */
  readonly citation: string;
  readonly parameters: ParameterSchema;
  /** `black-box` needs forward passes only; `gradient` needs a differentiable path. */
  readonly needs: 'black-box' | 'gradient';
  /** Whether a layer is asked for: `none`, `optional` (the point of view), `chosen` (it picks one itself unless told). */
  readonly layer: 'none' | 'optional' | 'chosen';
  readonly properties: {
    /** Values have a sign that means something. */
    readonly signed: boolean;
    /** The values add up to a score difference. */
    readonly complete: boolean;
    /** Draws random numbers, from the request's seed. */
    readonly seeded: boolean;
    /** The map of a weighted sum of scores is the weighted sum of their maps (for a fixed seed). */
    readonly linear?: boolean;
    /** Its own backward rule for ReLU lets the picture's edges through, whatever the weights (Nie et al. 2018, arXiv:1805.07039). */
    readonly edges?: boolean;
    /** `channel`: `[C,H,W]` like the input; `pixel`: one value per pixel `[H,W]`. */
    readonly shape: 'channel' | 'pixel';
  };
}
