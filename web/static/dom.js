/**
 * Builds an element. Children are elements or text; text is only ever text, never markup.
 * @param {string} tag
 * @param {Record<string, unknown>} properties attributes; `on…` adds a listener
 * @param {...(Node | string | number | null)} children
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(
    ...children
      .filter((child) => child !== null)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
  return node;
}

/** A table with a head; rows are arrays of cells, the first of which names the row. */
export function table(caption, head, rows) {
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    element(
      'table',
      {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...head.map((name) => element('th', { scope: 'col' }, name)))),
      element('tbody', {}, ...rows.map(tableRow)),
    ),
  );
}

function tableRow([first, ...others]) {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, first),
    ...others.map((cell) => element('td', {}, cell ?? '')),
  );
}

/** Time between two instants, as people say it; until now when the second is missing. */
export function durationText(from, to) {
  const seconds = ((to === null ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1000;
  if (seconds < 90) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export function bytesText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
