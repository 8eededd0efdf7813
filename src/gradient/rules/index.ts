import type { RuleEntry } from '../rule.js';
import { activationRules } from './activation.js';
import { arithmeticRules } from './arithmetic.js';
import { convolutionRules } from './convolution.js';
import { gatherRules } from './gather.js';
import { identityRules } from './identity.js';
import { linearRules } from './linear.js';
import { normalisationRules } from './normalisation.js';
import { poolingRules } from './pooling.js';
import { reductionRules } from './reduction.js';
import { resizeRules } from './resize.js';
import { shapeRules } from './shape.js';
import { attentionRules } from './attention.js';
import { microsoftRules } from './microsoft.js';
import { quantisedRules } from './quantised.js';
import { quantisedMicrosoftRules } from './quantisedMicrosoft.js';
import { recurrentRules } from './recurrent.js';
import { samplingRules } from './sampling.js';
import { sequenceRules } from './sequence.js';
import { unaryRules } from './unary.js';

/** Every rule, one list per family. */
export const RULES: readonly RuleEntry[] = [
  ...unaryRules,
  ...arithmeticRules,
  ...activationRules,
  ...reductionRules,
  ...linearRules,
  ...convolutionRules,
  ...poolingRules,
  ...normalisationRules,
  ...shapeRules,
  ...gatherRules,
  ...resizeRules,
  ...identityRules,
  ...sequenceRules,
  ...samplingRules,
  ...recurrentRules,
  ...quantisedRules,
  ...quantisedMicrosoftRules,
  ...microsoftRules,
  ...attentionRules,
];
