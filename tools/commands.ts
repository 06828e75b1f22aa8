/** Where a command is really run, and what in that file shows it. */
export interface CommandProof {
  readonly file: string
  readonly shows: RegExp
}

/** Every command that the README shows, by its exact words, and what runs it. */
export const commandProofs: Readonly<Record<string, CommandProof>> = {
  'npm ci': { file: '.ci/run', shows: /npm ci/ },
  'npm start': { file: '.ci/run', shows: /npm (--silent )?start/ },
  'npm test': { file: '.ci/run', shows: /npm run verify/ },
  'npm run sim -- --runs 10000': { file: '.ci/run', shows: /npm run --silent sim -- --runs 10000/ },
  'npm run sim -- --mutants': { file: '.ci/run', shows: /npm run --silent sim -- --mutants/ },
  'npm run fuzz -- --requests 10000 --events 1000': {
    file: '.ci/run',
    shows: /npm run --silent fuzz -- --requests 10000 --events 1000/,
  },
  'npm run crash -- --kills 20': { file: 'crash/crash.test.ts', shows: /'--kills', '\d/ },
  'npm run bench -- --smoke': { file: '.ci/run', shows: /npm run --silent bench -- --smoke/ },
  'npm run test:real': { file: '.ci/run', shows: /lane .* test:real/ },
  'npm run test:sqs': { file: '.ci/run', shows: /lane .* test:sqs/ },
  'npm run test:deploy': { file: '.ci/run', shows: /lane .* test:deploy/ },
  'npm run test:lambda': { file: '.ci/run', shows: /test:lambda/ },
  'npm run test:new': { file: '.ci/run', shows: /lane .* test:new/ },
  'npx millrace dev': { file: 'lib/cli/cli.test.ts', shows: /'dev[ ']/ },
  'npx millrace dev --inspect': { file: 'lib/cli/inspect.test.ts', shows: /'dev', .*'--inspect'/ },
  'npx millrace chaos --faults 20': { file: 'lib/cli/chaos.test.ts', shows: /\['chaos', [\s\S]*'--faults \d/ },
  'npx millrace broker --port 9092': { file: 'lib/cli/cli.test.ts', shows: /'broker --port \d/ },
  'npx millrace dynamodb --port 8000': { file: 'lib/cli/cli.test.ts', shows: /'dynamodb --port \d/ },
  'npx millrace produce orders --count 1000 --value \'{"orderId":"{id}","customerId":"{key}","seq":"{n}","cents":100}\'':
    {
      file: 'lib/cli/produce.test.ts',
      shows: /'--count',\s+'\d+'[\s\S]+?'--value', '\{"orderId":"\{id\}"/,
    },
  'npx millrace produce invoices --count 0 --partitions 3': {
    file: 'lib/cli/produce.test.ts',
    shows: /'invoices', '--count', '0', '--partitions', '3'/,
  },
  'npx millrace record orders --out functions/orders/events --redact value.customerId': {
    file: 'lib/cli/record.test.ts',
    shows: /\['value\.card\.number'[\s\S]+\['--redact', path\]/,
  },
  'npx millrace failures list': { file: 'tools/readme.test.ts', shows: /'failures', 'list'/ },
  'npx millrace failures show orders:2:1042 --values': {
    file: 'lib/cli/failures/list.test.ts',
    shows: /commands\.show, .*id: '[\w:]+', values: true/,
  },
  'npx millrace failures redrive --topic orders': {
    file: 'lib/cli/failures/discard.test.ts',
    shows: /millrace\(\['failures', [\s\S]*ended\('redrive'/,
  },
  'npx millrace failures discard orders:2:1042': {
    file: 'lib/cli/failures/discard.test.ts',
    shows: /ids: \['orders:0:1'\], yes: false/,
  },
  'npx millrace ledger show': { file: 'lib/cli/ledger/ledger.test.ts', shows: /commands\.show/ },
  'npx millrace ledger abandoned': { file: 'lib/cli/ledger/ledger.test.ts', shows: /commands\.abandoned/ },
  'npx millrace replay orders --from earliest --function orders': {
    file: 'lib/cli/replay/replay.test.ts',
    shows: /from: \{ at: 'earliest' \}[\s\S]*replay\(\{ function: 'greet' \}\)/,
  },
  'npx millrace new shop': { file: 'lib/cli/new/new.test.ts', shows: /run\(\['new', 'shop'\]\)/ },
  'npx millrace check': { file: 'lib/cli/check/check.test.ts', shows: /millrace\(\['check'/ },
  'npx millrace bundle': { file: 'lib/cli/bundle/bundle.test.ts', shows: /\['bundle', / },
  'npx millrace status': { file: 'lib/cli/operations/operations.test.ts', shows: /commands\.status/ },
  'npx millrace pause orders --drain': {
    file: 'lib/cli/operations/operations.test.ts',
    shows: /pause\(\{ drain: true/,
  },
  'npx millrace resume orders': { file: 'lib/cli/operations/operations.test.ts', shows: /commands\.resume/ },
  'npx millrace drain orders': { file: 'lib/cli/operations/operations.test.ts', shows: /commands\.drain/ },
  'npx serverless deploy': { file: 'infra/real/deploy/life.ts', shows: /'deploy'/ },
  'npx serverless package': { file: 'infra/local/invoke-local.test.ts', shows: /'package'/ },
  'npx serverless invoke local -f orders -p functions/orders/events/batch.json': {
    file: 'infra/local/invoke-local.test.ts',
    shows: /functions\/orders\/events\/batch\.json/,
  },
}

/** Commands that nothing here can run, and why. */
export const notRun: Readonly<Record<string, string>> = {
  'npm run mutation':
    'changes the ledger a thousand times, which is for whoever changes it, not for each check of the project',
  'npm install millrace zod @middy/core': 'needs a registry that has this package',
  'npm install --save-dev serverless@npm:osls@4 serverless-esbuild esbuild typescript @types/node':
    'needs a registry; the packages are those of this project, in its versions',
}
