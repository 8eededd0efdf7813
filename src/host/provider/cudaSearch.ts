import path from 'node:path';
import { readElf } from './elf.js';
import { isNvidia, LibraryIndex, type Found } from './libraryIndex.js';
import { exists, libraryPath, listed, LINUX, real, toolkitPlaces, type Place, type SystemPlaces } from './loader.js';
import { environmentsOf, sitePackages, type NamedPython } from './pythonPlaces.js';
import { CUDA_LIBRARY, plainPackage, SHARED_LIBRARY, versionOf, type RuntimeVersion } from './runtimePackage.js';

/** A library that the provider is linked against, directly or through others, or that these open by name. */
export interface Need {
  readonly soname: string;
  readonly neededBy: string;
  /** Where it is; undefined: nowhere. */
  readonly found: Found | undefined;
  /** Of a missing one: the same in other versions, which do not do. */
  readonly others: readonly Found[];
}

/** A folder with ONNX Runtime's CUDA provider, and what is known of it. */
export interface Candidate {
  readonly folder: string;
  readonly of: string;
  readonly version: RuntimeVersion;
  readonly needs: readonly Need[];
  /** Why it cannot be used whatever else is there; undefined: it can, if nothing is missing. */
  readonly unfit: string | undefined;
}

export interface CudaFindings {
  /** Version that is needed: the runner's ONNX Runtime. */
  readonly runtime: string;
  readonly candidates: readonly Candidate[];
  /** What was looked at and is no candidate, a sentence each. */
  readonly remarks: readonly string[];
  /** What the package that can be fetched is expected to need, looked for in the same places. */
  readonly expected: readonly Need[];
}

export interface CudaQuestion {
  /** Version of the runner's ONNX Runtime, and its library. */
  readonly runtime: { readonly version: string; readonly library: string };
  readonly pythons: readonly NamedPython[];
  /** Folders that a person named for the provider, or into which we fetched it. */
  readonly providers: readonly Place[];
  /** Folders that a person named for CUDA and cuDNN. */
  readonly libraries: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Whether a file may be loaded at all: what lies in a workspace that is not trusted may not. */
  readonly mayLoad: (file: string) => boolean;
  readonly system?: SystemPlaces;
}

/** What a library opens by name while it runs: it is linked against none of them. */
const OPENED: readonly (readonly [by: RegExp, readonly string[]])[] = [
  [/^libcudnn\.so\.9$/, ['libcudnn_graph.so.9', 'libcudnn_ops.so.9']],
  [/^libcudart\.so\.\d+$/, ['libcuda.so.1']],
];
/** What builds for CUDA 12 and cuDNN 9 were linked against. */
const EXPECTED = ['libcublasLt.so.12', 'libcublas.so.12', 'libcudart.so.12', 'libcufft.so.11', 'libcudnn.so.9'];

/** Looks for the CUDA provider and everything that it needs. Reads files' heads and folders' lists; runs and loads nothing. */
export async function searchCuda(question: CudaQuestion): Promise<CudaFindings> {
  const { environment, runtime } = question;
  const system = question.system ?? LINUX;
  const index = new LibraryIndex(system);
  const given = new Set([...((await readElf(runtime.library))?.needed ?? []), 'libonnxruntime.so.1', SHARED_LIBRARY]);
  const remarks: string[] = [];
  const may = async (folder: string): Promise<boolean> =>
    question.mayLoad(folder) && question.mayLoad(await real(folder));
  const allowed = async (places: readonly Place[]): Promise<Place[]> => {
    const answers = await Promise.all(places.map(({ folder }) => may(folder)));
    return places.filter((_, i) => answers[i]);
  };

  const own: { readonly place: Place; readonly libraries: readonly Place[] }[] = [];
  const named = await allowed(question.libraries.map((folder) => ({ folder, of: 'onnxLens.cuda.libraryPath' })));
  for (const { prefix, by } of await environmentsOf(question.pythons, environment)) {
    const of = `the Python environment ${prefix} (${by})`;
    if (!(await may(prefix))) {
      remarks.push(`Not looked into, as this workspace is not trusted: ${of}.`);
      continue;
    }
    const packages = await sitePackages(prefix, environment);
    const libraries = await allowed([...(await wheelPlaces(packages, of)), { folder: path.join(prefix, 'lib'), of }]);
    const places = await allowed([
      ...packages.map((folder) => ({ folder: path.join(folder, 'onnxruntime', 'capi'), of })),
      { folder: path.join(prefix, 'lib'), of },
    ]);
    const holders: Place[] = [];
    for (const place of places) if ((await index.names(place.folder)).includes(CUDA_LIBRARY)) holders.push(place);
    if (holders.length === 0) remarks.push(await remark(of, packages, runtime.version));
    own.push(...holders.map((place) => ({ place, libraries })));
    if (holders.length === 0) own.push({ place: { folder: '', of }, libraries });
  }
  const loaderPlaces = await allowed(libraryPath(environment));
  const elsewhere = [
    ...(await allowed(question.providers)),
    ...loaderPlaces,
    ...system.builtIn.map((folder) => ({ folder, of: folder })),
  ];
  const environments = own.flatMap(({ libraries }) => libraries);
  for (const place of elsewhere)
    if ((await index.names(place.folder)).includes(CUDA_LIBRARY)) own.push({ place, libraries: [] });

  const after = await allowed(await toolkitPlaces(system, environment));
  const look = (start: readonly string[], by: string, first: readonly Place[]): Promise<Need[]> =>
    closure(start, by, given, {
      index,
      before: [...named, ...first, ...environments, ...loaderPlaces],
      after,
      fromLoaderPath: new Set(loaderPlaces.map(({ folder }) => folder)),
    });

  const candidates: Candidate[] = [];
  const seen = new Set<string>();
  for (const { place, libraries } of own) {
    if (place.folder === '' || seen.has(await real(place.folder))) continue;
    seen.add(await real(place.folder));
    const version = await versionOf(place.folder);
    const library = await readElf(path.join(place.folder, CUDA_LIBRARY));
    const beside = await allowed(
      [place.folder, ...(library?.runpath ?? []).map((each) => each.replace(/^\$(ORIGIN|\{ORIGIN\})/, place.folder))]
        .filter((folder) => path.isAbsolute(folder))
        .map((folder) => ({ folder: path.resolve(folder), of: place.of })),
    );
    candidates.push({
      ...place,
      version,
      unfit: await unfitness(place.folder, version, runtime.version, library !== undefined),
      needs: library === undefined ? [] : await look(library.needed, CUDA_LIBRARY, [...beside, ...libraries]),
    });
  }
  // One that fits first, then those that lack least.
  const rank = (each: Candidate): number => (each.unfit === undefined ? 0 : 1000) + missing(each).length;
  candidates.sort((a, b) => rank(a) - rank(b));
  return { runtime: runtime.version, candidates, remarks, expected: await look(EXPECTED, CUDA_LIBRARY, []) };
}

/** What a candidate needs and has not. */
export function missing(candidate: { readonly needs: readonly Need[] }): Need[] {
  return candidate.needs.filter((need) => need.found === undefined);
}

/** Whether a candidate can be used as it is. */
export function fits(candidate: Candidate): boolean {
  return candidate.unfit === undefined && missing(candidate).length === 0;
}

async function unfitness(
  folder: string,
  version: RuntimeVersion,
  runtime: string,
  readable: boolean,
): Promise<string | undefined> {
  if (!readable) return `its ${CUDA_LIBRARY} is no library for 64-bit x86`;
  if (version.version === undefined)
    return `nothing beside it says of which ONNX Runtime it is, and it has to be ${runtime}`;
  if (version.version !== runtime) return `it is of ONNX Runtime ${version.version}, and it has to be ${runtime}`;
  if (!(await exists(path.join(folder, SHARED_LIBRARY)))) return `${SHARED_LIBRARY} is not beside it`;
  return undefined;
}

async function remark(of: string, packages: readonly string[], runtime: string): Promise<string> {
  for (const folder of packages) {
    const plain = await plainPackage(folder);
    if (plain !== undefined)
      return `Without CUDA: onnxruntime ${plain} in ${of}; the package onnxruntime-gpu ${runtime} would bring it.`;
  }
  return `No ONNX Runtime in ${of}.`;
}

/** Folders of NVIDIA's wheels and of PyTorch among installed packages. */
async function wheelPlaces(packages: readonly string[], of: string): Promise<Place[]> {
  const places: Place[] = [];
  for (const folder of packages) {
    for (const name of await listed(path.join(folder, 'nvidia')))
      places.push({ folder: path.join(folder, 'nvidia', name, 'lib'), of });
    places.push({ folder: path.join(folder, 'torch', 'lib'), of });
  }
  return places;
}

interface Where {
  readonly index: LibraryIndex;
  readonly before: readonly Place[];
  readonly after: readonly Place[];
  /** Folders of LD_LIBRARY_PATH: what is found there, the loader finds too. */
  readonly fromLoaderPath: ReadonlySet<string>;
}

/** Everything that is needed to load what is linked against `start`. */
async function closure(
  start: readonly string[],
  by: string,
  given: ReadonlySet<string>,
  where: Where,
): Promise<Need[]> {
  const needs = new Map<string, Need>();
  const queue = start.map((soname) => ({ soname, neededBy: by }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { soname, neededBy } = next;
    if (given.has(soname) || needs.has(soname) || soname.startsWith('ld-linux')) continue;
    // Of what is not NVIDIA's, the system's own comes first: the runner's other libraries live with that.
    const { before, after } = isNvidia(soname) ? where : { before: [], after: [...where.before, ...where.after] };
    const place = await where.index.find(soname, before, after);
    const found =
      place === undefined || !where.fromLoaderPath.has(path.dirname(place.file)) ? place : { ...place, byLoader: true };
    const others = found === undefined ? await where.index.others(soname, [...where.before, ...where.after]) : [];
    needs.set(soname, { soname, neededBy, found, others });
    if (found === undefined) continue; // what it would need in turn comes with it
    const more = (await readElf(found.file))?.needed ?? [];
    const opened = OPENED.flatMap(([pattern, names]) => (pattern.test(soname) ? names : []));
    queue.push(...[...more, ...opened].map((each) => ({ soname: each, neededBy: soname })));
  }
  return [...needs.values()];
}
