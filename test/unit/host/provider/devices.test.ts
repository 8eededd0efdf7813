import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deviceFor, driverNeeded, nvidiaFacts, nvidiaPresent } from '../../../../src/host/provider/devices.js';
import { temporaryFolder } from '../../support/temporary.js';

describe('the NVIDIA devices of a machine', () => {
  const root = temporaryFolder();
  const at = (place: string): string => path.join(root, place);
  const places = { proc: at('proc'), dev: at('dev'), smi: [at('nowhere'), at('nvidia-smi')] };

  it('are none where there are none', async () => {
    assert.equal(await nvidiaPresent(places), false);
    assert.deepEqual(await nvidiaFacts(places), { present: false, driver: undefined, devices: [] });
  });

  it('are read of the driver’s files where nvidia-smi does not answer', async () => {
    for (const [bus, model] of [
      ['0000:41:00.0', 'NVIDIA A100-SXM4-80GB'],
      ['0000:01:00.0', 'NVIDIA H200'],
    ] as const) {
      mkdirSync(at(`proc/gpus/${bus}`), { recursive: true });
      writeFileSync(
        at(`proc/gpus/${bus}/information`),
        `Model: \t\t ${model}\nIRQ:   \t\t 16\nGPU UUID: \t GPU-${bus}\n`,
      );
    }
    writeFileSync(
      at('proc/version'),
      'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.105.08  Release Build\nGCC version:  gcc 12\n',
    );
    writeFileSync(
      at('nvidia-smi'),
      '#!/bin/sh\necho "Failed to initialize NVML: Driver/library version mismatch"\nexit 18\n',
    );
    chmodSync(at('nvidia-smi'), 0o755);
    const facts = await nvidiaFacts(places);
    assert.equal(facts.driver, '580.105.08');
    assert.deepEqual(
      facts.devices.map((device) => device.name),
      ['NVIDIA H200', 'NVIDIA A100-SXM4-80GB'],
    );
    writeFileSync(at('proc/version'), 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.57.02  Tue Jul 13\n');
    assert.equal((await nvidiaFacts(places)).driver, '470.57.02');
  });

  it('are asked of nvidia-smi', async function () {
    if (process.platform === 'win32') this.skip();
    writeFileSync(
      at('nvidia-smi'),
      '#!/bin/sh\necho "0, NVIDIA H200, GPU-aa11, 143771 MiB, 550.54.15"\necho "1, NVIDIA L4, GPU-bb22, 23034 MiB, 550.54.15"\n',
    );
    const facts = await nvidiaFacts(places);
    assert.equal(facts.driver, '550.54.15');
    assert.deepEqual(facts.devices[1], { index: 1, name: 'NVIDIA L4', uuid: 'GPU-bb22', memory: '23034 MiB' });

    const byBus = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' };
    assert.equal(deviceFor(facts, byBus)?.name, 'NVIDIA H200');
    assert.equal(deviceFor(facts, { ...byBus, CUDA_VISIBLE_DEVICES: '1,0' })?.name, 'NVIDIA L4');
    assert.equal(deviceFor(facts, { CUDA_VISIBLE_DEVICES: 'GPU-bb' })?.name, 'NVIDIA L4');
    assert.equal(deviceFor(facts, { ...byBus, CUDA_VISIBLE_DEVICES: '' }), undefined, 'none is visible');
    assert.equal(deviceFor(facts, { CUDA_VISIBLE_DEVICES: 'MIG-aa11' }), undefined);
    assert.equal(deviceFor(facts, {}), undefined, 'CUDA counts the fastest first: not the same order');
    assert.equal(
      deviceFor({ ...facts, devices: facts.devices.slice(1) }, {})?.name,
      undefined,
      'index 1 alone is not the first',
    );
  });

  it('need a driver that is new enough', () => {
    assert.equal(driverNeeded('470.57.02', 12), '525.60.13');
    assert.equal(driverNeeded('525.60.13', 12), undefined);
    assert.equal(driverNeeded('525.105.17', 12), undefined);
    assert.equal(driverNeeded('550.54.15', 13), '580.65.06');
    assert.equal(driverNeeded(undefined, 12), undefined);
  });
});
