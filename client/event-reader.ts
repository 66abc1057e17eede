/** One event of a text/event-stream. */
export interface StreamEvent {
  /** What the server takes back as Last-Event-ID; the last one that was said. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events (WHATWG HTML, 9.2.6) from text as it comes; one that is cut off is never told. */
export class EventReader {
  private rest = '';
  private id = '';
  private event = '';
  private data: string[] = [];

  /** @returns the events that a further piece completes */
  push(text: string): StreamEvent[] {
    this.rest += text;
    // A carriage return at the end may be the first half of a line's end.
    const complete = this.rest.endsWith('\r') ? this.rest.slice(0, -1) : this.rest;
    const lines = complete.split(/\r\n|\n|\r/u);
    this.rest = (lines.pop() ?? '') + this.rest.slice(complete.length);
    return lines.flatMap((line) => this.take(line));
  }

  private take(line: string): StreamEvent[] {
    if (line !== '') {
      this.takeField(line);
      return [];
    }
    const { id, event, data } = this;
    this.event = '';
    this.data = [];
    return data.length === 0 ? [] : [{ id, event: event || 'message', data: data.join('\n') }];
  }

  private takeField(line: string): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /u, '');
    if (field === 'event') this.event = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.id = value;
  }
}
