import type { ParameterSchema } from './method.js';

/** A way from many dimensions to two or three, as it is offered. */
export interface EmbeddingMethod {
  readonly id: 'pca' | 'tsne' | 'umap';
  readonly title: string;
  readonly summary: string;
  readonly citation: string;
  readonly parameters: ParameterSchema;
}

const COMPONENTS = {
  title: 'Dimensions',
  description: 'Of the picture: a plane or space.',
  type: 'integer',
  default: 2,
  minimum: 2,
  maximum: 3,
} as const;

const METRIC = {
  title: 'Distance',
  description: 'What near means: the Euclidean distance, or the angle (cosine).',
  type: 'choice',
  default: 'euclidean',
  choices: ['euclidean', 'cosine'],
} as const;

export const embeddingMethods = [
  {
    id: 'pca',
    title: 'Principal components',
    summary: 'The directions along which the points vary most. Distances are true as far as the share says.',
    citation: 'Pearson 1901; Hotelling 1933',
    parameters: {
      components: {
        title: 'Components',
        description: 'How many are answered; the first two are drawn.',
        type: 'integer',
        default: 2,
        minimum: 1,
        maximum: 1024,
      },
    },
  },
  {
    id: 'tsne',
    title: 't-SNE',
    summary:
      'Neighbours stay together. Sizes of groups and distances between them mean nothing, and another seed looks different.',
    citation: 'van der Maaten and Hinton 2008; Barnes-Hut: van der Maaten 2014, arXiv:1301.3342',
    parameters: {
      components: COMPONENTS,
      perplexity: {
        title: 'Perplexity',
        description: 'About how many neighbours each point has.',
        type: 'number',
        default: 30,
        minimum: 2,
        maximum: 500,
      },
      steps: {
        title: 'Steps',
        description: 'Of gradient descent.',
        type: 'integer',
        default: 1000,
        minimum: 250,
        maximum: 10_000,
      },
      metric: METRIC,
    },
  },
  {
    id: 'umap',
    title: 'UMAP',
    summary:
      'Neighbours stay together, and groups are drawn tight. Distances between groups mean little, and another seed looks different.',
    citation: 'McInnes, Healy and Melville 2018, arXiv:1802.03426',
    parameters: {
      components: COMPONENTS,
      neighbours: {
        title: 'Neighbours',
        description: 'Of each point, itself included.',
        type: 'integer',
        default: 15,
        minimum: 2,
        maximum: 200,
      },
      distance: {
        title: 'Least distance',
        description: 'How near points may lie to each other in the picture.',
        type: 'number',
        default: 0.1,
        minimum: 0,
        maximum: 0.99,
      },
      metric: METRIC,
    },
  },
] as const satisfies readonly EmbeddingMethod[];
