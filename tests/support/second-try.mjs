import { jest } from '@jest/globals';

/**
 * Tests on processes of others (Temporal's servers, PostgreSQL, brokers, agents) are tried once more when they fail: on
 * a loaded machine one of some thousands stands still or comes too late. The error of the first try is printed, and the
 * tests that needed the second are named at the end of the run (second-try-reporter.mjs): each is a fault to be found.
 */
jest.retryTimes(1, { logErrorsBeforeRetry: true });
