import { taskTable } from '@agon/contracts';
import { type CardInput, type CardKind, hasOnnxForm } from './card-kind.ts';
import { languageUsage } from './language-usage.ts';
import { licenceFields } from './licence.ts';
import { code, plain } from './markdown-table.ts';
import { classesOf } from './onnx-card.ts';

/** The card of an adapter or of the weights of a language model or encoder. */
export const languageCard: CardKind = {
  dataKind: 'text',
  metadata(input) {
    const { job, format, base } = input;
    const adapter = format === 'peft-lora';
    const basis = base && { base_model: base.name, base_model_relation: adapter ? 'adapter' : 'finetune' };
    return {
      ...licenceFields(base),
      library_name: adapter ? 'peft' : 'transformers',
      pipeline_tag: job.task === 'text-classification' ? 'text-classification' : 'text-generation',
      ...basis,
      tags: [
        'agon',
        'automl',
        ...(adapter ? ['lora', 'peft'] : []),
        'transformers',
        'safetensors',
        ...(hasOnnxForm(input) ? ['onnx', 'transformers.js'] : []),
        job.task,
      ],
    };
  },
  what(input) {
    const { job, format, base } = input;
    const kind = format === 'peft-lora' ? 'a LoRA adapter for' : 'a fine-tuned version of';
    const origin = base
      ? `${code(base.name)} (revision ${code(base.revision)}, ${base.facts.parameters.toLocaleString('en')} parameters)`
      : 'its base model';
    return `This model is ${kind} ${origin}. It was trained to ${taskTable[job.task].summary}${classCount(input)}.`;
  },
  data({ job }) {
    const statistics = job.dataset.notes.find(({ code: name }) => name === 'text_statistics')?.message;
    const cut = job.text ? [`Rows were cut at ${job.text.max_tokens} tokens.`] : [];
    return [
      [...(statistics ? [plain(statistics)] : []), ...cut].join(' '),
      ...(job.table?.classes ? [classesOf(job.table.classes, 'logits')] : []),
    ];
  },
  usage: languageUsage,
};

const classCount = ({ job }: CardInput): string =>
  job.table?.classes ? `, the class in ${code(job.table.target)} (${job.table.classes.length} classes)` : '';
