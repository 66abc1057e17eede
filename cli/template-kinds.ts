/** Kinds of artifacts that people begin; hardware stands in catalogs alone. */
export const templateKinds = ['application', 'library', 'tool'] as const;
export type TemplateKind = (typeof templateKinds)[number];
