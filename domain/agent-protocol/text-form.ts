/**
 * The text form of what a gateway receives, for agents that have a shell and no JSON parser. A request with
 * `Accept: text/plain` is answered with it; lines of `key TAB value`, in the order given here.
 *
 *   tasks                               registration
 *     profileWanted  true|false           gatewayId      ID
 *     then for each task:                 token          TOKEN    (only when a new one was issued)
 *     task           DELIVERY             nodeId         ID
 *     rollout        ROLLOUT              nodeAddress    URL
 *     package        ID                   protocol       NAME
 *     digest         SHA256               strategy       NAME
 *     size           BYTES                pollInterval   SECONDS
 *     installedSize  BYTES
 *     removeFirst    true|false
 *     deadline       RFC 3339
 *     lastSequence   NUMBER
 *     remove         NAME@VERSION         (any number)
 *     value          KEY TAB VALUE        (any number)
 *     startState     DIGEST               (at most one)
 *     requires       ARTIFACT TAB NAME TAB RANGE  (any number)
 *     window         FROM TAB TO          (any number; Unix seconds)
 *     gateway        ID                   (this and the next three: of a signed task)
 *     counter        NUMBER
 *     signedAt       RFC 3339
 *     expires        RFC 3339
 *     end            DELIVERY
 *     signature      KEY ID TAB HEX       (any number, after `end`)
 *     hmac           HEX                  (at most one, after `end`)
 *     then for each order:
 *     order          DELIVERY
 *     action         uninstall|start|stop|wipe|configure
 *     artifact       NAME                 (empty for wipe)
 *     also           NAME                 (any number)
 *     keepData       true|false           (at most one)
 *     deadline       RFC 3339
 *     lastSequence   NUMBER
 *     value          KEY TAB VALUE        (any number; of configure)
 *     startState     DIGEST               (at most one)
 *     window         FROM TAB TO          (any number)
 *     gateway, counter, signedAt, expires (as in a task)
 *     endOrder       DELIVERY
 *     signature, hmac                     (as in a task, after `endOrder`)
 *
 * A registration by key is answered with `key TAB KEY`, too, after the token.
 * The answer to a registration that waits for approval (202) has `gatewayId`, `state TAB pending` and
 * `retryAfter TAB SECONDS`.
 *
 * In a VALUE, backslash, tab, line feed and carriage return are written \\ \t \n \r, so `printf %b` reads it.
 * A reader ignores keys that it does not know; a task without its `end` line, or an
 * order without its `endOrder`, was cut off and is not carried out.
 *
 * What a director signs, and what the tag is of, is the line `leonore-task-1` and the lines from `task` to `end`, or from `order` to `endOrder`,
 * each with its line feed.
 */
import type {
  Order,
  OrderAction,
  PendingResponse,
  RegisterResponse,
  Signed,
  SwitchWindow,
  Task,
  TasksResponse,
} from './messages.js';

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const unescapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\t': '\t', '\\n': '\n', '\\r': '\r' };

/** True when a request's Accept header asks for the text form rather than JSON. */
export function wantsText(accept: string | undefined): boolean {
  return accept !== undefined && /(^|,)\s*text\/plain\s*(;|,|$)/i.test(accept) && !/json/i.test(accept);
}

/** Renders the answer to `GET tasks`; see the table above. */
export function renderTasksText(response: TasksResponse): string {
  const lines = [['profileWanted', String(response.profileWanted)]];
  for (const task of response.tasks) lines.push(...taskLines(task), ...signatureLines(task));
  for (const order of response.orders ?? []) lines.push(...orderLines(order), ...signatureLines(order));
  return render(lines);
}

/** What is signed of a task or an order; its own signatures are no part of it. */
export function signedText(task: Task | Order): string {
  return `leonore-task-1\n${render(task.action === 'install' ? taskLines(task) : orderLines(task))}`;
}

/**
 * What a text that was signed says: whoever holds a signature carries out this, not what came beside it.
 * @returns null when it is not one task or order, whole
 */
export function parseSignedText(text: string): Task | Order | null {
  const { tasks, orders = [] } = parseTasksText(text);
  const [found, ...others] = [...tasks, ...orders];
  return found !== undefined && others.length === 0 && signedText(found) === text ? found : null;
}

/** Renders the answer to `POST register`; see the table above. */
export function renderRegistrationText(response: RegisterResponse): string {
  return render([
    ['gatewayId', response.gatewayId],
    ...(response.token === undefined ? [] : [['token', response.token]]),
    ...(response.key === undefined ? [] : [['key', response.key]]),
    ['nodeId', response.node.id],
    ['nodeAddress', response.node.address],
    ['protocol', response.protocol],
    ['strategy', response.strategy],
    ['pollInterval', String(response.pollIntervalSeconds)],
  ]);
}

/** Renders the answer to a registration that waits for approval. */
export function renderPendingText({ gatewayId, state, retryAfterSeconds }: PendingResponse): string {
  return render([
    ['gatewayId', gatewayId],
    ['state', state],
    ['retryAfter', String(retryAfterSeconds)],
  ]);
}

/**
 * Reads what renderTasksText wrote. The counterpart for tests and for agents in other languages; a task that was
 * cut off is left out.
 */
export function parseTasksText(text: string): TasksResponse {
  const tasks: Task[] = [];
  const orders: Order[] = [];
  let profileWanted = false;
  let open: Map<string, string> | null = null;
  let lists = emptyLists();
  /** What the task or order that was read last is signed with. */
  let last: Signed | undefined;
  for (const line of text.split('\n')) {
    const cells = line.split('\t');
    const [key = '', value = '', second = ''] = cells;
    if (key === 'profileWanted') profileWanted = value === 'true';
    else if (key === 'signature' || key === 'hmac') addSignature(last, key, value, second);
    else if (key === 'task' || key === 'order') {
      open = new Map();
      lists = emptyLists();
    } else if (addToLists(lists, cells)) continue;
    else if (key === 'end' && open !== null) {
      const { remove, values, requires, switchWindows } = lists;
      const task = { ...taskOf(value, open, remove, values), ...unlessEmpty({ requires, switchWindows }) };
      last = task.signed;
      tasks.push(task);
      open = null;
    } else if (key === 'endOrder' && open !== null) {
      const { also, values, switchWindows } = lists;
      const order = { ...orderOf(value, open, values), ...unlessEmpty({ also, switchWindows }) };
      last = order.signed;
      orders.push(order);
      open = null;
    } else open?.set(key, value);
  }
  return { tasks, ...unlessEmpty({ orders }), profileWanted };
}

/** What a task or order has any number of. */
interface Lists {
  readonly remove: string[];
  readonly values: Record<string, string>;
  readonly requires: NonNullable<Task['requires']>;
  readonly also: string[];
  readonly switchWindows: SwitchWindow[];
}

function emptyLists(): Lists {
  return { remove: [], values: {}, requires: [], also: [], switchWindows: [] };
}

/** @returns false when the line is of none of the lists */
function addToLists(
  lists: Lists,
  [key = '', value = '', second = '', third = '']: readonly string[],
): boolean {
  switch (key) {
    case 'remove':
    case 'also':
      lists[key].push(value);
      return true;
    case 'value':
      lists.values[value] = unescape(second);
      return true;
    case 'window':
      lists.switchWindows.push({ fromSeconds: Number(value), toSeconds: Number(second) });
      return true;
    case 'requires':
      lists.requires.push({ artifact: value, name: second, range: third });
      return true;
    default:
      return false;
  }
}

/** Lines that follow what was signed, of whichever kind. */
function addSignature(
  to: Signed | undefined,
  kind: 'signature' | 'hmac',
  value: string,
  second: string,
): void {
  if (kind === 'hmac') Object.assign(to ?? {}, { hmac: value });
  else to?.signatures.push({ keyid: value, sig: second });
}

/** A list that is absent when there is nothing in it. */
function unlessEmpty<Lists extends Record<string, readonly unknown[]>>(lists: Lists): Partial<Lists> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as Partial<Lists>;
}

function taskLines(task: Task): string[][] {
  return [
    ['task', task.deliveryId],
    ['rollout', task.rolloutId],
    ['package', task.package.id],
    ['digest', task.package.digest],
    ['size', String(task.package.sizeBytes)],
    ['installedSize', String(task.package.installedSizeBytes)],
    ['removeFirst', String(task.removeFirst)],
    ['deadline', task.deadline],
    ['lastSequence', String(task.lastSequence)],
    ...task.remove.map((key) => ['remove', key]),
    ...valueLines(task.values),
    ...startStateLine(task),
    ...(task.requires ?? []).map(({ artifact, name, range }) => ['requires', artifact, name, range]),
    ...windowLines(task),
    ...signedLines(task),
    ['end', task.deliveryId],
  ];
}

function valueLines(values: Readonly<Record<string, string>>): string[][] {
  return Object.entries(values).map(([key, value]) => ['value', key, escape(value)]);
}

function windowLines({ switchWindows = [] }: Task | Order): string[][] {
  return switchWindows.map(({ fromSeconds, toSeconds }) => [
    'window',
    String(fromSeconds),
    String(toSeconds),
  ]);
}

function signedLines({ signed }: Task | Order): string[][] {
  if (signed === undefined) return [];
  const { gatewayId, counter, signedAt, expires } = signed;
  return [
    ['gateway', gatewayId],
    ['counter', String(counter)],
    ['signedAt', signedAt],
    ['expires', expires],
  ];
}

function signatureLines({ signed }: Task | Order): string[][] {
  const { signatures = [], hmac } = signed ?? {};
  const lines = signatures.map(({ keyid, sig }) => ['signature', keyid, sig]);
  return hmac === undefined ? lines : [...lines, ['hmac', hmac]];
}

function signedOf(facts: ReadonlyMap<string, string>): { signed?: Signed } {
  const fact = (key: string): string => facts.get(key) ?? '';
  if (!facts.has('gateway')) return {};
  return {
    signed: {
      gatewayId: fact('gateway'),
      counter: Number(fact('counter')),
      signedAt: fact('signedAt'),
      expires: fact('expires'),
      signatures: [],
    },
  };
}

function startStateLine({ startState }: { readonly startState?: string }): string[][] {
  return startState === undefined ? [] : [['startState', startState]];
}

function taskOf(
  deliveryId: string,
  facts: ReadonlyMap<string, string>,
  remove: string[],
  values: Record<string, string>,
): Task {
  const fact = (key: string): string => facts.get(key) ?? '';
  return {
    deliveryId,
    rolloutId: fact('rollout'),
    action: 'install',
    package: {
      id: fact('package'),
      digest: fact('digest'),
      sizeBytes: Number(fact('size')),
      installedSizeBytes: Number(fact('installedSize')),
    },
    remove,
    removeFirst: fact('removeFirst') === 'true',
    values,
    deadline: fact('deadline'),
    lastSequence: Number(fact('lastSequence')),
    ...(facts.has('startState') ? { startState: fact('startState') } : {}),
    ...signedOf(facts),
  };
}

function orderLines(order: Order): string[][] {
  return [
    ['order', order.deliveryId],
    ['action', order.action],
    ['artifact', order.artifact],
    ...(order.also ?? []).map((name) => ['also', name]),
    ...(order.keepData === undefined ? [] : [['keepData', String(order.keepData)]]),
    ['deadline', order.deadline],
    ['lastSequence', String(order.lastSequence)],
    ...valueLines(order.values ?? {}),
    ...startStateLine(order),
    ...windowLines(order),
    ...signedLines(order),
    ['endOrder', order.deliveryId],
  ];
}

function orderOf(
  deliveryId: string,
  facts: ReadonlyMap<string, string>,
  values: Record<string, string>,
): Order {
  const action = (facts.get('action') ?? '') as OrderAction;
  return {
    deliveryId,
    action,
    artifact: facts.get('artifact') ?? '',
    ...(facts.has('keepData') ? { keepData: facts.get('keepData') === 'true' } : {}),
    ...(action === 'configure' ? { values } : {}),
    deadline: facts.get('deadline') ?? '',
    lastSequence: Number(facts.get('lastSequence')),
    ...(facts.has('startState') ? { startState: facts.get('startState') ?? '' } : {}),
    ...signedOf(facts),
  };
}

/** Lines of cells, each with its line feed. */
export function render(lines: readonly (readonly string[])[]): string {
  return lines.map((line) => `${line.join('\t')}\n`).join('');
}

function escape(value: string): string {
  return value.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character);
}

function unescape(value: string): string {
  return value.replace(/\\[\\tnr]/g, (sequence) => unescapes[sequence] ?? sequence);
}
