const memoryFault = /bad_alloc|bad allocation|failed to allocate|out of memory|array buffer allocation/i;

/** onnxruntime's messages have paths and C++ places in front and may go on for pages. */
export function firstLineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split('\n')[0] ?? '';
  return line.replaceAll(/\/[^\s:]*\//g, '').slice(0, 500);
}

/** Whether a runtime's message says that memory ran out. */
export const isMemoryFault = (message: string): boolean => memoryFault.test(message);
