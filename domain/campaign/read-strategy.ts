import { Compile } from 'typebox/compile';
import { findSchemaProblem } from '../artifact/schema-problem.js';
import { formatPath, readSource } from '../artifact/source-document.js';
import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';
import { checkStrategy } from './check-strategy.js';
import { StrategySchema, type Strategy } from './strategy.js';

const validator = Compile(StrategySchema);

/**
 * Reads a strategy, YAML or JSON.
 * @param fileName named in errors only
 * @throws LeonoreError STRATEGY_INVALID with `file:line:column: path: message`; TOO_LARGE
 */
export function readStrategy(text: string, fileName: string): Strategy {
  const source = readSource(text, fileName, { code: 'STRATEGY_INVALID', maxBytes: limits.strategyBytes });
  const problem = findSchemaProblem(validator, source.value);
  if (problem !== null) source.fail(problem.path, problem.message, problem.at);
  const strategy = source.value as Strategy;
  checkStrategy(strategy, (path, message) => source.fail(path, message));
  return strategy;
}

/**
 * Judges a strategy that has come as a value, such as in the body of a request.
 * @throws LeonoreError STRATEGY_INVALID with `path: message`
 */
export function parseStrategy(value: unknown): Strategy {
  const problem = findSchemaProblem(validator, value);
  if (problem !== null) throw invalid(problem.path, problem.message);
  const strategy = value as Strategy;
  checkStrategy(strategy, (path, message) => {
    throw invalid(path, message);
  });
  return strategy;
}

function invalid(path: Parameters<typeof formatPath>[0], message: string): LeonoreError {
  const place = formatPath(path);
  const where = place === '' ? 'strategy' : `strategy: ${place}`;
  return new LeonoreError('STRATEGY_INVALID', `${where}: ${message}`, { path: place });
}
