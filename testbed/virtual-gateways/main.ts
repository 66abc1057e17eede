/** A process of virtual gateways. */
import { gatewaysCommand } from './command.js';

await gatewaysCommand().parseAsync();
