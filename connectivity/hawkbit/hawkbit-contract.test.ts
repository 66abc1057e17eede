import { ddiGateway } from '../../tests/support/ddi-device.js';
import { packagedFile } from '../../tests/support/packaged-file.js';
import { describeHandlerContract } from '../testing/handler-contract.js';
import { hawkbit } from './hawkbit-handler.js';

describeHandlerContract("hawkBit's DDI", {
  protocol: hawkbit,
  environment: async () => ({ LEONORE_HAWKBIT_PORT: '0' }),
  strategy: 'pull',
  files: {
    format: 'raw',
    packaged: (blobs) =>
      packagedFile(blobs, {
        name: 'meter',
        version: '1.0.0',
        fileName: 'meter.bin',
        bytes: Buffer.from('meter'),
      }),
  },
  gateway: ddiGateway,
});
