import { errorTable } from '@agon/contracts';
import { expect, test } from 'vitest';
import { routes } from '../routes.ts';
import { openApiDocument } from './openapi-document.ts';

type Operation = {
  operationId: string;
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { type?: string; required?: string[]; additionalProperties?: boolean }> };
};

const document = openApiDocument({ version: '1.2.3', publicUrl: null }) as unknown as Document;
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

test('every route is described once, with every status that it may answer', () => {
  expect(operations.map((operation) => operation.operationId).sort()).toEqual(
    routes.map((route) => route.operationId).sort(),
  );
  for (const route of routes) {
    const path = route.path.replace(/[:*]([a-z_]+)/g, '{$1}');
    const statuses = Object.keys(document.paths[path]?.[route.method]?.responses ?? {});
    expect(statuses).toContain(String(route.status));
    for (const code of route.errors) expect(statuses).toContain(String(errorTable[code].status));
  }
});

test('every parameter of a path is described', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const named = [...path.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]);
    for (const [method, operation] of Object.entries(methods)) {
      if (method === 'options') continue;
      const described = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(described.map((parameter) => parameter.name)).toEqual(named);
    }
  }
});

test('every reference leads to a component, and every component is referred to', () => {
  const text = JSON.stringify(document);
  const referred = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]));
  expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort());
  expect(text).not.toContain('$defs');
});

test('what may be left out in a request and is there in an answer has two components', () => {
  const { Budget, BudgetInput } = document.components.schemas;
  expect(BudgetInput?.required).toEqual(['minutes']);
  expect(Budget?.required).toEqual(['minutes', 'seats', 'wait_minutes']);
  const body = document.paths['/v1/jobs']?.post?.requestBody?.content['application/json']?.schema;
  expect(body?.$ref).toBe('#/components/schemas/CreateJob');
});

test('answers may grow: only strict requests refuse unknown members', () => {
  expect(document.components.schemas.Job?.additionalProperties).toBeUndefined();
  expect(document.components.schemas.CreateJob?.additionalProperties).toBe(false);
});
