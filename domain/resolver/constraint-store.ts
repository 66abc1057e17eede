import type { Requirement } from '../artifact/manifest.js';
import type { ArtifactRequest } from '../plan/request.js';
import { ClauseLog } from './clause-log.js';
import type { GatewayFacts, InstalledPackage } from './gateway-facts.js';
import type { NewNode, Node } from './nodes.js';
import type { Linear } from './solver/linear.js';
import { positive, type Literal } from './solver/literal.js';
import { SatSolver } from './solver/sat-solver.js';

/** What a constraint means, for explanations. */
export type ConstraintTag =
  | { readonly type: 'request'; readonly request: ArtifactRequest }
  | { readonly type: 'requires'; readonly owner: Node; readonly requirement: Requirement }
  | {
      readonly type: 'conflict';
      readonly declarer: Node;
      readonly other: Node;
      readonly over: { readonly name: string; readonly version: string | undefined };
    }
  | { readonly type: 'one-version'; readonly name: string }
  | { readonly type: 'protected'; readonly package: InstalledPackage }
  | { readonly type: 'order'; readonly nodes: readonly NewNode[] }
  | { readonly type: 'disk' }
  | { readonly type: 'memory' }
  /** Follows from how the constraints are written down, not from the catalog or the gateway. */
  | { readonly type: 'auxiliary' };

/** Both sums over the disk mean the same to people. */
const diskTag: ConstraintTag = { type: 'disk' };
const memoryTag: ConstraintTag = { type: 'memory' };
const auxiliaryTag: ConstraintTag = { type: 'auxiliary' };

/** States constraints to the solver and remembers what each means. */
export class ConstraintStore {
  readonly solver = new SatSolver();
  readonly clauses = new ClauseLog();
  readonly exclusives: { readonly literals: readonly Literal[]; readonly tag: ConstraintTag }[] = [];
  /** Each follows from what all of its tags mean together. */
  readonly linears: { readonly linear: Linear; readonly tags: readonly ConstraintTag[] }[] = [];
  /** What is taken of the disk; null when there is no limit. */
  readonly disk: Linear | null;
  /** A sum that is never more than what is taken of the disk (alternatives.ts); made when it is first needed. */
  private diskAtLeast: Linear | null = null;
  readonly memory: Linear | null;

  constructor(facts: GatewayFacts) {
    // What stays counts against what would be free if everything installed were removed (docs, "Resources").
    const total = (size: (pack: InstalledPackage) => number) =>
      facts.installed.reduce((sum, pack) => sum + size(pack), 0);
    this.disk = this.addLimit(facts.diskFree + total((pack) => pack.installedSize), [diskTag]);
    this.memory = this.addLimit(facts.memoryFree + total((pack) => pack.memory), [memoryTag]);
  }

  newLiteral(): Literal {
    return positive(this.solver.newVariable());
  }

  add(literals: readonly Literal[], tag: ConstraintTag): void {
    this.clauses.add(literals, tag);
    this.solver.addClause(literals);
  }

  addAuxiliary(literals: readonly Literal[]): void {
    this.add(literals, auxiliaryTag);
  }

  /** At most one of the literals is true. */
  addOneVersion(name: string, literals: readonly Literal[]): void {
    this.exclusives.push({ literals, tag: { type: 'one-version', name } });
    this.solver.addExclusive(literals);
  }

  addDisk(literal: Literal, bytes: number): void {
    if (this.disk !== null) this.solver.addTerm(this.disk, literal, bytes);
  }

  get limitsDisk(): boolean {
    return this.disk !== null;
  }

  /** Whether it matters how much there is. */
  get limitsRoom(): boolean {
    return this.disk !== null || this.memory !== null;
  }

  addDiskAtLeast(literal: Literal, bytes: number): void {
    if (this.disk === null) return;
    this.diskAtLeast ??= this.addLimit(this.disk.bound, [diskTag]);
    if (this.diskAtLeast !== null) this.solver.addTerm(this.diskAtLeast, literal, bytes);
  }

  addMemory(literal: Literal, bytes: number): void {
    if (this.memory !== null) this.solver.addTerm(this.memory, literal, bytes);
  }

  /** A sum over disk and memory together that follows from the two limits. */
  addJointLimit(bound: number): Linear {
    return this.addBound(bound, [diskTag, memoryTag]);
  }

  addTerm(linear: Linear, literal: Literal, weight: number): void {
    this.solver.addTerm(linear, literal, weight);
  }

  private addLimit(bound: number, tags: readonly ConstraintTag[]): Linear | null {
    return bound === Infinity ? null : this.addBound(bound, tags);
  }

  private addBound(bound: number, tags: readonly ConstraintTag[]): Linear {
    const linear = this.solver.addLinear(bound);
    this.linears.push({ linear, tags });
    return linear;
  }
}
