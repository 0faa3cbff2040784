/**
 * One record of the canonical CSV of docs/trainer-contract.md: commas, quotes only where they are needed (RFC 4180),
 * ended by LF. A lone empty cell is quoted, as a blank line is no record.
 */
export function csvRecord(cells: readonly string[]): string {
  if (cells.length === 1 && cells[0] === '') return '""\n';
  let record = csvCell(cells[0] ?? '');
  for (let index = 1; index < cells.length; index += 1) record += `,${csvCell(cells[index] ?? '')}`;
  return `${record}\n`;
}

/** A cell that begins or ends with a space is quoted too, as readers differ in what they make of it. */
const csvCell = (cell: string): string => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
