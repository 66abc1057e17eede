import type { BalancerStrategy, PlaceLabels } from './strategy.js';

/** Half the circumference of the earth: no node is farther. Nodes of which nothing is known come last, at this distance. */
const farthestKm = 20_038;
const earthRadiusKm = 6_371;

/**
 * The paper's future work (III-C 7): nodes close to their gateways. The same `site` is no distance at all; otherwise
 * it is the great circle between the coordinates, where both have them. A full node is passed over for the next.
 */
export const location: BalancerStrategy = {
  distance(gateway, { labels }) {
    const site = gateway['site'];
    if (site !== undefined && site === labels['site']) return 0;
    const from = coordinatesOf(gateway);
    if (from === null) return site === undefined ? 0 : farthestKm;
    const to = coordinatesOf(labels);
    return to === null ? farthestKm : greatCircleKm(from, to);
  },
  load: (node) => node.gateways,
};

interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

/** Null when they are missing or are none: labels are free text, and a wrong one must not stop a registration. */
function coordinatesOf(labels: PlaceLabels): Coordinates | null {
  const latitude = degrees(labels['latitude'], 90);
  const longitude = degrees(labels['longitude'], 180);
  return latitude === null || longitude === null ? null : { latitude, longitude };
}

function degrees(text: string | undefined, most: number): number | null {
  if (text === undefined || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) && Math.abs(value) <= most ? value : null;
}

/** Haversine formula. */
function greatCircleKm(from: Coordinates, to: Coordinates): number {
  const radians = (angle: number): number => (angle * Math.PI) / 180;
  const half = (angle: number): number => Math.sin(radians(angle) / 2) ** 2;
  const share =
    half(to.latitude - from.latitude) +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * half(to.longitude - from.longitude);
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(Math.min(1, share)));
}
