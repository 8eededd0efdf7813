import type { ParameterSchema } from '../../result/method.js';

/** What can be asked about attention, for the command line and the panel alike. */
export const attentionParameters = {
  map: {
    title: 'Map',
    description:
      'The matrices themselves; rollout, their product over layers (Abnar and Zuidema 2020); or relevance, weighted by the gradient of a class (Chefer et al. 2021).',
    type: 'choice',
    default: 'attention',
    choices: ['attention', 'rollout', 'relevance'],
  },
  fusion: {
    title: 'Heads',
    description: 'How the heads of a layer are joined for a rollout.',
    type: 'choice',
    default: 'mean',
    choices: ['mean', 'max', 'min'],
  },
  start: {
    title: 'First layer',
    description: 'From which layer on rollout and relevance multiply.',
    type: 'integer',
    default: 0,
    minimum: 0,
  },
  token: {
    title: 'Token',
    description: 'Whose look is drawn: class, centre, or ROW,COLUMN of the grid.',
    type: 'text',
    default: 'class',
  },
} as const satisfies ParameterSchema;
