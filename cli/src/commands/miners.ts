import { addCommand, type Register } from '../command.ts';
import { answer, clientOf, type SharedOptions } from '../context.ts';
import { renderTable } from '../terminal/table.ts';

/** `agon miners`: public records of miners. */
export const registerMiners: Register = (program, context) => {
  addCommand(program, {
    usage: 'miners',
    summary: 'list miners: what they run, how their runs ended',
    examples: ['miners', 'miners --json'],
  }).action(async (options: SharedOptions) => {
    const page = await (await clientOf(context, options)).miners.list({ limit: 100 });
    const header = ['miner', 'name', 'online', 'templates', 'runs', 'scored', 'won', 'rejected', 'failed', 'expired'];
    const rows = page.data.map(({ runs, ...miner }) => [
      miner.id,
      miner.name,
      miner.online ? 'yes' : 'no',
      miner.templates.join(' '),
      runs.total,
      runs.scored,
      runs.won,
      runs.rejected,
      runs.failed,
      runs.expired,
    ]);
    answer(context, options, {
      json: page,
      text: () => (rows.length === 0 ? 'No miners yet.' : renderTable(header, rows)),
    });
  });
};
