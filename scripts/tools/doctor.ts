/**
 * `npm run doctor [-- --for bot|worker|all] [--json]`: looks at everything that has to be right on this machine. One line each: what was
 * found and, where it is not fine, how to put it right. Exits with 1 when something does not work.
 */
import '../../src/steady-exit.ts';
import { ownCommand } from '../../src/config/runtime-environment.ts';
import { asText, diagnose } from './diagnose.ts';
import { environmentHere } from './environment.ts';
import { argumentsOf } from './read-arguments.ts';

async function main(): Promise<number> {
  const usage = ownCommand('doctor', '[--for bot|worker|all] [--json]');
  const { values } = argumentsOf(usage, {
    options: { for: { type: 'string', default: 'all' }, json: { type: 'boolean', default: false } },
  });
  const scope = values.for;
  if (scope !== 'bot' && scope !== 'worker' && scope !== 'all') {
    console.error(usage);
    return 1;
  }
  const findings = await diagnose(scope, environmentHere());
  console.log(values.json ? JSON.stringify(findings, null, 2) : asText(findings));
  return findings.some(({ verdict }) => verdict === 'broken') ? 1 : 0;
}

process.exit(await main());
