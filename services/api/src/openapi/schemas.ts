import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

export type JsonSchema = Record<string, unknown> & {
  properties?: Record<string, JsonSchema>;
  $defs?: Record<string, JsonSchema>;
  id?: string;
  additionalProperties?: unknown;
};
type Io = 'input' | 'output';
type Converted = { readonly schemas: readonly JsonSchema[]; readonly components: Record<string, JsonSchema> };

/** Unknown members are dropped, not refused, unless the schema is strict. */
function leaveOpen({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  if (zodSchema._zod.def.type === 'object' && !zodSchema._zod.def.catchall) delete jsonSchema.additionalProperties;
}

/** Converts all schemas in one go, so that they share their named parts. */
function convert(schemas: readonly z.ZodType[], io: Io): Converted {
  const shape = Object.fromEntries(schemas.map((schema, index) => [`at${index}`, schema]));
  const whole = z.toJSONSchema(z.object(shape), {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    override: leaveOpen as never,
  }) as JsonSchema;
  const properties = whole.properties ?? {};
  const components = whole.$defs ?? {};
  for (const component of Object.values(components)) delete component.id;
  return { schemas: schemas.map((_, index) => properties[`at${index}`] ?? {}), components };
}

const localRef = /^#\/\$defs\/(.+)$/;

/** The same schema with every reference put through `rename`. */
function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (value === null || typeof value !== 'object') return value;
  const pairs = Object.entries(value).map(([key, item]) => {
    const name = key === '$ref' && typeof item === 'string' ? localRef.exec(item)?.[1] : undefined;
    return [key, name === undefined ? renamed(item, rename) : `#/components/schemas/${rename(name)}`];
  });
  return Object.fromEntries(pairs);
}

/** Named parts that read differently as input (defaults may be left out), directly or through what they refer to. */
function differing(input: Converted['components'], output: Converted['components']): Set<string> {
  const names = Object.keys(input).filter((name) => name in output);
  const different = new Set(names.filter((name) => !isDeepStrictEqual(input[name], output[name])));
  for (let grew = true; grew; ) {
    const more = names.filter((name) => {
      const refers = [...different].some((other) => JSON.stringify(input[name]).includes(`"#/$defs/${other}"`));
      return !different.has(name) && refers;
    });
    for (const name of more) different.add(name);
    grew = more.length > 0;
  }
  return different;
}

export type SchemaBook = {
  readonly components: Readonly<Record<string, unknown>>;
  /** The schema of a body or parameter. */
  readonly input: (schema: z.ZodType) => unknown;
  /** The schema of an answer. */
  readonly output: (schema: z.ZodType) => unknown;
};

/** JSON Schema 2020-12 of every schema of the API; what has an id becomes a component. */
export function schemaBook(given: { inputs: readonly z.ZodType[]; outputs: readonly z.ZodType[] }): SchemaBook {
  const inputs = [...new Set(given.inputs)];
  const outputs = [...new Set(given.outputs)];
  const asInput = convert(inputs, 'input');
  const asOutput = convert(outputs, 'output');
  const different = differing(asInput.components, asOutput.components);
  const inputName = (name: string): string => (different.has(name) ? `${name}Input` : name);
  const outputName = (name: string): string => name;
  const components: [string, unknown][] = [
    ...Object.entries(asInput.components).map(([name, part]): [string, unknown] => [
      inputName(name),
      renamed(part, inputName),
    ]),
    ...Object.entries(asOutput.components).map(([name, part]): [string, unknown] => [name, renamed(part, outputName)]),
  ];
  const find = (all: readonly z.ZodType[], converted: Converted, schema: z.ZodType): JsonSchema =>
    converted.schemas[all.indexOf(schema)] ?? {};
  return {
    components: Object.fromEntries(components.sort(([left], [right]) => (left < right ? -1 : 1))),
    input: (schema) => renamed(find(inputs, asInput, schema), inputName),
    output: (schema) => renamed(find(outputs, asOutput, schema), outputName),
  };
}
