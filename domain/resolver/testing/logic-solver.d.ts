/** The parts of logic-solver (MiniSat) that the oracle uses; the package brings no types. */
declare module 'logic-solver' {
  type Formula = object;
  type Bits = object;
  type Term = string | Formula;
  interface Solver {
    require(...terms: Term[]): void;
    solve(): object | null;
  }
  const Logic: {
    Solver: new () => Solver;
    or(...terms: (Term | readonly Term[])[]): Formula;
    not(term: Term): Formula;
    implies(left: Term, right: Term): Formula;
    atMostOne(...terms: (Term | readonly Term[])[]): Formula;
    sum(terms: readonly Term[]): Bits;
    weightedSum(terms: readonly Term[], weights: readonly number[]): Bits;
    constantBits(value: number): Bits;
    lessThanOrEqual(left: Bits, right: Bits): Formula;
  };
  export default Logic;
}
