import assert from 'node:assert/strict';
import type { Candidate, Need } from '../../../../src/host/provider/cudaSearch.js';
import { against, candidateName, cardLine, pipCommand, report } from '../../../../src/host/provider/cudaText.js';
import type { NvidiaFacts } from '../../../../src/host/provider/devices.js';

const need = (soname: string, file?: string, others: readonly string[] = []): Need => ({
  soname,
  neededBy: 'libonnxruntime_providers_cuda.so',
  found: file === undefined ? undefined : { soname, file, of: 'here', byLoader: false },
  others: others.map((other) => ({ soname: other.split('/').at(-1)!, file: other, of: 'there', byLoader: true })),
});
const candidate = (needs: readonly Need[], unfit?: string): Candidate => ({
  folder: '/venv/capi',
  of: 'the Python environment /venv (VIRTUAL_ENV)',
  version: { version: '1.30.0', from: 'onnxruntime-gpu' },
  needs,
  unfit,
});
const card: NvidiaFacts = {
  present: true,
  driver: '550.54.15',
  devices: [{ index: 0, name: 'NVIDIA H200', memory: '143771 MiB' }],
};

describe('what is said about CUDA', () => {
  it('names what is missing, by whom it is needed, what is there instead, and what brings it', () => {
    const needs = [
      need('libcudart.so.12', '/a/libcudart.so.12'),
      need('libcudnn.so.9', undefined, ['/b/libcudnn.so.8']),
    ];
    assert.deepEqual(against(candidate(needs), card), [
      'Missing: libcudnn.so.9, which libonnxruntime_providers_cuda.so needs. There is /b/libcudnn.so.8, another version, which does not do.',
    ]);
    assert.equal(candidateName(candidate(needs)), 'ONNX Runtime 1.30.0 with CUDA 12');
    assert.equal(pipCommand([needs[1]!, need('libcudnn_ops.so.9')]), 'pip install nvidia-cudnn-cu12');
    assert.equal(pipCommand([need('libsomething.so.3')]), undefined, 'half of an answer is none');
    assert.equal(pipCommand([need('libcuda.so.1')]), undefined, 'no wheel brings a driver');
  });

  it('tells a driver that is missing from one that is too old', () => {
    assert.deepEqual(against(candidate([need('libcuda.so.1')]), card), [
      'Missing: libcuda.so.1, which the NVIDIA driver brings.',
    ]);
    assert.deepEqual(against(candidate([need('libcudart.so.13', '/a')]), card), [
      'The driver 550.54.15 is too old: CUDA 13 needs 580.65.06 or newer.',
    ]);
  });

  it('names the card as far as it is known', () => {
    assert.equal(cardLine(card), 'NVIDIA H200, 143771 MiB; driver 550.54.15');
    assert.equal(cardLine({ ...card, devices: [] }), 'driver 550.54.15, no device told');
    assert.match(cardLine({ present: false, driver: undefined, devices: [] }), /^no NVIDIA device or driver/);
  });

  it('reports every place', () => {
    const lines = report(
      {
        runtime: '1.30.0',
        candidates: [candidate([need('libcudart.so.12', '/a/libcudart.so.12')]), candidate([], 'it is of another')],
        remarks: ['No ONNX Runtime in x.'],
        expected: [need('libcudnn.so.9')],
      },
      card,
    ).join('\n');
    assert.match(lines, /^Fits: ONNX Runtime 1\.30\.0 with CUDA 12 in the Python environment \/venv/m);
    assert.match(lines, /libcudart\.so\.12: \/a\/libcudart\.so\.12/);
    assert.match(lines, /^Does not do: .*\n.*\n {4}It does not fit: it is of another\.$/m);
    assert.match(lines, /not here: libcudnn\.so\.9\. pip install nvidia-cudnn-cu12 would bring it\./);
  });
});
