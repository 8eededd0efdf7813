import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  fits,
  missing,
  searchCuda,
  type CudaFindings,
  type CudaQuestion,
} from '../../../../src/host/provider/cudaSearch.js';
import { linksFor } from '../../../../src/host/provider/home.js';
import { elfLibrary, loaderCache, type MadeLibrary } from '../../support/elf.js';
import { temporaryFolder } from '../../support/temporary.js';

/** A machine made of folders: an environment of Python, wheels of NVIDIA, toolkits, a cache of the loader. */
class Machine {
  readonly root = temporaryFolder();
  readonly system = {
    loaderCache: this.at('etc/ld.so.cache'),
    toolkits: this.at('usr/local'),
    wsl: this.at('usr/lib/wsl/lib'),
    builtIn: [this.at('usr/lib64')],
  };
  readonly cached: { soname: string; file: string }[] = [];

  constructor() {
    this.library('runtime/libonnxruntime.so.1', { needed: ['libc.so.6', 'libstdc++.so.6'] });
  }

  at(place: string): string {
    return path.join(this.root, place);
  }

  write(place: string, content: string | Uint8Array): void {
    mkdirSync(path.dirname(this.at(place)), { recursive: true });
    writeFileSync(this.at(place), content);
  }

  library(place: string, made: MadeLibrary = {}): void {
    this.write(
      place,
      elfLibrary({ soname: path.basename(place), ...made, needed: [...(made.needed ?? []), 'libc.so.6'] }),
    );
  }

  cache(place: string, made: MadeLibrary = {}): void {
    this.library(place, made);
    this.cached.push({ soname: path.basename(place), file: this.at(place) });
    this.write('etc/ld.so.cache', Buffer.concat([Buffer.from('ld.so-1.7.0 of old'), loaderCache(this.cached)]));
  }

  /** `onnxruntime-gpu` in an environment. */
  gpuPackage(prefix: string, version = '1.30.0', cuda: readonly string[] = CUDA): void {
    const packages = `${prefix}/lib/python3.11/site-packages`;
    this.library(`${packages}/onnxruntime/capi/libonnxruntime_providers_cuda.so`, { needed: cuda });
    this.library(`${packages}/onnxruntime/capi/libonnxruntime_providers_shared.so`);
    this.write(
      `${packages}/onnxruntime/capi/build_and_package_info.py`,
      `package_name = 'onnxruntime-gpu'\n__version__ = '${version}'\ncuda_version = '12.8'\n`,
    );
    this.write(`${packages}/onnxruntime_gpu-${version}.dist-info/METADATA`, '');
  }

  /** The wheels that come with PyTorch. */
  wheels(prefix: string): void {
    const nvidia = `${prefix}/lib/python3.11/site-packages/nvidia`;
    this.library(`${nvidia}/cublas/lib/libcublas.so.12`, { needed: ['libcublasLt.so.12'], runpath: '$ORIGIN' });
    this.library(`${nvidia}/cublas/lib/libcublasLt.so.12`);
    this.library(`${nvidia}/cuda_runtime/lib/libcudart.so.12`);
    this.library(`${nvidia}/cudnn/lib/libcudnn.so.9`);
    for (const part of ['graph', 'ops', 'cnn', 'engines_precompiled'])
      this.library(`${nvidia}/cudnn/lib/libcudnn_${part}.so.9`);
  }

  search(question: Partial<CudaQuestion> = {}): Promise<CudaFindings> {
    return searchCuda({
      runtime: { version: '1.30.0', library: this.at('runtime/libonnxruntime.so.1') },
      pythons: [{ path: this.at('venv/bin/python'), by: 'selected' }],
      providers: [],
      libraries: [],
      environment: {},
      mayLoad: () => true,
      system: this.system,
      ...question,
    });
  }
}

const CUDA = ['libcublas.so.12', 'libcudnn.so.9', 'libcudart.so.12'];

describe('the search for the CUDA provider', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
    machine.cache('usr/lib64/libcuda.so.1');
  });

  it('finds a Python environment with onnxruntime-gpu and the wheels beside PyTorch', async () => {
    machine.gpuPackage('venv');
    machine.wheels('venv');
    const [candidate, ...others] = (await machine.search()).candidates;
    assert.ok(candidate);
    assert.equal(others.length, 0);
    assert.ok(fits(candidate), JSON.stringify(candidate, null, 1));
    assert.deepEqual(candidate.version, { version: '1.30.0', from: 'onnxruntime-gpu', cuda: '12.8' });
    const found = Object.fromEntries(candidate.needs.map((need) => [need.soname, need.found?.file]));
    const nvidia = machine.at('venv/lib/python3.11/site-packages/nvidia');
    assert.equal(found['libcublasLt.so.12'], path.join(nvidia, 'cublas/lib/libcublasLt.so.12'), 'a need of a need');
    assert.equal(found['libcudnn_graph.so.9'], path.join(nvidia, 'cudnn/lib/libcudnn_graph.so.9'), 'opened by name');
    assert.equal(found['libcuda.so.1'], machine.at('usr/lib64/libcuda.so.1'));
    assert.equal(found['libc.so.6'], undefined, 'what ONNX Runtime itself has is not looked for');

    const links = await linksFor(candidate, machine.at('runtime/libonnxruntime.so.1'));
    assert.equal(links.get('libonnxruntime.so.1'), machine.at('runtime/libonnxruntime.so.1'));
    assert.equal(links.get('libcublas.so.12'), path.join(nvidia, 'cublas/lib/libcublas.so.12'));
    assert.ok(links.has('libcudnn_engines_precompiled.so.9'), 'the parts of cuDNN come along');
    assert.ok(!links.has('libcuda.so.1'), 'the loader finds that one by itself');
  });

  it('says which library is missing, who needs it, and which other version is there', async () => {
    machine.gpuPackage('venv');
    machine.wheels('venv');
    rmSync(machine.at('venv/lib/python3.11/site-packages/nvidia/cudnn'), { recursive: true });
    machine.library('usr/local/cuda-11.8/lib64/libcudnn.so.8');
    const [candidate] = (await machine.search()).candidates;
    assert.ok(candidate);
    assert.ok(!fits(candidate));
    assert.equal(candidate.unfit, undefined);
    const lacks = missing(candidate);
    assert.deepEqual(
      lacks.map((need) => need.soname),
      ['libcudnn.so.9'],
    );
    assert.equal(lacks[0]!.neededBy, 'libonnxruntime_providers_cuda.so');
    machine.library('venv/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9');
    const half = missing((await machine.search()).candidates[0]!).map((need) => need.soname);
    assert.deepEqual(half, ['libcudnn_graph.so.9', 'libcudnn_ops.so.9'], 'cuDNN in part is missing in part');
    assert.deepEqual(
      lacks[0]!.others.map((other) => other.file),
      [machine.at('usr/local/cuda-11.8/lib64/libcudnn.so.8')],
    );
  });

  it('takes libraries of the system, of a toolkit and of a named folder', async () => {
    machine.gpuPackage('venv');
    machine.cache('usr/lib64/libcudart.so.12');
    machine.library('usr/local/cuda-12.4/lib64/libcublas.so.12', { needed: ['libcublasLt.so.12'] });
    machine.library('usr/local/cuda-12.4/lib64/libcublasLt.so.12');
    for (const name of ['libcudnn', 'libcudnn_graph', 'libcudnn_ops']) machine.library(`opt/cudnn/${name}.so.9`);
    const [candidate] = (await machine.search({ libraries: [machine.at('opt/cudnn')] })).candidates;
    assert.ok(candidate);
    assert.ok(fits(candidate), JSON.stringify(candidate, null, 1));
    const links = await linksFor(candidate, machine.at('runtime/libonnxruntime.so.1'));
    assert.deepEqual(
      ['libcublas.so.12', 'libcudnn.so.9', 'libcudart.so.12'].map((name) => links.has(name)),
      [true, true, false],
    );
    const viaPath = await machine.search({ environment: { LD_LIBRARY_PATH: `${machine.at('opt/cudnn')}:` } });
    assert.ok(fits(viaPath.candidates[0]!));
    assert.ok(!(await linksFor(viaPath.candidates[0]!, 'x')).has('libcudnn.so.9'), 'LD_LIBRARY_PATH stays in force');
  });

  it('refuses another version, an unknown one, another machine and a half installation, each with its reason', async () => {
    machine.gpuPackage('venv', '1.22.0');
    machine.library('opt/unknown/libonnxruntime_providers_cuda.so');
    machine.library('opt/release/libonnxruntime_providers_cuda.so');
    machine.write('opt/release/libonnxruntime.so.1.30.0', '');
    machine.library('opt/arm/libonnxruntime_providers_cuda.so', { machine: 183 });
    const providers = ['unknown', 'release', 'arm'].map((name) => ({ folder: machine.at(`opt/${name}`), of: name }));
    const { candidates } = await machine.search({ providers });
    const why = new Map(candidates.map((each) => [path.basename(each.folder), each.unfit]));
    assert.match(why.get('capi')!, /of ONNX Runtime 1\.22\.0, and it has to be 1\.30\.0/);
    assert.match(why.get('unknown')!, /nothing beside it says/);
    assert.match(why.get('release')!, /libonnxruntime_providers_shared\.so is not beside it/);
    assert.match(why.get('arm')!, /no library for 64-bit x86/);
  });

  it('knows the libraries of onnxruntime-gpu although onnxruntime was installed over it', async () => {
    machine.gpuPackage('venv', '1.22.0');
    const packages = 'venv/lib/python3.11/site-packages';
    machine.write(`${packages}/onnxruntime/__init__.py`, '__version__ = "1.30.0"\n');
    machine.write(`${packages}/onnxruntime/capi/build_and_package_info.py`, "__version__ = '1.30.0'\n");
    machine.write(`${packages}/onnxruntime-1.30.0.dist-info/METADATA`, '');
    assert.match((await machine.search()).candidates[0]!.unfit!, /1\.22\.0/);
  });

  it('says what an environment has instead, and what the package to fetch would find', async () => {
    machine.wheels('venv');
    machine.write('venv/lib/python3.11/site-packages/onnxruntime/__init__.py', '__version__ = "1.30.0"\n');
    const found = await machine.search();
    assert.deepEqual(found.candidates, []);
    assert.match(
      found.remarks.join(),
      /Without CUDA: onnxruntime 1\.30\.0 in the Python environment .*venv \(selected\)/,
    );
    assert.deepEqual(
      missing({ needs: found.expected }).map((need) => need.soname),
      ['libcufft.so.11'],
    );
  });

  it('looks into no folder that may not be loaded, whatever link leads there', async () => {
    machine.gpuPackage('work/.venv');
    machine.wheels('work/.venv');
    machine.write('elsewhere/x', '');
    symlinkSync(machine.at('work/.venv'), machine.at('elsewhere/linked'));
    const found = await machine.search({
      pythons: ['work/.venv', 'elsewhere/linked'].map((place) => ({ path: machine.at(place), by: 'named' })),
      providers: [{ folder: machine.at('work/.venv/lib/python3.11/site-packages/onnxruntime/capi'), of: 'named' }],
      environment: { LD_LIBRARY_PATH: machine.at('work/.venv/lib/python3.11/site-packages/nvidia/cudnn/lib') },
      mayLoad: (file) => !file.startsWith(machine.at('work')),
    });
    assert.deepEqual(found.candidates, []);
    assert.ok(missing({ needs: found.expected }).some((need) => need.soname === 'libcudnn.so.9'));
    assert.equal(found.remarks.filter((remark) => remark.includes('not trusted')).length, 2);
  });

  it('finds a conda environment, where all lies in one folder, and links nothing but NVIDIA’s from it', async () => {
    machine.library('conda/lib/libonnxruntime_providers_cuda.so', { needed: [...CUDA, 'libz.so.1'] });
    machine.library('conda/lib/libonnxruntime_providers_shared.so');
    machine.write('conda/lib/libonnxruntime.so.1.30.0', '');
    for (const name of [
      'libcublas.so.12',
      'libcudart.so.12',
      'libcudnn.so.9',
      'libcudnn_graph.so.9',
      'libcudnn_ops.so.9',
    ])
      machine.library(`conda/lib/${name}`);
    machine.library('conda/lib/libz.so.1');
    machine.library('conda/lib/libssl.so.3');
    machine.cache('usr/lib64/libz.so.1');
    const [candidate] = (await machine.search({ pythons: [{ path: machine.at('conda'), by: 'CONDA_PREFIX' }] }))
      .candidates;
    assert.ok(candidate);
    assert.ok(fits(candidate), JSON.stringify(candidate, null, 1));
    const links = await linksFor(candidate, 'x');
    assert.deepEqual(
      ['libcudnn_ops.so.9', 'libz.so.1', 'libssl.so.3'].map((name) => links.has(name)),
      [true, false, false],
    );
  });
});
