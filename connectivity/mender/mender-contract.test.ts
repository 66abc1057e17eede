import { menderGateway } from '../../tests/support/mender-device.js';
import { packagedFile } from '../../tests/support/packaged-file.js';
import { describeHandlerContract } from '../testing/handler-contract.js';
import { mender } from './mender-handler.js';

describeHandlerContract("Mender's device API", {
  protocol: mender,
  environment: async () => ({ LEONORE_MENDER_PORT: '0' }),
  strategy: 'pull',
  profilesUnasked: true,
  files: {
    format: 'mender',
    packaged: (blobs) =>
      packagedFile(blobs, {
        name: 'meter',
        version: '1.0.0',
        fileName: 'meter.mender',
        bytes: Buffer.from('meter'),
      }),
  },
  gateway: menderGateway,
});
