import TestRunner from 'jest-runner';

/** Runs one test file after the other, while nothing else runs: for those that keep the machine busy by themselves. */
export default class SerialRunner extends TestRunner {
  isSerial = true;
}
