import path from 'node:path';
import { fits, missing, type Candidate, type CudaFindings, type Need } from './cudaSearch.js';
import { driverNeeded, type NvidiaFacts } from './devices.js';
import { CUDA_LIBRARY } from './runtimePackage.js';

/** The wheels that bring the libraries of CUDA 12, by the beginnings of their names. */
const WHEELS: readonly (readonly [library: RegExp, wheel: string])[] = [
  [/^libcublas(Lt)?\.so\.12$/, 'nvidia-cublas-cu12'],
  [/^libcudart\.so\.12$/, 'nvidia-cuda-runtime-cu12'],
  [/^libcufft\.so\.11$/, 'nvidia-cufft-cu12'],
  [/^libcurand\.so\.10$/, 'nvidia-curand-cu12'],
  [/^libnvrtc\.so\.12$/, 'nvidia-cuda-nvrtc-cu12'],
  [/^libnvJitLink\.so\.12$/, 'nvidia-nvjitlink-cu12'],
  [/^libcudnn(_\w+)?\.so\.9$/, 'nvidia-cudnn-cu12'],
];

/** "ONNX Runtime 1.30.0 with CUDA 12.8" */
export function candidateName({ version, needs }: Pick<Candidate, 'version' | 'needs'>): string {
  const cuda = version.cuda ?? cudaMajor(needs);
  return `ONNX Runtime ${version.version ?? 'of unknown version'} with CUDA${cuda === undefined ? '' : ` ${cuda}`}`;
}

/** What stands against a candidate, one sentence each; none where it fits. */
export function against(candidate: Candidate, facts: NvidiaFacts): string[] {
  return [
    ...(candidate.unfit === undefined ? [] : [`It does not fit: ${candidate.unfit}.`]),
    ...lacks(missing(candidate)),
    ...driverSentences(candidate.needs, facts),
  ];
}

/** What is missing, grouped: the same libraries in another version stand in one sentence. */
export function lacks(needs: readonly Need[]): string[] {
  return needs.map(({ soname, neededBy, others }) => {
    if (soname === 'libcuda.so.1') return 'Missing: libcuda.so.1, which the NVIDIA driver brings.';
    const instead = others.map((other) => other.file).slice(0, 3);
    const but = instead.length === 0 ? '' : ` There is ${instead.join(' and ')}, another version, which does not do.`;
    return `Missing: ${soname}, which ${neededBy} needs.${but}`;
  });
}

/** Whether the driver is too old for what is needed. */
export function driverSentences(needs: readonly Need[], { driver }: NvidiaFacts): string[] {
  const major = cudaMajor(needs);
  const needed = major === undefined ? undefined : driverNeeded(driver, Number(major));
  return needed === undefined ? [] : [`The driver ${driver} is too old: CUDA ${major} needs ${needed} or newer.`];
}

/** "libcudnn.so.9, libcufft.so.11 and 3 more" */
export function names(needs: readonly Need[]): string {
  const [all, shown] = [needs.map(({ soname }) => soname), 2];
  return all.length <= shown + 1 ? all.join(', ') : `${all.slice(0, shown).join(', ')} and ${all.length - shown} more`;
}

/** What brings the missing libraries into a Python environment; undefined where no wheel does, or not all is known. */
export function pipCommand(needs: readonly Need[]): string | undefined {
  const wanted = needs.filter(({ soname }) => soname !== 'libcuda.so.1');
  const wheels = wanted.map(({ soname }) => WHEELS.find(([library]) => library.test(soname))?.[1]);
  if (wheels.length === 0 || wheels.includes(undefined)) return undefined;
  return `pip install ${[...new Set(wheels)].join(' ')}`;
}

/** The card and its driver in one line. */
export function cardLine({ present, driver, devices }: NvidiaFacts): string {
  const names = devices.map(({ name, memory }) => (memory === undefined ? name : `${name}, ${memory}`)).join('; ');
  if (names !== '') return driver === undefined ? names : `${names}; driver ${driver}`;
  if (driver !== undefined) return `driver ${driver}, no device told`;
  return present ? 'an NVIDIA device, of which the driver tells nothing' : 'no NVIDIA device or driver was found';
}

/** All that was found, line by line, for the log. */
export function report(found: CudaFindings, facts: NvidiaFacts): string[] {
  const lines = [`CUDA: ${cardLine(facts)}. ONNX Runtime ${found.runtime} is needed.`];
  for (const candidate of found.candidates) {
    const sentences = against(candidate, facts);
    lines.push(`${fits(candidate) ? 'Fits' : 'Does not do'}: ${candidateName(candidate)} in ${candidate.of}`);
    lines.push(`    ${path.join(candidate.folder, CUDA_LIBRARY)}${from(candidate)}`);
    for (const { soname, found: at } of candidate.needs) if (at !== undefined) lines.push(`    ${soname}: ${at.file}`);
    lines.push(...sentences.map((sentence) => `    ${sentence}`));
  }
  if (found.candidates.length === 0) lines.push(`No ${CUDA_LIBRARY} was found.`);
  lines.push(...found.remarks);
  const lacking = missing({ needs: found.expected });
  const wheel = pipCommand(lacking);
  lines.push(
    `ONNX Runtime's own package needs CUDA 12 and cuDNN 9; ${
      lacking.length === 0
        ? 'all of it that is expected is here'
        : `not here: ${lacking.map((need) => need.soname).join(', ')}`
    }.${wheel === undefined ? '' : ` ${wheel} would bring it.`}`,
  );
  return lines;
}

function from({ version }: Candidate): string {
  return version.version === undefined ? '' : ` (${version.version} by ${version.from})`;
}

function cudaMajor(needs: readonly Need[]): string | undefined {
  return needs
    .map(({ soname }) => /^lib(?:cudart|cublas)\.so\.(\d+)$/.exec(soname)?.[1])
    .find((each) => each !== undefined);
}
