import { relative } from 'node:path';

/** Names the tests that passed at their second try only, at the end of the run. */
export default class SecondTryReporter {
  constructor({ rootDir }) {
    this.rootDir = rootDir;
    this.named = [];
  }

  onTestResult(_test, { testFilePath, testResults }) {
    for (const { status, invocations, fullName } of testResults)
      if (status === 'passed' && invocations > 1)
        this.named.push(`${relative(this.rootDir, testFilePath)}: ${fullName}`);
  }

  onRunComplete() {
    if (this.named.length === 0) return;
    const lines = [`Passed at the second try only (${this.named.length}):`, ...this.named];
    process.stderr.write(`\n${lines.join('\n  ')}\n`);
  }
}
