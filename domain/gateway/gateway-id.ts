/** An id of a gateway: it stands in paths, logs and names of workflows as it is. */
export const gatewayIdPattern = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$';
/** Any way in which devices print one: EUI-48 and EUI-64, with colons, hyphens, dots or nothing. It only identifies. */
export const macPattern = '^[0-9A-Za-z:._-]{1,64}$';
