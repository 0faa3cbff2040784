/** Text datasets for tests. */
import { jsonLines } from './sources.ts';

/** Different conversations of two turns. */
export const conversations = (count: number, from = 0): { messages: { role: string; content: string }[] }[] =>
  Array.from({ length: count }, (_, at) => ({
    messages: [
      { role: 'user', content: `What is ${at + from} and ${(at * 7) % 13}?` },
      { role: 'assistant', content: `It is ${at + from + ((at * 7) % 13)}.` },
    ],
  }));

export const chatLines = (count: number): string => jsonLines(conversations(count));

export const preferenceLines = (count: number): string =>
  jsonLines(
    Array.from({ length: count }, (_, at) => ({
      prompt: `What is ${at}?`,
      chosen: `A number, ${at}.`,
      rejected: 'No.',
    })),
  );

const subjects = ['The parcel with the green lamp', 'My order of eleven chairs', 'Your very kind letter of June'];
const ends = ['arrived two days late and was broken', 'came in time and pleases everyone here'];

/** Texts of some 70 characters of two classes. */
export const reviews = (count: number): { text: string; label: string }[] =>
  Array.from({ length: count }, (_, at) => ({
    text: `${subjects[at % 3]} (number ${at}) ${ends[at % 2]}.`,
    label: at % 2 === 0 ? 'bad' : 'good',
  }));
