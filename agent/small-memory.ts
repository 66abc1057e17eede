/**
 * Keeps the memory of an agent small, since gateways have little. Three things would make it grow for a moment, each
 * by some 30 MB: the optimising compiler for the WebAssembly of the HTTP parser, V8's generous nursery, and buffers
 * that pile up between two garbage collections. To be imported before connections are made.
 */
import { setFlagsFromString } from 'node:v8';

// The plain compiler's code is fast enough for any network that a gateway has.
setFlagsFromString('--liftoff-only');
setFlagsFromString('--max-semi-space-size=1');
setFlagsFromString('--semi-space-growth-factor=1');
