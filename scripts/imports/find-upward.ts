/** An edge of a graph, and how many imports it stands for. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly weight: number;
}

/** An edge against the order of the others, and the way back that closes the circle. */
export interface UpwardEdge {
  readonly from: string;
  readonly to: string;
  /** From `to` to `from`, both included. */
  readonly wayBack: readonly string[];
}

/**
 * The edges that have to go for the graph to be free of circles, as few imports as can be found: within each group of
 * nodes that reach each other, the order that leaves the least weight pointing upward.
 */
export function findUpward(edges: readonly Edge[]): UpwardEdge[] {
  const reached = new Map<string, Set<string>>();
  for (const { from } of edges) reached.set(from, new Set(paths(edges, from).keys()));
  // An edge lies on a circle exactly where its end reaches its beginning.
  const circular = edges.filter(({ from, to }) => reached.get(to)?.has(from));
  const order = orderOf(circular);
  return circular
    .filter(({ from, to }) => order.indexOf(from) >= order.indexOf(to))
    .map(({ from, to }) => ({ from, to, wayBack: wayTo(paths(edges, to), from) }));
}

/** Of every node that can be reached: the node before it on a shortest way. */
function paths(edges: readonly Edge[], start: string): Map<string, string> {
  const before = new Map<string, string>();
  let rim = [start];
  while (rim.length > 0) {
    const next: string[] = [];
    for (const edge of edges) {
      if (!rim.includes(edge.from) || before.has(edge.to)) continue;
      before.set(edge.to, edge.from);
      next.push(edge.to);
    }
    rim = next;
  }
  return before;
}

function wayTo(before: Map<string, string>, end: string): string[] {
  const way = [end];
  for (let node = before.get(end); node !== undefined; node = before.get(node)) {
    if (way.includes(node)) break;
    way.unshift(node);
  }
  return way;
}

/** Importers first. Each node is moved to where it leaves the least weight pointing upward, until no move helps. */
function orderOf(edges: readonly Edge[]): string[] {
  const out = (node: string) => weight(edges.filter(({ from }) => from === node));
  const into = (node: string) => weight(edges.filter(({ to }) => to === node));
  let order = [...new Set(edges.flatMap(({ from, to }) => [from, to]))].toSorted(
    (one, other) => out(other) - into(other) - (out(one) - into(one)) || (one < other ? -1 : 1),
  );
  let least = upwardWeight(edges, order);
  for (let improved = true; improved; ) {
    improved = false;
    for (const node of order) {
      const others = order.filter((other) => other !== node);
      for (let place = 0; place <= others.length; place++) {
        const candidate = others.toSpliced(place, 0, node);
        const cost = upwardWeight(edges, candidate);
        if (cost >= least) continue;
        [order, least, improved] = [candidate, cost, true];
      }
    }
  }
  return order;
}

function upwardWeight(edges: readonly Edge[], order: readonly string[]): number {
  const place = new Map(order.map((node, index) => [node, index]));
  return weight(edges.filter(({ from, to }) => place.get(from)! >= place.get(to)!));
}

function weight(edges: readonly Edge[]): number {
  return edges.reduce((sum, edge) => sum + edge.weight, 0);
}
