import { z } from 'zod';
import { json } from '../http/exchange.ts';
import { readJson } from '../http/read-body.ts';
import type { HubRoute } from '../http/route.ts';
import { readCardData } from './card-data.ts';

const someText = z.union([z.string(), z.array(z.string())]);
const Result = z.object({
  task: z.object({ type: z.string(), name: z.string().optional() }),
  dataset: z.object({ name: z.string(), type: z.string() }).optional(),
  metrics: z.array(z.object({ type: z.string(), value: z.unknown().refine((value) => value !== undefined) })),
});

/** The hub's rules for those fields that other software reads. */
const Metadata = z.looseObject({
  license: someText.optional(),
  language: someText.optional(),
  library_name: z.string().optional(),
  pipeline_tag: z.string().optional(),
  tags: z.array(z.string()).optional(),
  datasets: someText.optional(),
  metrics: someText.optional(),
  base_model: someText.optional(),
  base_model_relation: z.enum(['adapter', 'finetune', 'merge', 'quantized']).optional(),
  'model-index': z.array(z.object({ name: z.string(), results: z.array(Result) })).optional(),
});

const Body = z.object({ content: z.string(), repoType: z.string().default('model') });

type Findings = { errors: { message: string }[]; warnings: { message: string }[] };

/** What is wrong with the metadata of a card. */
export function checkCard(content: string): Findings {
  const card = readCardData(content);
  if (!card.ok) return { errors: [{ message: card.message }], warnings: [] };
  if (card.data === undefined) return { errors: [], warnings: [{ message: 'The card has no metadata.' }] };
  const checked = Metadata.safeParse(card.data);
  const issues = checked.success ? [] : checked.error.issues;
  const errors = issues.map(({ path, message }) => ({ message: `"${path.map(String).join('.')}": ${message}` }));
  return { errors, warnings: [] };
}

export const validateYamlRoute: HubRoute = {
  method: 'POST',
  path: '/api/validate-yaml',
  async handle({ request }) {
    const findings = checkCard((await readJson(request, Body)).content);
    return json(findings, { status: findings.errors.length > 0 ? 400 : 200 });
  },
};
