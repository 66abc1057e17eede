/**
 * Strongly connected components (Tarjan), each after those that its members point to.
 * @param edges indices that a node points to
 */
export function components(size: number, edges: (node: number) => readonly number[]): number[][] {
  const index = new Array<number>(size).fill(-1);
  const low = new Array<number>(size).fill(0);
  const onStack = new Array<boolean>(size).fill(false);
  const stack: number[] = [];
  const found: number[][] = [];
  let next = 0;
  const open = (node: number) => {
    index[node] = next;
    low[node] = next;
    next += 1;
    stack.push(node);
    onStack[node] = true;
  };
  for (let start = 0; start < size; start += 1) {
    if (index[start] !== -1) continue;
    open(start);
    // An explicit stack: a chain of requirements may be longer than the call stack is deep.
    const path = [{ node: start, targets: edges(start), at: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = top.targets[top.at];
      top.at += 1;
      if (target === undefined) {
        path.pop();
        const parent = path.at(-1);
        if (parent !== undefined) {
          low[parent.node] = Math.min(low[parent.node] ?? 0, low[top.node] ?? 0);
        }
        if (low[top.node] === index[top.node]) found.push(takeComponent(stack, onStack, top.node));
      } else if (index[target] === -1) {
        open(target);
        path.push({ node: target, targets: edges(target), at: 0 });
      } else if (onStack[target] === true) {
        low[top.node] = Math.min(low[top.node] ?? 0, index[target] ?? 0);
      }
    }
  }
  return found;
}

function takeComponent(stack: number[], onStack: boolean[], root: number): number[] {
  const component: number[] = [];
  for (;;) {
    const node = stack.pop();
    if (node === undefined) return component;
    onStack[node] = false;
    component.push(node);
    if (node === root) return component;
  }
}
