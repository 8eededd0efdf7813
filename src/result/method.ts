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

/** What kind of question a method answers, in the order in which the groups are offered. */
export const METHOD_GROUPS = {
  where: { title: 'Where: maps of classes', summary: 'regions whose features argue for the target; coarse, one pass' },
  pixels: {
    title: 'Which pixels: gradients',
    summary: 'pixels whose change moves the score, at one point or over many',
  },
  rules: {
    title: 'Which pixels: own rules',
    summary: 'the score handed back to the pixels by rules other than the gradient',
  },
  without: { title: 'What happens without', summary: 'the score while parts of the picture are covered' },
  attention: {
    title: 'What tokens look at: attention',
    summary: 'the attention of a transformer joined over its layers; other networks have none',
  },
} as const;

export type MethodGroup = keyof typeof METHOD_GROUPS;

/** A number of passes, or the parameter that it is. */
export type PassCount = number | string;

/** What one map costs with the method's defaults: samples that go through the model, forward only or there and back. */
export interface Passes {
  readonly forward?: PassCount;
  readonly gradient?: PassCount;
}

/** What a gradient takes over a forward pass: 2.2 to 3.2 for the networks of the benchmark. */
const GRADIENT = 2.5;

/** The cost of one map in forward passes, at the method's defaults or with the given parameters. */
export function forwardPasses(
  { passes, parameters }: Pick<MethodDescription, 'passes' | 'parameters'>,
  params: Readonly<Record<string, ParameterValue>> = {},
): number {
  const count = (of: PassCount = 0): number =>
    typeof of === 'number' ? of : Number(params[of] ?? parameters[of]?.default ?? 1);
  return count(passes.forward) + GRADIENT * count(passes.gradient);
}

export interface MethodDescription {
  /** The command line's word, e.g. `integrated_gradients`. */
  readonly id: string;
  readonly title: string;
  readonly chapter: Chapter;
  readonly group: MethodGroup;
  /** One sentence: what question it answers. */
  readonly summary: string;
  /** e.g. "Simonyan et al. 2014, Deep Inside Convolutional Networks, arXiv:1312.6034". */
  readonly citation: string;
  readonly parameters: ParameterSchema;
  /** `black-box` needs forward passes only; `gradient` needs a differentiable path. */
  readonly needs: 'black-box' | 'gradient';
  /** It joins attention from token to token over layers: networks without cannot be asked. */
  readonly attends?: true;
  readonly passes: Passes;
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

/** Whether a method can be asked of one model, and what a map costs there. */
export interface MethodFit {
  readonly id: string;
  /** Seconds that a map with the defaults takes here, by the time of a forward pass; not known before the model has run. */
  readonly seconds?: number;
  /** Why the model cannot be asked with it, as a sentence. */
  readonly refused?: string;
  /** What is to be known of it on this model. */
  readonly note?: string;
}

/** In place of a method: the best that fits the model, see `method/choice/`. */
export const AUTO = 'auto';

/** Which method was taken where `auto` was asked for, and why, in one sentence. */
export interface MethodChoice {
  readonly by: typeof AUTO;
  readonly method: string;
  readonly sentence: string;
}
