/** A character for each byte, as byte-level tokenizers write them (GPT-2's table). */
function byteCharacters(): string[] {
  const isPlain = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    if (isPlain(byte)) return String.fromCodePoint(byte);
    next += 1;
    return String.fromCodePoint(next - 1);
  });
}

const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '[CLS]', '[SEP]'];

/** Ids of the special tokens; those of bytes follow, one each. */
export const specialIds = { endOfText: 0, start: 1, end: 2, cls: 3, sep: 4, firstByte: special.length };

/** Tokens of the tokenizer: every byte is one. */
export const vocabularySize = special.length + 256;

/** ChatML, as many models have it. */
export const chatMl =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** tokenizer.json and tokenizer_config.json of a tokenizer that knows no words. */
export function byteTokenizer(
  options: { chatTemplate?: string | null; wrapped?: boolean; merges?: [string, string][] } = {},
): Record<string, string> {
  const { chatTemplate = chatMl, wrapped = false, merges = [] } = options;
  const tokens = [...special, ...byteCharacters(), ...merges.map((pair) => pair.join(''))];
  const template = {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [specialIds.cls], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [specialIds.sep], tokens: ['[SEP]'] },
    },
  };
  const tokenizer = {
    version: '1.0',
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: wrapped ? template : null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
  };
  const config = {
    bos_token: '<|im_start|>',
    eos_token: { content: '<|im_end|>' },
    ...(chatTemplate === null ? {} : { chat_template: chatTemplate }),
  };
  return { 'tokenizer.json': JSON.stringify(tokenizer), 'tokenizer_config.json': JSON.stringify(config) };
}
