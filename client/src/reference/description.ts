// The server's own description of its API, as far as this page shows it.

export type Schema = {
  $ref?: string;
  type?: string | readonly string[];
  format?: string;
  description?: string;
  enum?: readonly unknown[];
  const?: unknown;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
};

export type Parameter = {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
};

type Content = Readonly<Record<string, { schema?: Schema }>>;

type Described = {
  tags?: readonly string[];
  summary?: string;
  description?: string;
  operationId?: string;
  parameters?: readonly Parameter[];
  requestBody?: { content: Content };
  responses?: Readonly<Record<string, { description?: string; content?: Content }>>;
};

export type Description = {
  paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  components: { schemas: Readonly<Record<string, Schema>> };
};

/** One operation with what it is found by. */
export type Operation = Described & { id: string; method: string; path: string; tag: string };

const methods = ["get", "post", "put", "patch", "delete"] as const;

/** Every operation in the order of the workflow: by the number in its tag, then by path. */
export function operations(description: Description): Operation[] {
  return Object.entries(description.paths)
    .flatMap(([path, item]) =>
      methods.flatMap((method) => {
        const described = item[method];
        if (!described) return [];
        const id = described.operationId ?? `${method} ${path}`;
        return [{ ...described, id, method, path, tag: described.tags?.[0] ?? "0" }];
      }),
    )
    .sort((a, b) => order(a.tag, b.tag) || order(a.path, b.path));
}

/** Steps come in their order, the ground behind them. */
function order(a: string, b: string): number {
  const [groundA, groundB] = [a.startsWith("0"), b.startsWith("0")];
  if (groundA !== groundB) return groundA ? 1 : -1;
  return a.localeCompare(b, "en", { numeric: true });
}

/** The operations that hold every one of the words, in their path, name or text. */
export function matching(all: readonly Operation[], words: string): Operation[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((one) => {
    const text = `${one.method} ${one.path} ${one.id} ${one.tag} ${one.summary ?? ""} ${one.description ?? ""}`;
    return wanted.every((word) => text.toLowerCase().includes(word));
  });
}

/** What a schema is, behind its references; `name` is that of the last one. */
export function resolved(description: Description, schema: Schema): { name?: string; schema: Schema } {
  let [name, found]: [string | undefined, Schema] = [undefined, schema];
  // No reference of ours leads through so many others.
  for (let steps = 0; steps < 20 && found.$ref; steps += 1) {
    name = found.$ref.split("/").at(-1);
    const next: Schema | undefined = name === undefined ? undefined : description.components.schemas[name];
    if (!next) break;
    found = next;
  }
  return name === undefined ? { schema: found } : { name, schema: found };
}

/** The first content of a body, whatever its media type. */
export function bodyOf(content: Content | undefined): { media: string; schema: Schema } | undefined {
  const [media, body] = Object.entries(content ?? {})[0] ?? [];
  return media && body ? { media, schema: body.schema ?? {} } : undefined;
}

/** Type and limits in a few characters. */
export function inShort(schema: Schema): string {
  const type = typeof schema.type === "string" ? schema.type : schema.type?.join(" | ");
  const limits = [
    schema.minimum !== undefined || schema.maximum !== undefined
      ? `${schema.minimum ?? "…"}–${schema.maximum ?? "…"}`
      : undefined,
    schema.maxLength !== undefined ? `≤ ${schema.maxLength}` : undefined,
  ];
  const words = [type, schema.format, ...limits].filter((word) => word !== undefined);
  if (schema.const !== undefined) words.push(JSON.stringify(schema.const));
  if (schema.enum) words.push(schema.enum.map((value) => JSON.stringify(value)).join(" | "));
  return words.join(" · ");
}
