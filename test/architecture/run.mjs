// npm run test:architecture: the rules of the house over the sources and over what the last build put into each bundle.
import Mocha from 'mocha';
import { runMocha } from '../../.build/counts.mjs';

const mocha = new Mocha({ ui: 'bdd', timeout: 180_000, slow: 20_000 });
mocha.addFile('test/architecture/architecture.test.mjs');
await mocha.loadFilesAsync();
await runMocha(mocha, 'architecture');
