/**
 * The API reference as a page: the OpenAPI document for people, with everything that is in it and nothing besides. It is one
 * file without scripts, so that it can be searched, printed and kept.
 */
import { createHash } from 'node:crypto';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

interface Content {
  readonly schema?: Schema;
  readonly example?: unknown;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses?: Readonly<
    Record<string, { readonly description?: string; readonly content?: Readonly<Record<string, Content>> }>
  >;
  readonly 'x-role'?: string;
  readonly 'x-scoped'?: boolean;
}

/** What of the OpenAPI document the page shows. */
export interface ReferenceDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks: Readonly<Record<string, { readonly post: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly 'x-problems': Readonly<
    Record<
      string,
      { readonly status: number; readonly title: string; readonly actor: string; readonly advice: string }
    >
  >;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem 1rem 4rem }
section { margin-top: 2.5rem } article { margin-top: 1.75rem; border-top: 1px solid #8886; padding-top: .5rem }
code, pre { font: .875em/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { background: #8882; padding: .75rem; overflow-x: auto }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0 }
tbody tr { border-top: 1px solid #8883 } nav ul { columns: 16rem; padding-left: 1.25rem }
`;

/** What the page may load: its own style, and nothing else. */
export const referencePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
].join('; ');

/** Writes the page. */
export function referencePage(document: ReferenceDocument): string {
  const { info, tags, paths, webhooks, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags?.includes(name) === true);
    return `<section id="${anchor(name)}"><h2>${text(name)}</h2><p>${text(description)}</p>
${own.map(({ path, method, operation }) => operationHtml(`${method.toUpperCase()} ${path}`, operation)).join('\n')}</section>`;
  });
  const others = ['what webhooks are sent', 'schemas', 'problems'];
  const links = [...tags.map(({ name }) => name), ...others];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(info.title)} API reference</title><style>${style}</style></head><body>
<h1>${text(info.title)} API ${text(info.version)}</h1>
<p>${text(info.description)} The same for programs: <a href="/api/openapi.json">/api/openapi.json</a>.</p>
<nav aria-label="Contents"><ul>${links.map((name) => `<li><a href="#${anchor(name)}">${text(name)}</a></li>`).join('')}</ul></nav>
<main>
${sections.join('\n')}
<section id="${anchor('what webhooks are sent')}"><h2>What webhooks are sent</h2>
${Object.entries(webhooks)
  .map(([type, { post }]) => operationHtml(type, { ...post, operationId: `webhook-${type}` }))
  .join('\n')}</section>
<section id="${anchor('schemas')}"><h2>Schemas</h2>
${Object.entries(components.schemas).map(schemaHtml).join('\n')}</section>
${problemsHtml(document['x-problems'])}
</main></body></html>
`;
}

function operationHtml(heading: string, operation: Operation): string {
  const { operationId = '', summary = '', parameters = [], requestBody, responses = {} } = operation;
  const body = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema, example }]) => `<h4>Body, <code>${text(type)}</code></h4>${fieldsHtml(schema ?? {})}
${example === undefined ? '' : `<pre>${text(JSON.stringify(example, null, 2))}</pre>`}`,
  );
  const asked = parameters.map(({ name, in: where, required = false, description = '', schema = {} }) => [
    `<code>${text(name)}</code>${required ? '' : ' (optional)'}`,
    text(where),
    typeHtml(schema),
    text(description || (schema.description ?? '')),
  ]);
  const answers = Object.entries(responses).map(([status, { description = '', content = {} }]) => [
    `<code>${text(status)}</code>`,
    text(description),
    Object.entries(content)
      .map(([type, { schema = {} }]) => `${text(type)}: ${typeHtml(schema)}`)
      .join('<br>'),
  ]);
  return `<article id="${text(operationId)}"><h3><code>${text(heading)}</code></h3><p>${text(summary)}${roleText(operation)}</p>
${asked.length === 0 ? '' : tableHtml(['Parameter', 'In', 'Type', 'What it is'], asked)}
${body.join('\n')}
${tableHtml(['Answer', 'When', 'Body'], answers)}</article>`;
}

function roleText({ 'x-role': role, 'x-scoped': scoped = false }: Operation): string {
  if (role === undefined) return '';
  if (role === 'anybody') return ' Needs no token of people.';
  return ` Role: <strong>${text(role)}</strong>${scoped ? ', also within a scope.' : ', for the whole fleet.'}`;
}

function schemaHtml([name, schema]: [string, Schema]): string {
  return `<article id="schema-${text(name)}"><h3>${text(name)}</h3><p>${text(schema.description ?? '')}</p>
${fieldsHtml(schema)}</article>`;
}

/** Fields of an object, or what else it is. */
function fieldsHtml(schema: Schema): string {
  const { properties, required = [] } = schema;
  if (properties === undefined) return `<p>${typeHtml(schema)}</p>`;
  const rows = Object.entries(properties).map(([name, field]) => [
    `<code>${text(name)}</code>${required.includes(name) ? '' : ' (optional)'}`,
    typeHtml(field),
    text(field.description ?? ''),
  ]);
  return tableHtml(['Field', 'Type', 'What it is'], rows);
}

function typeHtml(schema: Schema): string {
  const { $ref, anyOf, items, properties, additionalProperties, type } = schema;
  if ($ref !== undefined) {
    const name = text($ref.split('/').at(-1) ?? '');
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeHtml))].join(' or ');
  if (schema.enum !== undefined)
    return schema.enum.map((one) => `<code>${text(JSON.stringify(one))}</code>`).join(' ');
  if (schema.const !== undefined) return `<code>${text(JSON.stringify(schema.const))}</code>`;
  if (items !== undefined) return `list of ${typeHtml(items)}`;
  if (properties !== undefined) {
    const fields = Object.entries(properties).map(
      ([name, field]) => `<code>${text(name)}</code>: ${typeHtml(field)}`,
    );
    return `{ ${fields.join(', ')} }`;
  }
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0)
    return `by name: ${typeHtml(additionalProperties)}`;
  return text([type ?? 'anything'].flat().join(' or '));
}

function problemsHtml(problems: ReferenceDocument['x-problems']): string {
  const rows = Object.entries(problems).map(([code, { status, title, actor, advice }]) => [
    `<code id="${text(code)}">${text(code)}</code>`,
    String(status),
    text(actor),
    `${text(title)}. ${text(advice)}`,
  ]);
  return `<section id="${anchor('problems')}"><h2>Problems</h2>
<p>Every refusal is a <a href="#schema-Problem">Problem</a> with one of these codes. They are added to, and never changed.</p>
${tableHtml(['Code', 'Status', 'Who must act', 'What it is, and what to do'], rows)}</section>`;
}

/** @param rows cells as HTML */
function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], kind: 'th' | 'td') =>
    `<tr>${row.map((cell) => `<${kind}>${cell}</${kind}>`).join('')}</tr>`;
  return `<table><thead>${cells(head, 'th')}</thead><tbody>${rows.map((row) => cells(row, 'td')).join('')}</tbody></table>`;
}

/** Of a section; operations and schemas may have the same names. */
function anchor(name: string): string {
  return `about-${text(name.replaceAll(' ', '-'))}`;
}

function text(plain: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return plain.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
}
