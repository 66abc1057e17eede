/**
 * Local time of an IANA zone and back, by what Intl knows of it. Times of day that a change of clocks leaves out, or has twice,
 * have a rule: what does not exist is the moment of the change; of two, the first.
 */

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** A day of the calendar, as days since 1970-01-01. */
export type CalendarDay = number;

const formats = new Map<string, Intl.DateTimeFormat>();
/** Zones whose formats are kept: Intl knows about 600 names. */
const keptFormats = 700;

function formatOf(zone: string): Intl.DateTimeFormat {
  const kept = formats.get(zone);
  if (kept !== undefined) return kept;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= keptFormats) formats.clear();
  formats.set(zone, format);
  return format;
}

/** Whether it names a zone of the IANA database, such as `Europe/Berlin` or `UTC`; offsets such as `+01:00` do not. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** Local time of a zone at a moment, as the ms since 1970 that the same reading of a clock would be in UTC. */
export function localMs(zone: string, atMs: number): number {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * The moment, in ms since 1970, at which clocks of the zone show a time, given in minutes after midnight of a day. Where they
 * skip it: the moment at which they do. Where they show it twice: the first.
 */
export function momentOf(zone: string, day: CalendarDay, minuteOfDay: number): number {
  const wanted = day * dayMs + minuteOfDay * minuteMs;
  // Offsets around the day; changes of clocks are months apart, so there are one or two.
  const offsets = [wanted - dayMs, wanted + dayMs].map((atMs) => localMs(zone, atMs) - atMs);
  const shown = offsets.map((offset) => wanted - offset).filter((atMs) => localMs(zone, atMs) === wanted);
  if (shown.length > 0) return Math.min(...shown);
  return changeBetween(zone, wanted - Math.max(...offsets), wanted - Math.min(...offsets), wanted);
}

/** The moment between two at which clocks of the zone jump over a local time. */
function changeBetween(zone: string, fromMs: number, toMs: number, wanted: number): number {
  let [before, after] = [fromMs, toMs];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localMs(zone, middle) < wanted) before = middle;
    else after = middle;
  }
  return after;
}

/** Day of the calendar of a zone at a moment. */
export function dayAt(zone: string, atMs: number): CalendarDay {
  return Math.floor(localMs(zone, atMs) / dayMs);
}

/** 0 for Monday. */
export function weekdayOf(day: CalendarDay): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** `YYYY-MM-DD` as a day; null when there is none of that name. */
export function parseDay(text: string): CalendarDay | null {
  const atMs = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== text) return null;
  return atMs / dayMs;
}
