/**
 * Variables are the integers from 1. A literal is a variable or its negation, written as one integer so that it can
 * index an array: 2v for v, 2v + 1 for not v.
 */
export type Literal = number;

export function positive(variable: number): Literal {
  return variable << 1;
}

export function not(literal: Literal): Literal {
  return literal ^ 1;
}

export function variableOf(literal: Literal): number {
  return literal >> 1;
}
