import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { CancelledError } from '../../../../src/base/errors.js';
import { CUDA_PACKAGE } from '../../../../src/host/provider/cudaPackage.js';
import { isFetched } from '../../../../src/host/provider/fetched.js';
import { fetchPackage, offeredPackage } from '../../../../src/host/provider/fetchPackage.js';
import { versionOf } from '../../../../src/host/provider/runtimePackage.js';
import { zipOf } from '../../support/zip.js';
import { temporaryFolder } from '../../support/temporary.js';

const VERSION = '1.30.0';
const ID = 'microsoft.ml.onnxruntime.gpu.linux';
const LIBRARIES = {
  'runtimes/linux-x64/native/libonnxruntime_providers_cuda.so': Buffer.alloc(3_000_000, 'cuda'),
  'runtimes/linux-x64/native/libonnxruntime_providers_shared.so': Buffer.from('shared'),
  'runtimes/linux-x64/native/libonnxruntime_providers_tensorrt.so': Buffer.from('not wanted'),
};

describe('fetching ONNX Runtime’s CUDA package', () => {
  let server: Server;
  let feed: string;
  let packed: Buffer;
  let details: Record<string, unknown>;
  let deliver: (response: ServerResponse) => void;

  before((done) => {
    server = createServer((request, response) => {
      const here = feed.replace('/index.json', '');
      const documents: Record<string, unknown> = {
        '/index.json': {
          resources: [
            { '@id': `${here}/flat`, '@type': 'PackageBaseAddress/3.0.0' },
            { '@id': `${here}/registration/`, '@type': 'RegistrationsBaseUrl' },
          ],
        },
        [`/registration/${ID}/${VERSION}.json`]: { catalogEntry: `${here}/catalog.json` },
        '/catalog.json': details,
      };
      const document = documents[request.url!];
      if (document !== undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
      else if (request.url === `/flat/${ID}/${VERSION}/${ID}.${VERSION}.nupkg`) deliver(response);
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1', () => {
      feed = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.json`;
      done();
    });
  });
  after(() => void server.close());

  const pack = (files: Readonly<Record<string, Uint8Array>>): void => {
    packed = zipOf(files);
    details = {
      packageHash: createHash('sha512').update(packed).digest('base64'),
      packageHashAlgorithm: 'SHA512',
      packageSize: packed.length,
    };
  };
  beforeEach(() => {
    pack(LIBRARIES);
    deliver = (response) => response.setHeader('content-length', packed.length).end(packed);
  });
  const failing = async (code: string, message: RegExp, storage = temporaryFolder()): Promise<void> => {
    await assert.rejects(
      offeredPackage(feed, VERSION).then((offered) => fetchPackage(offered, { storage })),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        return true;
      },
    );
    assert.deepEqual(readdirSync(storage), [], 'nothing half made stays');
    assert.equal(await isFetched(storage, VERSION), false);
  };

  it('names the package as the installation of onnxruntime-node does', () => {
    const require = createRequire(path.resolve('package.json'));
    const metadata = require('onnxruntime-node/script/install-metadata.js') as {
      requirements: Record<string, string[]>;
      manifests: Record<string, Record<string, { package: string; path: string }>>;
      packages: Record<string, { name: string; versions: { feed: string; version: string }[] }>;
      feeds: Record<string, { index: string }>;
    };
    assert.deepEqual(metadata.requirements['linux/x64'], ['cuda12']);
    const file = metadata.manifests['linux/x64:cuda12']!['./libonnxruntime_providers_cuda.so']!;
    const { name, versions } = metadata.packages[file.package]!;
    assert.equal(path.dirname(file.path), CUDA_PACKAGE.folder);
    assert.equal(name, CUDA_PACKAGE.name);
    assert.equal(metadata.feeds[versions[0]!.feed]!.index, CUDA_PACKAGE.feed);
    const own = require('onnxruntime-node/package.json') as { version: string };
    assert.equal(versions[0]!.version, own.version, 'the version is that of the runtime');
  });

  it('lays the libraries into a folder that says its version', async () => {
    const storage = temporaryFolder();
    const offered = await offeredPackage(feed, VERSION);
    assert.equal(offered.bytes, packed.length);
    const fractions: number[] = [];
    const folder = await fetchPackage(offered, {
      storage,
      onProgress: ({ fraction }) => void (fraction !== undefined && fractions.push(fraction)),
    });
    assert.deepEqual(readdirSync(folder).sort(), [
      'fetched.json',
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
    ]);
    assert.equal(statSync(path.join(folder, 'libonnxruntime_providers_cuda.so')).size, 3_000_000);
    assert.equal(readFileSync(path.join(folder, 'libonnxruntime_providers_shared.so'), 'utf8'), 'shared');
    assert.equal((await versionOf(folder)).version, VERSION);
    assert.notEqual(fractions.length, 1);
    assert.equal(fractions.at(-1), 1);
    assert.deepEqual(
      fractions,
      [...fractions].sort((a, b) => a - b),
    );
    assert.deepEqual(readdirSync(storage), [`onnxruntime-${VERSION}`]);
    assert.equal(await isFetched(storage, VERSION), true);
  });

  it('throws away what is not what the feed says', async () => {
    const good = packed;
    packed = Buffer.from(good);
    packed[100]! ^= 1;
    await failing('cuda/checksum', /SHA-512 differs/);
  });

  it('stops when it is cancelled, and leaves nothing', async () => {
    const storage = temporaryFolder();
    const cancel = new AbortController();
    deliver = (response) => {
      response.setHeader('content-length', packed.length).write(packed.subarray(0, 1_000_000));
      setTimeout(() => cancel.abort(), 50); // and the rest never comes
    };
    const offered = await offeredPackage(feed, VERSION);
    await assert.rejects(fetchPackage(offered, { storage, signal: cancel.signal }), CancelledError);
    assert.deepEqual(readdirSync(storage), []);
  });

  it('says when the connection broke off', async () => {
    deliver = (response) => {
      response.setHeader('content-length', packed.length).write(packed.subarray(0, 1_000_000));
      setTimeout(() => response.destroy(), 50);
    };
    await failing('cuda/feed', /broke off after \d\.\d MB/);
  });

  it('refuses before the disk is full', async () => {
    details['packageSize'] = 1e16;
    await failing('cuda/disk-full', /is full, and 10000000000 MB are needed/);
  });

  it('says what it cannot write to', async () => {
    const storage = path.join(temporaryFolder(), 'file');
    writeFileSync(storage, '');
    const offered = await offeredPackage(feed, VERSION);
    await assert.rejects(fetchPackage(offered, { storage }), {
      code: 'cuda/disk',
      message: /file cannot be written to/,
    });
  });

  it('refuses a feed that states no checksum, lacks the version, or is none', async () => {
    delete details['packageHash'];
    await failing('cuda/feed', /states no SHA-512/);
    await assert.rejects(offeredPackage(feed, '9.9.9'), /answers 404, not found/);
    await assert.rejects(offeredPackage(feed.replace('index.json', 'nothing'), VERSION), /answers 404/);
    await assert.rejects(offeredPackage('http://127.0.0.1:1/index.json', VERSION), /cannot be reached/);
    await assert.rejects(offeredPackage('http://feed.invalid/index.json', VERSION), /over https only/);
    await assert.rejects(offeredPackage('somewhere', VERSION), /is no address/);
  });

  it('refuses a package that lacks a library, and one that is no archive', async () => {
    pack({ 'runtimes/linux-x64/native/libonnxruntime_providers_shared.so': Buffer.from('x') });
    await failing('cuda/feed', /holds no runtimes\/linux-x64\/native\/libonnxruntime_providers_cuda\.so/);
    packed = Buffer.from('<html>');
    details['packageHash'] = createHash('sha512').update(packed).digest('base64');
    await failing('cuda/feed', /cannot be unpacked/);
  });
});
