import { createInterface } from 'node:readline';
import type { OutputStream } from './output.js';

/** Asks a question; gives the answer, or what stands when there is none. */
export type Ask = (question: string, otherwise: string) => Promise<string>;

/**
 * Lets a conversation be held with somebody at a terminal; whoever is at none is taken to have said nothing.
 * @param input where the answers come from; undefined for nobody
 */
export async function withQuestions<T>(
  input: (NodeJS.ReadableStream & { readonly isTTY?: boolean }) | undefined,
  output: OutputStream,
  hold: (ask: Ask) => Promise<T>,
): Promise<T> {
  if (input?.isTTY !== true) return hold(async (_, otherwise) => otherwise);
  const reader = createInterface({ input, terminal: false });
  // One reader for the whole conversation: what was typed ahead is an answer to the next question.
  const lines = reader[Symbol.asyncIterator]();
  try {
    return await hold(async (question, otherwise) => {
      output.write(otherwise === '' ? `${question}: ` : `${question} [${otherwise}]: `);
      const next = await lines.next();
      const answer = next.done === true ? '' : next.value.trim();
      return answer === '' ? otherwise : answer;
    });
  } finally {
    reader.close();
  }
}
