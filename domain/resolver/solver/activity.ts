/** Variables that took part in conflicts lately: the most active is decided first (VSIDS, kept in a binary heap). */
export class Activity {
  private readonly score: number[] = [0];
  /** Place of a variable in the heap; -1 outside. */
  private readonly place: number[] = [-1];
  private readonly heap: number[] = [];
  private increment = 1;

  addVariable(): void {
    this.score.push(0);
    this.place.push(-1);
  }

  bump(variable: number): void {
    const score = (this.score[variable] ?? 0) + this.increment;
    this.score[variable] = score;
    if (score > 1e100) this.rescale();
    const place = this.place[variable] ?? -1;
    if (place >= 0) this.rise(place);
    else this.insert(variable);
  }

  /** What was active before counts a little less. */
  decay(): void {
    this.increment /= 0.95;
  }

  /** A variable that has been active can be decided again. */
  release(variable: number): void {
    if ((this.score[variable] ?? 0) > 0 && (this.place[variable] ?? -1) < 0) this.insert(variable);
  }

  /** Takes the most active variable; 0 when none is left. */
  take(): number {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return 0;
    this.place[first] = -1;
    if (heap.length > 0) {
      heap[0] = last;
      this.place[last] = 0;
      this.sink(0);
    }
    return first;
  }

  private insert(variable: number): void {
    this.place[variable] = this.heap.length;
    this.heap.push(variable);
    this.rise(this.heap.length - 1);
  }

  private rise(from: number): void {
    const { heap, place, score } = this;
    const variable = heap[from] ?? 0;
    const own = score[variable] ?? 0;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] ?? 0;
      if ((score[above] ?? 0) >= own) break;
      heap[at] = above;
      place[above] = at;
      at = parent;
    }
    heap[at] = variable;
    place[variable] = at;
  }

  private sink(from: number): void {
    const { heap, place, score } = this;
    const variable = heap[from] ?? 0;
    const own = score[variable] ?? 0;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (score[heap[child + 1] ?? 0] ?? 0) > (score[heap[child] ?? 0] ?? 0))
        child += 1;
      const below = heap[child] ?? 0;
      if ((score[below] ?? 0) <= own) break;
      heap[at] = below;
      place[below] = at;
      at = child;
    }
    heap[at] = variable;
    place[variable] = at;
  }

  private rescale(): void {
    for (let variable = 0; variable < this.score.length; variable += 1)
      this.score[variable] = (this.score[variable] ?? 0) * 1e-100;
    this.increment *= 1e-100;
  }
}
